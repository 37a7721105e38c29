"""What the report asks of findings that are made elsewhere: their shapes, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from pytest_schema_parity.schema.facts import Place

Row: TypeAlias = Sequence[str | None]


class RowPair(Protocol):
    """Rows that belong side by side; None where a tree has none."""

    @property
    def reference(self) -> Row | None:
        """The reference's row."""

    @property
    def candidate(self) -> Row | None:
        """The candidate's row."""

    @property
    def times(self) -> int:
        """How often the pair occurs."""


class ViewRows(Protocol):
    """The rows of one view in both trees."""

    @property
    def name(self) -> str:
        """The view."""

    @property
    def columns(self) -> Sequence[str]:
        """The columns that were compared."""

    @property
    def reference_count(self) -> int:
        """How many rows the reference has."""

    @property
    def candidate_count(self) -> int:
        """How many rows the candidate has."""

    @property
    def missing(self) -> int:
        """How many rows only the reference has."""

    @property
    def extra(self) -> int:
        """How many rows only the candidate has."""

    @property
    def differing(self) -> Sequence[RowPair]:
        """The first rows that differ, most alike beside each other."""


class RowProblem(Protocol):
    """A statement that failed while rows were loaded, refreshed or read."""

    @property
    def step(self) -> str:
        """What was done: ``seed``, ``refresh``, ``call`` or ``query``."""

    @property
    def trees(self) -> Sequence[str]:
        """The trees in which it failed."""

    @property
    def subject(self) -> str:
        """The seed file, the view or the routine."""

    @property
    def statement(self) -> str:
        """The statement's text."""

    @property
    def sqlstate(self) -> str | None:
        """The five characters of the SQLSTATE."""

    @property
    def message(self) -> str:
        """The server's message."""

    @property
    def detail(self) -> str | None:
        """The server's detail."""

    @property
    def hint(self) -> str | None:
        """The server's hint."""

    @property
    def place(self) -> Place | None:
        """Where it is in a seed file."""


class RowFindings(Protocol):
    """What the views of a candidate and of its reference gave.

    See :class:`pytest_schema_parity.behavior.findings.RowFindings`.
    """

    @property
    def reference(self) -> str:
        """The reference's name."""

    @property
    def tree(self) -> str:
        """The candidate's name."""

    @property
    def differing(self) -> Sequence[ViewRows]:
        """The views whose rows differ."""

    @property
    def problems(self) -> Sequence[RowProblem]:
        """What failed on the way."""

    @property
    def note(self) -> str | None:
        """What to know of a comparison that says less than it seems to."""
