"""The rows that an example inserts so far, and the requirements for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.statements.generated_statement import NULL, GeneratedStatement
from pytest_schema_parity.behavior.statements.model import ForeignKey, UniqueKey
from pytest_schema_parity.behavior.statements.solver import RowValues


class CannotBuildError(Exception):
    """No row that fulfils the rules of both sides was found; there may be one."""


RowsMark: TypeAlias = (
    "tuple[dict[str, int], int, dict[int, int], dict[int, list[GeneratedStatement]]]"
)


@dataclass(slots=True)
class PlannedRows:
    """The rows that the statements insert, by table, and the numbers of values in use."""

    rows: dict[str, list[RowValues]] = field(default_factory=dict)
    statements: list[GeneratedStatement] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    fresh: dict[str, list[RowValues]] | None = None
    """The new parents of the row that is being built, if it must have new ones; else None.

    At most one a table, as tables with several references would grow endlessly."""

    building: list[tuple[str, RowValues]] = field(default_factory=list)
    """The rows that are being built, each a parent of the one before it."""
    circle_start: dict[int, int] = field(default_factory=dict)
    """By the index of a row that is being built: the index of the first row in its circle."""
    along: dict[int, list[GeneratedStatement]] = field(default_factory=dict)
    """By the index of a row that is being built: the INSERTs that must be in its statement."""

    def in_a_circle(self, table: str, given: Mapping[str, str]) -> RowValues | None:
        """Find a row that is being built and may have these values; note the circle of rows."""
        for at, (name, row) in enumerate(self.building[:-1]):
            if name == table and all(row.get(c, value) == value for c, value in given.items()):
                last = len(self.building) - 1
                self.circle_start[last] = min(at, self.circle_start.get(last, at))
                return row
        return None

    def parent(self, table: str, given: Mapping[str, str], *, complete: bool) -> RowValues | None:
        """Find a row with these values to refer to: a new one if required, unless ``complete``."""
        if self.fresh is None or complete:
            return self.find(table, given)
        for row in self.fresh.get(table, ()):
            if all(row.get(column, NULL) == value for column, value in given.items()):
                return row
        return None

    def find(self, table: str, values: Mapping[str, str]) -> RowValues | None:
        """Find a row of a table that has these values; None without one."""
        for row in self.rows.get(table, ()):
            if all(row.get(column, NULL) == value for column, value in values.items()):
                return row
        return None

    def mark(self) -> RowsMark:
        """The current state, to be restored by :meth:`back`."""
        counts = {table: len(rows) for table, rows in self.rows.items()}
        along = {at: list(statements) for at, statements in self.along.items()}
        return counts, len(self.statements), dict(self.circle_start), along

    def back(self, mark: RowsMark) -> None:
        """Remove the rows added since a mark; the numbers that they used stay in use."""
        self.circle_start, self.along = mark[2], mark[3]
        if self.fresh is not None:
            self.fresh = {}
        for table, rows in self.rows.items():
            del rows[mark[0].get(table, 0) :]
        del self.statements[mark[1] :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The requirements for a row, beside being valid.

    ``fixed`` columns have these values, ``omit`` are left to their defaults, ``required`` must not
    be null.  ``skip`` is a foreign key for which no parent is built; ``repeat`` a key whose values
    may already exist.  ``choice`` selects one of several valid combinations of values.
    """

    fixed: Mapping[str, str] = field(default_factory=dict)
    omit: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    skip: ForeignKey | None = None
    repeat: UniqueKey | None = None
    choice: int = 0
    new_parents: bool = False


ANY: Final = Wish()
