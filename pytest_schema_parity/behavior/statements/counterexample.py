"""What a search is given, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from pytest_schema_parity.behavior.statements.divergences import Cause, DifferingRows
from pytest_schema_parity.behavior.statements.generated_statement import GeneratedStatement
from pytest_schema_parity.behavior.statements.outcome import StatementOutcome

Exhausted: TypeAlias = Literal["", "examples", "seconds", "counterexamples", "stuck"]


@dataclass(frozen=True, slots=True)
class DatabaseCopy:
    """A tree's name and the conninfo of a copy of its database that may be written to."""

    tree: str
    conninfo: str


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop: after so many examples, seconds or counterexamples."""

    examples: int = 20_000
    seconds: float = 60.0
    counterexamples: int = 100


ANY_BUDGET: Final = Budget()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """The smallest statements found on which the two sides differ, as their ``parts``.

    ``outcomes`` has a pair a statement, the reference's first, and one more where constraints are
    deferred; ``rows`` are the rows that differ at the end, None if outcomes differ, and ``query``
    is SQL that shows them.  ``role`` is the role for which the sides differ, and is set by the
    statements; empty for the superuser.  ``examples`` is the number of examples tried before.
    """

    subject: str
    probe: str
    parts: tuple[GeneratedStatement, ...]
    outcomes: tuple[tuple[StatementOutcome, StatementOutcome], ...]
    rows: DifferingRows | None
    cause: Cause
    examples: int
    query: str = ""
    role: str = ""
    on_candidate: tuple[str, ...] = ()
    """The statements with the candidate's names of columns; empty if these are the same."""

    @property
    def statements(self) -> tuple[str, ...]:
        """The statements as they can be pasted into psql."""
        return tuple(f"{part.sql};" for part in self.parts)


@dataclass(frozen=True, slots=True)
class Known:
    """A counterexample that an earlier search found, after a number of ``examples``."""

    subject: str
    parts: tuple[GeneratedStatement, ...]
    examples: int


@dataclass(frozen=True, slots=True)
class Entered:
    """How many of the ``tried`` rows, all meant to be valid, both sides accepted; and errors."""

    table: str
    rows: int
    tried: int
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewCompared:
    """A view whose definitions differ, and in how many examples its rows were the same."""

    view: str
    examples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was found, and how much was tried.

    ``unconfirmed`` are counterexamples that could not be reproduced.
    ``not_compared`` names the tables and views that only one side has, with the side (0, 1).
    ``roles`` were to be tried; ``missing_roles`` cannot be set on a side (0, 1); ``as_roles`` is
    the number of examples that ran as a role, ``calls`` of those that called a routine.
    ``left_out`` are tables, views and routines that were not tested, with the reasons.
    ``exhausted`` is the part of the budget that was spent before everything was tried, else empty;
    ``stuck`` are the subjects of the batch in which a statement could not be cancelled: the search
    stops there.  ``unreached`` are the tables, views and routines that were not tried then,
    ``shortened`` the tables with more directed examples than their share of the budget.
    """

    counterexamples: tuple[Counterexample, ...] = ()
    unconfirmed: tuple[Counterexample, ...] = ()
    views: tuple[ViewCompared, ...] = ()
    entered: tuple[Entered, ...] = ()
    not_compared: tuple[tuple[str, int], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    statements: int = 0
    examples: int = 0
    exhausted: Exhausted = ""
    stuck: tuple[str, ...] = ()
    unreached: tuple[str, ...] = ()
    shortened: tuple[str, ...] = ()
    missing_roles: tuple[tuple[str, int], ...] = ()
    roles: tuple[str, ...] = ()
    as_roles: int = 0
    calls: int = 0
