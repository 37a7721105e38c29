"""Every check, in the order in which they run and are shown: one line each."""

from __future__ import annotations

from typing import Final

from pytest_schema_parity.checks import allowances, applies, behavior, rows, structure
from pytest_schema_parity.checks.check import Check

CHECKS: Final[tuple[Check, ...]] = (
    applies.CHECK,
    structure.CHECK,
    rows.CHECK,
    behavior.CHECK,
    allowances.CHECK,
)


def names(*, of_reference: bool = False) -> tuple[str, ...]:
    """The names of a candidate's checks, or of the reference's."""
    chosen = [check for check in CHECKS if check.of_reference or not of_reference]
    return tuple(name for check in chosen for name in check.names)


def check_named(name: str) -> Check:
    """The check, or the family, with a check of that name; raises KeyError."""
    found = next((check for check in CHECKS if name in check.names), None)
    if found is None:
        raise KeyError(f"there is no check {name!r}; the checks are {', '.join(names())}")
    return found
