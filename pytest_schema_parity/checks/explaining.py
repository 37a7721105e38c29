"""Find the structural differences that explain a counterexample."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Final

from pytest_schema_parity.behavior.statements.causes import details
from pytest_schema_parity.behavior.statements.outcome import StatementOutcome
from pytest_schema_parity.behavior.statements.search_result import Counterexample
from pytest_schema_parity.checks.dependencies import dependencies
from pytest_schema_parity.findings.wording import value_text
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.showing import clean

MOST: Final = 5
"""How many differences are named for one counterexample."""
WRITES: Final = frozenset({"behavior", "form"})
"""The impacts of differences that can make two databases behave differently."""
VIEWS: Final = frozenset({"view", "materialized view"})
OF_TYPES: Final = "22"
"""The SQLSTATE class of errors about values that do not fit their type."""

Test = Callable[[Difference], bool]


def explaining(
    example: Counterexample,
    table: str,
    differences: Iterable[Difference],
    schemas: Sequence[Schema] = (),
) -> list[Difference]:
    """The differences that explain a counterexample whose failing statement is about ``table``.

    Those about what rejected the statement; if there are none, all those of the table; if there are
    none either, those of what its statements use in the ``schemas`` of both sides.
    """
    impacts = WRITES | {"security"} if example.role else WRITES
    found = [each for each in differences if each.impact in impacts and each.change != "renamed"]

    @cache
    def used() -> frozenset[Key]:
        return dependencies(schemas, _named(example))

    for tests in _tests(example, table, lambda difference: difference.key in used()):
        chosen = [each for each in found if any(test(each) for test in tests)]
        if chosen:
            return chosen[:MOST]
    return []


def _named(example: Counterexample) -> Iterator[str]:
    """The tables, views and routines that a counterexample is about."""
    for part in example.parts:
        yield part.table
        yield from (each.table for each in part.along)
    if example.rows is not None:
        yield example.rows.relation


def difference_text(difference: Difference) -> str:
    """``trigger public.submissions.trg_check_amplify_quota is missing``."""
    thing = f"{difference.kind} {clean(difference.name)}"
    if difference.change != "changed" or difference.attribute is None:
        return f"{thing} is {difference.change}"
    attribute = clean(difference.attribute)
    text = f"{thing} has another {attribute}"
    values = value_text(difference.expected), value_text(difference.actual)
    if "\n" in "".join(values) or max(map(len, values)) > 40:
        return text
    return f"{text}: {values[0]} / {values[1]}"


def objecting_fact(outcome: StatementOutcome, table: str, schema: Schema) -> Fact | None:
    """The constraint, index, column or trigger of a schema that rejected a statement."""
    space = table.rpartition(".")[0]
    owner = f"{space}.{_quoted(outcome.table)}" if outcome.table else table
    if outcome.is_raised:
        for fact in schema:
            of_table = fact.kind == "trigger" and fact.name.startswith(f"{table}.")
            if of_table and _is_routine(str(fact.attributes.get("function", "")), outcome.routine):
                return fact
        return next((f for f in schema if _is_function(f.kind, f.name, outcome.routine)), None)
    if outcome.constraint:
        name = _quoted(outcome.constraint)
        wanted = {("constraint", f"{owner}.{name}"), ("index", f"{space}.{name}")}
    elif outcome.column:
        wanted = {("column", f"{owner}.{_quoted(outcome.column)}")}
    else:
        return None
    return next((fact for fact in schema if fact.key in wanted), None)


def _tests(example: Counterexample, table: str, is_used: Test) -> Iterator[list[Test]]:
    """Lists of tests for differences, the most specific first."""
    if example.role:
        relation = example.rows.relation if example.rows else table
        yield [lambda d: _is_about_access(d, relation)]
        yield [lambda d: d.kind in ("function", "procedure", "policy")]
    if example.rows is not None:
        relation = example.rows.relation
        columns = {f"{relation}.{column}" for column in details(example.cause)}
        yield [lambda d: d.name == relation and d.kind in VIEWS]
        yield [
            lambda d: d.name in columns,
            lambda d: d.kind == "trigger" and d.name.startswith(f"{relation}."),
        ]
        yield [lambda d: d.kind in VIEWS and d.name.startswith(f"{relation}.")]
        yield [is_used]
        return
    errors = [each for pair in example.outcomes for each in pair if not each.accepted]
    yield [lambda d, e=error: _objected(d, e, table) for error in errors]  # type: ignore[misc]
    assigned = {
        column for part in example.parts if part.table == table for column, _ in part.values
    }
    if any(error.sqlstate.startswith(OF_TYPES) for error in errors):
        columns = {f"{table}.{column}" for column in assigned}
        yield [lambda d: d.name in columns and d.attribute == "type"]
        yield [lambda d: d.kind in ("enum", "domain") and is_used(d)]
    yield [lambda d: d.name == table or d.name.startswith(f"{table}.")]
    yield [is_used]


def _is_about_access(difference: Difference, relation: str) -> bool:
    """Whether a difference is about who may see or change the rows of a table or view."""
    kind, name = difference.kind, difference.name
    if kind == "policy":
        return name.startswith(f"{relation}.")
    if kind == "privilege":
        return f" {relation} TO " in name or f" {relation}." in name
    attribute = difference.attribute or ""
    return name == relation and ("row_level" in attribute or kind in VIEWS)


def _objected(difference: Difference, error: StatementOutcome, table: str) -> bool:
    """Whether a difference is about what rejected a statement."""
    name = difference.name
    schema = table.rpartition(".")[0]
    owner = f"{schema}.{_quoted(error.table)}" if error.table else table
    if error.constraint and not error.is_raised:
        quoted = _quoted(error.constraint)
        return name in (f"{owner}.{quoted}", f"{schema}.{quoted}")
    if error.column and not error.is_raised:
        return name == f"{owner}.{_quoted(error.column)}"
    if not error.is_raised:
        return False
    if difference.kind == "trigger":
        sides = (difference.expected, difference.actual)
        functions = [str(each.get("function", "")) for each in sides if isinstance(each, dict)]
        return any(_is_routine(each, error.routine) for each in functions)
    return _is_function(difference.kind, name, error.routine)


def _is_function(kind: str, name: str, routine: str) -> bool:
    return kind in ("function", "procedure") and _is_routine(name, routine)


def _is_routine(name: str, routine: str) -> bool:
    """Whether a function's name is that of the routine in an error's context."""
    bare = name.partition("(")[0]
    return bare == routine or bare.rpartition(".")[2] == routine.rpartition(".")[2]


def _quoted(name: str) -> str:
    """A name, quoted where SQL requires it."""
    if re.fullmatch(r"[a-z_][a-z0-9_$]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'
