"""Read a database's facts: one query for each kind, all in one round trip and one snapshot."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, Protocol

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from pytest_schema_parity.catalog.queries import OTHER, queries
from pytest_schema_parity.config.model import OLDEST
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.conninfo import Conninfo, open_connection
from pytest_schema_parity.schema.facts import UNKNOWN, Fact, Key, Origin, Place, Schema

SETTINGS: Final = (
    "SET LOCAL search_path = pg_catalog",  # so that what the server deparses is qualified
    "SET LOCAL jit = off",
    "SET LOCAL work_mem = '64MB'",
    "SET LOCAL quote_all_identifiers = off",
    "SET LOCAL IntervalStyle = postgres",
    "SET LOCAL DateStyle = ISO, YMD",
    "SET LOCAL TimeZone = UTC",
    "SET LOCAL lc_monetary = 'C'",
    "SET LOCAL bytea_output = hex",
    "SET LOCAL extra_float_digits = 1",
)
WHOLE_CLUSTER: Final = "SET LOCAL schema_parity.whole_cluster = on"
"""Also read roles that are not used in this database: the cluster has one tree only."""
KINDS_REWRITTEN_BY_OTHER_DDL: Final = frozenset({"table", "foreign table", "materialized view"})
"""Kinds whose catalog row is also written if another object is created on them."""

# Without a logging configuration, psycopg writes the errors that it raises to stderr as well.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

PRIVILEGES: Final = frozenset({"privilege", "default privilege"})
"""Kinds that GRANT and REVOKE change; their rows belong to another fact as well."""


class PlaceOf(Protocol):
    """Finds the statement that wrote a catalog row, by the row's xmin and cmin.

    With an ``attribute`` (empty: the fact as a whole), statements that change only other attributes
    do not count.
    """

    def __call__(self, xmin: int, cmin: int, /, *, attribute: str | None = None) -> Place | None:
        """The location of the statement; None if it is unknown."""


def read_schema(
    source: str | psycopg.Connection[Any],
    *,
    marks: PlaceOf | None = None,
    platform: str | None = None,
    provided: Schema | None = None,
    alone: bool | None = None,
) -> Schema:
    """The facts of a database: everything except PostgreSQL's own objects and those of extensions.

    ``source`` is a connection string, or a connection, which is left as it was; inside an open
    transaction its uncommitted changes are read.  The database is only read, in one snapshot.
    ``marks`` finds the origins of facts, in a database that contains only one tree; facts that are
    also in ``provided`` were created by the ``platform``.  If the database is ``alone`` in its
    cluster (the default with marks), all roles belong to it.  Raises ServerError.
    """
    try:
        if not isinstance(source, str):
            return _read(source, marks, platform, provided, alone)
        source = Conninfo(source)  # hides the password when locals are shown
        with _open(source) as connection:
            return _read(connection, marks, platform, provided, alone)
    except psycopg.Error as error:
        raise ServerError(f"The schema cannot be read: {error}") from error


def _open(conninfo: Conninfo) -> psycopg.Connection[Any]:
    try:
        return open_connection(conninfo)
    except ServerError as error:
        raise ServerError(f"The schema cannot be read: {error}") from error


def _read(
    connection: psycopg.Connection[Any],
    marks: PlaceOf | None,
    platform: str | None,
    provided: Schema | None,
    alone: bool | None,
) -> Schema:
    """The facts of an open connection, see :func:`read_schema`."""
    version = connection.info.server_version
    if version // 10_000 < OLDEST:
        raise ServerError(f"PostgreSQL {version // 10_000} is too old: {OLDEST} is the oldest")
    if connection.info.transaction_status == TransactionStatus.INERROR:
        raise ServerError("The schema cannot be read in an aborted transaction: roll it back first")
    alone = marks is not None if alone is None else alone
    settings = (*SETTINGS, WHOLE_CLUSTER) if alone else SETTINGS
    results = {}
    with _snapshot(connection), connection.pipeline():
        for setting in settings:
            connection.execute(setting)
        for kind, query in queries(version // 10_000, headers=marks is not None).items():
            results[kind] = connection.cursor(row_factory=tuple_row).execute(query)
    with _without_collector():
        facts = [fact for kind, result in results.items() for fact in _facts(kind, result, marks)]
        if marks is not None:
            facts = _add_columns_made_with_tables(_ignore_dependent_ddl(facts))
        if provided is not None:
            facts = [_mark_provided(fact, provided) for fact in facts]
        facts.sort(key=lambda fact: fact.key)
        return Schema(facts, version=_version_text(version), platform=platform)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Disable the garbage collector: facts form no cycles, and scanning them takes time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def _snapshot(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """A read-only transaction with one snapshot, or a savepoint in an open one; rolled back."""
    if connection.info.transaction_status != TransactionStatus.IDLE:
        with connection.transaction(force_rollback=True):
            yield
        return
    before = connection.isolation_level, connection.read_only
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    try:
        with connection.transaction(force_rollback=True):
            yield
    finally:
        connection.isolation_level, connection.read_only = before


def _facts(
    kind: str, result: psycopg.Cursor[tuple[Any, ...]], marks: PlaceOf | None
) -> Iterator[Fact]:
    """The facts of a query's rows: columns with reserved names, and one for each attribute."""
    columns = [column.name for column in result.description or ()]
    at = {name: columns.index(name) for name in columns}
    name_at, made_at, changed_at = at["name"], at["made"], at["changed"]
    kind_at = at.get("kind") if kind == OTHER else None
    parent_at = (at["parent_kind"], at["parent_name"]) if "parent_kind" in at else None
    parts_at = at.get("parts")
    fixed = {name_at, made_at, changed_at, parts_at, kind_at, *(parent_at or ())}
    attributes = [(name, place) for name, place in at.items() if place not in fixed]
    names = [name for name, _ in attributes]
    origins = None if marks is None else _Origins(kind, names, marks)
    for row in result:
        yield Fact(
            kind if kind_at is None else row[kind_at],
            row[name_at],
            {name: value for name, place in attributes if (value := row[place]) is not None},
            _parent(row, parent_at),
            UNKNOWN
            if origins is None
            else origins.of(
                row[made_at], row[changed_at], None if parts_at is None else row[parts_at]
            ),
        )


def _parent(row: Sequence[Any], at: tuple[int, int] | None) -> Key | None:
    if at is None or row[at[0]] is None:
        return None
    return (row[at[0]], row[at[1]])


class _Origins:
    """Finds the origins of the facts of a kind by the headers (``xmin:cmin``) of their rows."""

    def __init__(self, kind: str, attributes: Sequence[str], marks: PlaceOf) -> None:
        self._attributes = attributes
        self._marks = marks
        self._whole = None if kind in PRIVILEGES else ""

    def of(
        self,
        made: str | None,
        changed: Sequence[str | None] | None,
        parts: Sequence[str | None] | None,
    ) -> Origin:
        """The origin of a fact whose own rows have the headers ``changed``.

        ``parts`` alternates: names of attributes, separated by blanks, then the header of the row
        that holds them.
        """
        attributes: dict[str, Place] = {}
        place = None
        for header in sorted(map(_header, filter(None, changed or ())), reverse=True):
            place = self._marks(*header, attribute=self._whole)
            if place is not None or (by := self._marks(*header)) is None:
                break
            for attribute in self._attributes:
                if self._marks(*header, attribute=attribute) is not None:
                    attributes.setdefault(attribute, by)
        for names, text in zip((parts or ())[::2], (parts or ())[1::2], strict=True):
            if names and text and (by := self._marks(*_header(text))):
                attributes.update(dict.fromkeys(names.split(), by))
        return Origin(None if made is None else self._marks(*_header(made)), place, attributes)


def _ignore_dependent_ddl(facts: list[Fact]) -> list[Fact]:
    """Remove the last change of a table if it only created another object.

    PostgreSQL writes the row of a table also when an index, a key or a trigger is created on it, or
    when another table refers to it.  A statement that created another object is taken to have
    changed the table only in this way.  (Privileges are in the table's own row and do not count.)
    """
    made = {
        fact.origin.changed
        for fact in facts
        if fact.origin.made is None and fact.kind != "privilege"
    }
    return [
        replace(fact, origin=replace(fact.origin, changed=None))
        if fact.kind in KINDS_REWRITTEN_BY_OTHER_DDL
        and fact.origin.made
        and fact.origin.changed in made
        else fact
        for fact in facts
    ]


def _add_columns_made_with_tables(facts: list[Fact]) -> list[Fact]:
    """Set the origin of columns that CREATE TABLE created, if that is certain.

    Columns are numbered in the order of creation: if a column was last written by the statement
    that created the table, that statement created all columns before it, too.
    """
    tables = {fact.key: fact.origin.made for fact in facts if fact.origin.made}
    upto: dict[Key, int] = {}
    for fact in facts:
        if fact.rank and fact.parent in tables and fact.origin.changed == tables[fact.parent]:
            upto[fact.parent] = max(fact.rank, upto.get(fact.parent, 0))
    return [
        replace(fact, origin=replace(fact.origin, made=tables[fact.parent]))
        if fact.parent in upto and fact.rank and fact.rank <= upto[fact.parent]
        else fact
        for fact in facts
    ]


def _header(text: str) -> tuple[int, int]:
    xmin, _, cmin = text.partition(":")
    return int(xmin), int(cmin)


def _mark_provided(fact: Fact, provided: Schema) -> Fact:
    return replace(fact, provided=True) if provided.get(fact.key) == fact else fact


def _version_text(version: int) -> str:
    return f"{version // 10_000}.{version % 10_000}"
