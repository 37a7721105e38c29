"""The blocks of evidence that a finding shows: a small, closed set, which every report renders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pytest_schema_parity.schema.facts import Value

Row: TypeAlias = tuple[str | None, ...]
"""A row as the server writes it: text, None for NULL, in the order of the block's ``columns``."""


@dataclass(frozen=True, slots=True)
class Values:
    """The value of each side: an attribute's, or the attributes of a fact; None if absent."""

    expected: Value
    actual: Value


@dataclass(frozen=True, slots=True)
class Sql:
    """Two long definitions, which a report shows as a diff."""

    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class RowPair:
    """Two rows shown side by side: the reference's and the candidate's, None if that side has none.

    ``times`` is the number of such pairs.
    """

    reference: Row | None
    candidate: Row | None
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows in which two results of one query differ.

    ``missing`` rows only the reference has, ``extra`` rows only the candidate; ``pairs`` holds the
    first of them, most alike beside each other.  The counts are of all rows of each side.
    """

    columns: tuple[str, ...]
    pairs: tuple[RowPair, ...]
    reference_count: int
    candidate_count: int
    missing: int
    extra: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a statement on one side, in words: ``1 row``, or the server's message.

    ``sqlstate`` is None if no server refused it.
    """

    text: str
    sqlstate: str | None = None
    detail: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.text} ({self.sqlstate})" if self.sqlstate else self.text


@dataclass(frozen=True, slots=True)
class Script:
    """Statements in order, and the outcome of each on the reference and on the tree.

    An outcome is None on a side where the statement did not run.  ``examples`` is the number tried
    until this one was found; a ``whole`` script is shown uncut, so that it can be run.
    """

    statements: tuple[str, ...]
    outcomes: tuple[tuple[Outcome | None, Outcome | None], ...]
    examples: int = 1
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line of a file: ``before`` the column that it is about, and from it on (``after``).

    ``line`` and ``column`` count from 1.  Both texts are None if the line cannot be shown.
    """

    file: str
    line: int
    column: int
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Text:
    """Lines for people to read, as they are."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRow:
    """What a statement of an upgrade's step locks, rewrites and scans, and how long it takes.

    ``locks`` are pairs of a table or view and the lock's mode (``ACCESS EXCLUSIVE``).  They are not
    ``measured`` if a statement cannot run in a transaction.
    """

    step: str
    file: str
    line: int
    statement: str
    milliseconds: float
    locks: tuple[tuple[str, str], ...] = ()
    rewritten: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()
    measured: bool = True


@dataclass(frozen=True, slots=True)
class Locks:
    """A row for each statement of an upgrade, in order."""

    rows: tuple[LockRow, ...]


Evidence: TypeAlias = Values | Sql | Rows | Script | Excerpt | Text | Locks
