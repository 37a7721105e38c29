"""What Prisma's schema engine does besides running a tree's files: it updates its own table.

After each file it runs ``UPDATE "_prisma_migrations" …`` in the session that ran the file, without
a schema before the name.  Measured with ``@prisma/schema-engine-wasm`` 7.10.0: if that fails, the
file's objects remain, the files after it are not run, and the next run is refused (P3009).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import psycopg

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.failure import Complaint
from pytest_schema_parity.migrations.protocol import Request
from pytest_schema_parity.migrations.session import Session
from pytest_schema_parity.migrations.statement import Statement
from pytest_schema_parity.postgres.address import connect

TABLE: Final = "_prisma_migrations"

OWN_FILE_REMEDY: Final = (
    "Prisma sends a file as one query, which is one transaction: give this statement a file of its"
    " own."
)
"""The remedy for a statement that cannot run inside a transaction."""
LEFT_OPEN: Final = (
    "COMMIT is missing: the file ends inside this transaction, so it is rolled back; Prisma"
    " nevertheless reports the file as applied, and refuses the next run (P3009)"
)

_CREATE: Final = f"""CREATE TABLE "{TABLE}" (
    "id" pg_catalog.varchar(36) PRIMARY KEY NOT NULL,
    "checksum" pg_catalog.varchar(64) NOT NULL,
    "finished_at" pg_catalog.timestamptz,
    "migration_name" pg_catalog.varchar(255) NOT NULL,
    "logs" pg_catalog.text,
    "rolled_back_at" pg_catalog.timestamptz,
    "started_at" pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now(),
    "applied_steps_count" pg_catalog.int4 NOT NULL DEFAULT 0)"""
_UPDATE: Final = (
    f'UPDATE "{TABLE}" SET "applied_steps_count" = "applied_steps_count"'  # noqa: S608
    ' WHERE "id" IS NULL'
)
_FIND_TABLE: Final = f"""
    SELECT c.oid::pg_catalog.int8, n.oid::pg_catalog.int8,
        pg_catalog.quote_ident(n.nspname) || '.{TABLE}'
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = pg_catalog.to_regclass('{TABLE}')
"""  # noqa: S608
_SESSION_STATE: Final = """
    SELECT pg_catalog.current_setting('search_path'), current_user, session_user,
        EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = %s::pg_catalog.int8::pg_catalog.oid),
        COALESCE(pg_catalog.has_schema_privilege(%s::pg_catalog.int8::pg_catalog.oid, 'USAGE'),
            false)
"""
_TABLE_NAME: Final = """
    SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = %s::pg_catalog.int8::pg_catalog.oid
"""

_SETS_PATH: Final = re.compile(
    r"\bset\s+(?:session\s+|local\s+)?(?:search_path\b|schema\s*')|\bset_config\s*\(\s*'search_path'",
    re.IGNORECASE,
)
_SETS_ROLE: Final = re.compile(
    r"\bset\s+(?:session\s+|local\s+)?(?:role|session\s+authorization)\b"
    r"|\bset_config\s*\(\s*'(?:role|session_authorization)'",
    re.IGNORECASE,
)
_DROPS_OR_ALTERS: Final = re.compile(r"\b(?:drop|alter)\b", re.IGNORECASE)
_DEFINING_COMMANDS: Final = frozenset(("alter", "comment", "create"))
"""Commands whose text may contain a SET that does not change the session."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why Prisma stops after a file: the statement that caused it, and the error."""

    statement: Statement
    complaint: Complaint


class PrismaTable:
    """The table ``_prisma_migrations`` while a tree is applied, as Prisma's engine makes it.

    It is created in the first schema of the search_path.  An existing one is used as it is, and
    kept.  ``refused`` is the server's error if the table cannot be created.
    """

    def __init__(self, session: Session, maintenance: str | None) -> None:
        self._session = session
        self._maintenance = maintenance
        found = session.connection.execute(_FIND_TABLE).fetchone()
        self._is_ours = found is None
        failed = None if found else session.one_by_one([Request(_CREATE)])
        self.refused = failed and failed[1]
        found = found or session.connection.execute(_FIND_TABLE).fetchone()
        self._oid, self._schema_oid, self._name = found or (0, 0, f"public.{TABLE}")

    def stop_after(self, statements: Sequence[Statement]) -> Stop | None:
        """Update the table as Prisma does after a file of these statements; None if that works."""
        if not statements:
            return None
        if self.refused is not None:
            message = f"Prisma cannot create its table {TABLE}: {self.refused.message}"
            return Stop(statements[0], replace(self.refused, message=message))
        failed = self._session.one_by_one([Request(_UPDATE)])
        if failed is None:
            return None
        message, remedy, pattern = self._explain(failed[1])
        hint = f"{remedy} The file's changes remain, and Prisma refuses the next run (P3009)."
        message = f"Prisma stops after this file: {message}"
        complaint = Complaint(failed[1].sqlstate, message, hint=hint.strip())
        return Stop(_causing_statement(statements, pattern), complaint)

    def _explain(self, complaint: Complaint) -> tuple[str, str, re.Pattern[str]]:
        """What is wrong, the remedy, and a pattern of the statements that may have caused it."""
        row = self._session.connection.execute(
            _SESSION_STATE, (self._oid, self._schema_oid)
        ).fetchone()
        path, role, user, exists, may_use = row or ("", "", "", True, True)
        is_unknown = complaint.sqlstate == "42P01"
        if is_unknown and not exists:
            remedy = "Do not drop the table or its schema."
            return f"its table {self._name} is gone (P1014)", remedy, _DROPS_OR_ALTERS
        if role != user and (complaint.sqlstate == "42501" or (is_unknown and not may_use)):
            code = " (P1014)" if is_unknown else ""
            message = f"permission denied for table {TABLE}{code}, because the role is {role}"
            return message, "End the file with RESET ROLE;", _SETS_ROLE
        if is_unknown:
            message = f'its table {self._name} is not found in the search_path "{path}" (P1014)'
            return message, "End the file with RESET search_path;", _SETS_PATH
        return complaint.message, "", _SETS_ROLE

    def remove(self) -> None:
        """Drop the table, unless objects of the tree depend on it.  Raises ServerError."""
        if not self._is_ours or self.refused is not None:
            return
        try:
            self._drop(self._session.connection)
        except psycopg.Error as error:
            if isinstance(error, psycopg.errors.DependentObjectsStillExist):
                return
            try:
                with connect(self._maintenance or self._session.conninfo) as connection:
                    self._drop(connection)
            except psycopg.errors.DependentObjectsStillExist:
                return
            except psycopg.Error as again:
                raise ServerError(f"cannot remove {self._name}: {again}") from error

    def _drop(self, connection: psycopg.Connection) -> None:
        row = connection.execute(_TABLE_NAME, (self._oid,)).fetchone()  # a file may have moved it
        if row is None:
            return
        # A tree's own event triggers must not fire; only a superuser can turn them off.
        with suppress(psycopg.Error):
            connection.execute("SET session_replication_role = replica")
        connection.execute(f"DROP TABLE {row[0]}".encode())


def _causing_statement(statements: Sequence[Statement], pattern: re.Pattern[str]) -> Statement:
    """The last statement that matches a pattern (outside of definitions), else the last one."""
    skipped = frozenset[str]() if pattern is _DROPS_OR_ALTERS else _DEFINING_COMMANDS
    return next(
        (
            one
            for one in reversed(statements)
            if pattern.search(one.text) and skipped.isdisjoint(one.words[:1])
        ),
        statements[-1],
    )
