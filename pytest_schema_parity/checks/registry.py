"""Every check, in the order in which they run and are shown: one line each."""

from __future__ import annotations

from typing import Final

from pytest_schema_parity.checks import (
    allowances,
    applies,
    behavior,
    rehearsal,
    rows,
    structure,
)
from pytest_schema_parity.checks.check import Check, Role

CHECKS: Final[tuple[Check, ...]] = (
    applies.CHECK,
    structure.CHECK,
    rows.CHECK,
    behavior.CHECK,
    *rehearsal.CHECKS,
    allowances.CHECK,
)


def names(role: Role = "candidate") -> tuple[str, ...]:
    """The names of the checks for a role."""
    return tuple(name for check in CHECKS if role in check.roles for name in check.names)


def every_name() -> tuple[str, ...]:
    """The names of all checks, in the order in which they are shown."""
    return tuple(name for check in CHECKS for name in check.names)


def check_named(name: str) -> Check:
    """The check, or the family, with a check of that name; raises KeyError."""
    found = next((check for check in CHECKS if name in check.names), None)
    if found is None:
        raise KeyError(f"there is no check {name!r}; the checks are {', '.join(every_name())}")
    return found
