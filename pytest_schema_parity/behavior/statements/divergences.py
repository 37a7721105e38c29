"""Find where two results differ, and the cause: one counterexample is shown for each cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from pytest_schema_parity.behavior.statements.example import Example, Read, ResultPair, RowsAsText
from pytest_schema_parity.behavior.statements.random_values import random_columns
from pytest_schema_parity.behavior.statements.read_sql import NUMBER, columns_of
from pytest_schema_parity.behavior.statements.runner import Runner

Cause: TypeAlias = tuple[str, ...]
"""What distinguishes a divergence from others; the first item is its kind."""
DivergenceKind: TypeAlias = Literal["verdict", "count", "error", "result", "rows"]
ROLE_PREFIX: Final = "as "
"""The prefix of the role in the cause of a divergence that only a role has."""
VERBS: Final = {"delete": "delete", "truncate": "delete"}
"""The verb, by kind of statement, in the causes of outcomes; else ``write``."""
CONSTRAINT_CLASS: Final = "23"
"""The SQLSTATE class of constraints: which of several fails first depends on their order."""
NO_SUCH_KEY: Final = "42P10"
"""The SQLSTATE if ON CONFLICT names columns without a key."""


@dataclass(frozen=True, slots=True)
class DifferingRows:
    """The rows of a table or view that only one side has.

    ``counts`` are the numbers of all rows of each side; ``errors`` the SQLSTATE and the message of
    each side that cannot read the view.
    """

    relation: str
    columns: tuple[str, ...]
    reference: RowsAsText
    candidate: RowsAsText
    counts: tuple[int, int] = (0, 0)
    errors: tuple[tuple[str, str], tuple[str, str]] = (("", ""), ("", ""))


@dataclass(frozen=True, slots=True)
class Divergence:
    """What differs in two results: the outcome of a statement, or the ``rows`` at the end."""

    kind: DivergenceKind
    cause: Cause
    position: int | None = None
    rows: DifferingRows | None = None


def outcome_divergence(example: Example, pair: ResultPair, *, errors: bool) -> Divergence | None:
    """The first statement whose outcomes differ.

    Which of several errors a server reports depends on the order of its rules: errors are compared
    only with ``errors``, which is for rows that break one rule.
    """
    for position, (one, other) in enumerate(zip(pair[0].outcomes, pair[1].outcomes, strict=False)):
        at = min(position, len(example.statements) - 1)
        statement = example.statements[at]
        verb = VERBS.get(statement.kind, "write")
        if example.role and statement.kind == "update":
            verb = "update"  # policies and privileges are of one command
        if NO_SUCH_KEY in (one.sqlstate, other.sqlstate):
            return None
        if one.accepted != other.accepted:
            side, error = ("candidate", other) if one.accepted else ("reference", one)
            table = error.table or statement.table
            cause = ("verdict", side, table, verb, error.sqlstate, error.rejected_by)
            return Divergence("verdict", as_role(cause, example), position)
        if one.accepted and (one.result or other.result):
            if (one.rows, one.result) != (other.rows, other.result):
                result = as_role(("result", statement.table), example)
                return Divergence("result", result, position)
            continue
        if one.accepted and one.rows != other.rows:
            counted = ("count", statement.table, statement.kind)
            return Divergence("count", as_role(counted, example), position)
        last = position == len(example.statements) - 1
        if statement.kind == "call":
            errors = not one.sqlstate.startswith(CONSTRAINT_CLASS)
        if errors and last and not one.accepted and one.sqlstate != other.sqlstate:
            states = one.sqlstate, one.rejected_by, other.sqlstate, other.rejected_by
            named = ("error", statement.table, verb, *states)
            return Divergence("error", as_role(named, example), position)
    return None


def differing_relations(example: Example, pair: ResultPair) -> list[str]:
    """The relations whose counts or hashes of rows differ, tables before views."""
    contents = zip(example.reads, pair[0].contents, pair[1].contents, strict=False)
    return [relation for relation, one, other in contents if one != other]


def row_divergences(
    runner: Runner, examples: Sequence[Example], relation: str, known: Container[Cause] = ()
) -> list[Divergence | None]:
    """How the rows of a relation differ at the end of each example, except in random values.

    To find these, each differing example runs twice on both sides, unless its cause is ``known``.
    """
    if not examples:
        return []
    names = tuple(name for name, *_ in columns_of(runner.model, relation))
    types = tuple(kind for _, kind, _ in columns_of(runner.model, relation))
    is_view = relation in runner.model.views

    def divergence(first: tuple[Read, Read], second: tuple[Read, Read]) -> Divergence | None:
        if any(read.sqlstate for read in (*first, *second)):
            return _error_divergence(relation, names, first, second)
        one, other = ((run[0].rows, run[1].rows) for run in (first, second))
        return _row_divergence(relation, names, types if is_view else (), one, other, apart)

    apart = runner.sides.apart != 0
    first = runner.rows(examples, relation)
    found = [divergence(rows, rows) for rows in first]
    again = [
        at
        for at, each in enumerate(found)
        if each is not None and as_role(each.cause, examples[at]) not in known
    ]
    second = runner.rows([examples[at] for at in again], relation)
    for at, rows in zip(again, second, strict=True):
        found[at] = divergence(first[at], rows)
    return [
        replace(each, cause=as_role(each.cause, example)) if each else None
        for each, example in zip(found, examples, strict=True)
    ]


def as_role(cause: Cause, example: Example) -> Cause:
    """A cause with the role that it concerns, which comes last."""
    return (*cause, f"{ROLE_PREFIX}{example.role}") if example.role else cause


def details(cause: Cause) -> Cause:
    """The columns in the cause of differing rows, or the SQLSTATEs of both sides."""
    return tuple(each for each in cause[3:] if not each.startswith(ROLE_PREFIX))


def _error_divergence(
    relation: str, names: tuple[str, ...], first: tuple[Read, Read], second: tuple[Read, Read]
) -> Divergence | None:
    """A view that one side cannot read, or both with different errors; None if errors vary."""
    states = first[0].sqlstate, first[1].sqlstate
    if states[0] == states[1] or states != (second[0].sqlstate, second[1].sqlstate):
        return None
    rows = DifferingRows(
        relation,
        names,
        first[0].rows,
        first[1].rows,
        (len(first[0].rows), len(first[1].rows)),
        ((states[0], first[0].message), (states[1], first[1].message)),
    )
    return Divergence("rows", ("rows", relation, "fails", *states), rows=rows)


def _row_divergence(
    relation: str,
    names: tuple[str, ...],
    types: tuple[str, ...],
    first: tuple[RowsAsText, RowsAsText],
    second: tuple[RowsAsText, RowsAsText],
    apart: bool,
) -> Divergence | None:
    """Compare two runs of both sides; ``types`` are given for a view, to find signs of numbers."""
    counts = [[len(rows) for rows in run] for run in (first, second)]
    if all(counts[0][side] != counts[1][side] for side in (0, 1)):
        return None
    chance = random_columns(first, second, len(names), apart)
    one, other = (Counter(_masked(rows, chance)) for rows in first)
    missing, extra = one - other, other - one
    if not missing and not extra:
        return None
    count = missing.total() - extra.total()
    change = "as many" if count == 0 else "fewer" if count > 0 else "more"
    if change == "as many":
        columns = _differing_columns(names, missing, extra)
    else:
        columns = _signs(names, types, missing if change == "fewer" else extra)
    rows = DifferingRows(
        relation,
        names,
        tuple(missing.elements()),
        tuple(extra.elements()),
        (len(first[0]), len(first[1])),
    )
    return Divergence("rows", ("rows", relation, change, *columns), rows=rows)


def _signs(
    names: tuple[str, ...], types: tuple[str, ...], rows: Counter[tuple[str | None, ...]]
) -> list[str]:
    """The columns that are zero, or negative, in all rows: a condition may exclude these."""
    found: list[set[str]] = [
        {
            f"{name} {'= 0' if float(value) == 0 else '< 0'}"
            for name, kind, value in zip(names, types, row, strict=False)
            if value is not None and NUMBER.match(kind) and float(value) <= 0
        }
        for row in rows
    ]
    return sorted(set.intersection(*found))


def _masked(rows: RowsAsText, chance: frozenset[int]) -> list[tuple[str | None, ...]]:
    """The rows with random values replaced by a placeholder; NULL stays NULL."""
    return [
        tuple("…" if at in chance and value is not None else value for at, value in enumerate(row))
        for row in rows
    ]


def _differing_columns(
    names: tuple[str, ...],
    missing: Counter[tuple[str | None, ...]],
    extra: Counter[tuple[str | None, ...]],
) -> list[str]:
    """The columns whose values differ between the sides, else all columns."""
    found = [
        name
        for at, name in enumerate(names)
        if Counter(row[at] for row in missing.elements())
        != Counter(row[at] for row in extra.elements())
    ]
    return found or list(names)
