"""Origins from tuple headers: which statement made a catalog row, or last changed it.

Before each statement a marker row is written.  A catalog row's ``xmin`` then identifies the
transaction that wrote it, and its ``cmin`` the last marker before the statement.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.changed_attributes import attributes_changed
from pytest_schema_parity.migrations.protocol import Request
from pytest_schema_parity.migrations.session import Session
from pytest_schema_parity.migrations.statement import Statement
from pytest_schema_parity.postgres.address import connect
from pytest_schema_parity.schema.facts import Place

SCRATCH: Final = "schema_parity_marks"
"""The schema that holds the markers while a tree is applied."""

_CREATE: Final = (
    f"CREATE SCHEMA {SCRATCH}",
    f"CREATE TABLE {SCRATCH}.marks (file pg_catalog.int4 NOT NULL, line pg_catalog.int4,"
    " transaction pg_catalog.xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id())",
    f"GRANT USAGE ON SCHEMA {SCRATCH} TO PUBLIC",
    f"GRANT INSERT ON {SCRATCH}.marks TO PUBLIC",
)
_MARK: Final = f"INSERT INTO {SCRATCH}.marks (file, line) VALUES ($1, $2)"  # noqa: S608
_MARK_UNMARKED: Final = f"INSERT INTO {SCRATCH}.marks (file) VALUES ($1)"  # noqa: S608
_READ_MARKS: Final = f"""
    SELECT (transaction::text::numeric % 4294967296)::bigint, cmin::text::bigint,
        file::integer, line::integer
    FROM {SCRATCH}.marks ORDER BY 1, 2
"""  # noqa: S608

_CREATING_NOTHING: Final = frozenset(
    ("abort", "begin", "commit", "end", "release", "reset", "rollback", "savepoint", "set", "show")
)
_CREATING_NOTHING_PAIRS: Final = frozenset((("start", "transaction"), ("prepare", "transaction")))


class Marks:
    """The markers of an applied tree, as ``(transaction, command, place)``.

    ``transaction`` is the top transaction's id: those of its subtransactions, and of statements
    outside of one, come after it and before the next marker's.  A place of None is that of
    statements that could not be marked.  ``narrow`` maps the places of statements that change only
    some attributes of the rows that they write to these attributes.
    """

    def __init__(
        self,
        marks: Iterable[tuple[int, int, Place | None]] = (),
        *,
        narrow: Mapping[Place, Collection[str]] = MappingProxyType({}),
    ) -> None:
        self._narrow = dict(narrow)  # which can be pickled, as Marks are
        self._transactions: list[int] = []
        self._commands: list[list[int]] = []
        self._places: list[list[Place | None]] = []
        for transaction, command, place in sorted(marks, key=lambda mark: mark[:2]):
            if not self._transactions or self._transactions[-1] != transaction:
                self._transactions.append(transaction)
                self._commands.append([])
                self._places.append([])
            self._commands[-1].append(command)
            self._places[-1].append(place)

    def __len__(self) -> int:
        return sum(len(commands) for commands in self._commands)

    def place(self, xmin: int, cmin: int, /, *, attribute: str | None = None) -> Place | None:
        """The statement that wrote a row with this header; None if no file's statement did.

        With an ``attribute`` (empty: the fact as a whole), None too if it only changes others.
        A row that a rolled-back statement had changed (its ``xmax`` is not 0) has lost its
        ``cmin``: pass -1 instead; its statement is then unknown.
        """
        group = bisect_right(self._transactions, xmin) - 1
        if group < 0:
            return None
        mark = bisect_right(self._commands[group], cmin) - 1
        place = self._places[group][mark] if mark >= 0 else None
        if place is None or attribute is None or place not in self._narrow:
            return place
        return place if attribute in self._narrow[place] else None


class Marker:
    """Writes the markers of a tree whose files are ``names``, by number.

    ``maintenance`` is a superuser's conninfo, for a tree whose own sessions cannot remove them.
    A superuser does not read the markers of a tree that is not ``trusted``: the tree may have
    replaced the table.
    """

    def __init__(
        self,
        session: Session,
        names: Sequence[str],
        maintenance: str | None = None,
        *,
        trusted: bool = True,
    ) -> None:
        self._session = session
        self._names = names
        self._maintenance = maintenance
        self._trusted = trusted
        self._created = session.pipeline([Request(text) for text in _CREATE]) is None
        self._reliable = self._created
        self._narrow: dict[Place, frozenset[str] | None] = {}

    def before(self, file: int, statement: Statement) -> Request | None:
        """The INSERT of a marker before a statement; None if it is useless or not allowed."""
        words = statement.words
        if (words and words[0] in _CREATING_NOTHING) or words[:2] in _CREATING_NOTHING_PAIRS:
            return None
        place = Place(self._names[file], statement.line)
        self._note(place, attributes_changed(statement))
        return Request(_MARK, (str(file), str(statement.line))) if self._reliable else None

    def _note(self, place: Place, narrow: frozenset[str] | None) -> None:
        """Record which attributes a statement, or another one on its line, changes."""
        before = self._narrow.get(place, frozenset())
        self._narrow[place] = None if before is None or narrow is None else before | narrow

    def leave_unmarked(self, file: int) -> None:
        """Record that the next file, in a new session, has no markers."""
        if self._reliable:
            self._reliable = self._session.pipeline([Request(_MARK_UNMARKED, (str(file),))]) is None

    def collect(self) -> Marks:
        """Read the markers and remove every trace of them."""
        if not self._created:
            return Marks()
        try:
            rows = self._read_and_remove(self._session.connection)
        except psycopg.Error as error:
            rows = self._collect_after_failure(error)
        marks = (
            (transaction, command, None if line is None else Place(self._names[file], line))
            for transaction, command, file, line in rows
            if file in range(len(self._names))  # a tree may have written some itself
        )
        narrow = {place: names for place, names in self._narrow.items() if names is not None}
        return Marks(marks, narrow=narrow)

    def _read_and_remove(self, connection: psycopg.Connection) -> list[TupleRow]:
        rows = connection.execute(_READ_MARKS).fetchall() if self._reliable else []
        _remove(connection)
        return rows

    def _collect_after_failure(self, error: psycopg.Error) -> list[TupleRow]:
        """Read the markers over another connection, if allowed, and remove them in any case.

        A tree may have dropped them, or made its own sessions read-only."""
        if self._maintenance is not None and self._trusted:
            with connect(self._maintenance) as connection, suppress(psycopg.Error):
                return self._read_and_remove(connection)
        try:
            with connect(self._maintenance or self._session.conninfo) as connection:
                _remove(connection)
        except psycopg.Error as again:
            raise ServerError(f"cannot remove schema {SCRATCH}: {again}") from error
        return []


def _remove(connection: psycopg.Connection) -> None:
    # A tree's own event triggers must not fire; only a superuser can turn them off.
    with suppress(psycopg.Error):
        connection.execute("SET session_replication_role = replica")
    connection.execute(f"DROP SCHEMA IF EXISTS {SCRATCH} CASCADE")
