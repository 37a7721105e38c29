"""Decide whether a difference found as a role also occurs as the superuser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.statements.divergences import (
    ROLE_PREFIX,
    Cause,
    Divergence,
    DivergenceKind,
    details,
    outcome_divergence,
    row_divergences,
)
from pytest_schema_parity.behavior.statements.example import Example, ResultPair
from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.behavior.statements.model import Model
from pytest_schema_parity.behavior.statements.policy_values import policy_texts
from pytest_schema_parity.behavior.statements.role_statements import before_role, without_role
from pytest_schema_parity.behavior.statements.row_divergences import first_with_same_divergence
from pytest_schema_parity.behavior.statements.runner import Runner

RowsOfOneSide: TypeAlias = Counter[tuple[str | None, ...]]
"""The rows that only one side has, with their counts."""
PLACEHOLDER: Final = "…"
"""It replaces random values in rows that differ."""


def differs_for_superuser(runner: Runner, example: Example, divergence: Divergence) -> bool:
    """Whether the superuser has the same difference as the role of an example.

    Of outcomes: whether that of the superuser has the same cause.  Of rows: whether all rows that
    differ for the role also differ for the superuser, who runs the same statements or only those
    before SET ROLE.
    """
    if not example.role:
        return False
    if not example.acts_as_role:
        return True
    plain = replace(example, statements=without_role(example.statements))
    if divergence.kind != "rows":
        return _same_outcome(runner, plain, divergence)
    variants = [plain]
    if not example.reads_as_role:
        variants.append(replace(example, statements=before_role(example.statements)))
    others = row_divergences(runner, variants, divergence.cause[1])
    return any(
        each is not None and _includes_rows(runner.model, each, divergence) for each in others
    )


def first_of_role(
    runner: Runner,
    divergence: Divergence,
    examples: Sequence[Example],
    pairs: Sequence[ResultPair],
    known: Container[Cause] = (),
) -> int | None:
    """The index of the first example with the same divergence for its role only, or None."""
    start = 0
    while True:
        at = first_with_same_divergence(runner, divergence, examples[start:], pairs[start:], known)
        if at is None:
            return None
        if not differs_for_superuser(runner, examples[start + at], divergence):
            return start + at
        start += at + 1


def _same_outcome(runner: Runner, plain: Example, divergence: Divergence) -> bool:
    (pair,) = runner.results([plain])
    kind: DivergenceKind = divergence.kind
    other = outcome_divergence(plain, pair, errors=kind == "error")
    return other is not None and _of_any_command(other.cause) == _of_any_command(divergence.cause)


def _of_any_command(cause: Cause) -> Cause:
    """A cause without its role, and with ``write`` for the command UPDATE of a role."""
    parts = (each for each in cause if not each.startswith(ROLE_PREFIX))
    return tuple("write" if each == "update" else each for each in parts)


def _includes_rows(model: Model, plain: Divergence, divergence: Divergence) -> bool:
    """Whether the superuser's differing rows include those of a role."""
    if plain.cause[2] == "fails":
        return divergence.cause[2] != "fails" or details(plain.cause) == details(divergence.cause)
    if divergence.cause[2] == "fails" or plain.rows is None or divergence.rows is None:
        return False
    names = divergence.rows.columns
    both = (divergence.rows.reference, divergence.rows.candidate)
    both_plain = (plain.rows.reference, plain.rows.candidate)
    chance = {
        at for row in chain(*both, *both_plain) for at, v in enumerate(row) if v == PLACEHOLDER
    }
    columns = _columns_without_policies(model, plain) | {names[at] for at in chance}
    at = [place for place, name in enumerate(names) if name in columns]
    missing, extra = _rows_of_one_side(both, at)
    gone, added = _rows_of_one_side(both_plain, at)
    return missing <= gone and extra <= added


def _columns_without_policies(model: Model, plain: Divergence) -> set[str]:
    """The differing columns, if no policy mentions any of them."""
    if plain.cause[2] != "as many":
        return set()
    columns = set(details(plain.cause))
    texts = policy_texts(model, plain.cause[1])
    if any(mentions(text, column) for text in texts for column in columns):
        return set()
    return columns


def _rows_of_one_side(
    sides: Sequence[Collection[tuple[str | None, ...]]], masked: Sequence[int]
) -> tuple[RowsOfOneSide, RowsOfOneSide]:
    """The rows that only one side has, for each side; ``masked`` columns are not compared."""
    one, other = (
        Counter(
            tuple(PLACEHOLDER if at in masked else value for at, value in enumerate(row))
            for row in rows
        )
        for rows in sides
    )
    return one - other, other - one
