"""Empty tables before the examples run, and remove the dead rows of rolled-back examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg import sql

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.cancelling import CannotCancelError, execute_within

PATIENCE: Final = 10.0
"""Seconds that one statement that empties a table may take: its triggers may fire."""
AS_REPLICA: Final = "SET LOCAL session_replication_role = replica"
NOT_AS_REPLICA: Final = "RESET session_replication_role"


@dataclass(slots=True)
class Emptied:
    """The result of emptying tables: those ``kept``, with the reason, and those ``truncated``.

    ``truncated`` is empty if triggers could not be disabled.
    """

    kept: dict[str, str] = field(default_factory=dict)
    truncated: list[str] = field(default_factory=list)


def empty(
    connection: psycopg.Connection, tables: Sequence[str], untested: Sequence[str] = ()
) -> Emptied:
    """Empty tables, with triggers disabled if allowed; what takes too long is cancelled.

    The ``untested`` ones are emptied only if triggers can be disabled, as these may have effects
    that a rollback does not undo.  Raises ServerError if a statement cannot be cancelled.
    """

    def attempt(statement: str) -> str:
        """Run a statement in a savepoint; returns the error, if any, after rolling back to it."""
        connection.execute("SAVEPOINT emptying")
        why = ""
        try:
            execute_within(connection, statement, PATIENCE)
        except CannotCancelError as error:
            raise ServerError(f"A table cannot be emptied: {error}") from error
        except psycopg.Error as error:
            connection.execute("ROLLBACK TO SAVEPOINT emptying")
            why = str(error).partition("\n")[0]
        connection.execute("RELEASE SAVEPOINT emptying")
        return why

    found = Emptied()
    if not tables:
        return found
    is_replica = not attempt(AS_REPLICA)
    for name in untested if is_replica else ():
        attempt(f"TRUNCATE {name} CASCADE")
    if not attempt(f"TRUNCATE {', '.join(tables)} CASCADE"):
        found.truncated.extend(tables)
    else:
        for name in tables:
            if why := attempt(f"TRUNCATE {name} CASCADE"):
                attempt(f"DELETE FROM {name}")  # noqa: S608 - the catalog quoted the name
                body = sql.Literal(f"BEGIN ASSERT NOT EXISTS (TABLE {name}); END")
                if attempt(sql.SQL("DO {}").format(body).as_string(connection)):
                    found.kept[name] = f"its rows could not be removed: {why}"
            else:
                found.truncated.append(name)
    attempt(NOT_AS_REPLICA)
    connection.execute("SET LOCAL statement_timeout TO DEFAULT")
    if not is_replica:
        found.truncated.clear()
    return found


def remove_dead_rows(connection: psycopg.Connection, truncated: Sequence[str]) -> None:
    """Truncate again the tables that :func:`empty` truncated, to remove rolled-back rows.

    Every read of a table scans these, and VACUUM cannot run in a transaction.  Call it outside of
    savepoints: only at the level of the first TRUNCATE a file is truncated in place.
    """
    if truncated:
        tables = ", ".join(truncated)
        statements = f"{AS_REPLICA}; TRUNCATE {tables} CASCADE; {NOT_AS_REPLICA}"
        connection.execute(statements.encode())
