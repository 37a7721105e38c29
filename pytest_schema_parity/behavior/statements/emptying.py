"""Empty tables before anything is tried on them."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg


def empty(connection: psycopg.Connection, tables: Sequence[str]) -> dict[str, str]:
    """Empty tables, with triggers disabled if allowed; returns the tables still full, and why."""

    def attempt(statement: str) -> str:
        """Run a statement in a savepoint; returns the error, if any, after rolling back to it."""
        connection.execute("SAVEPOINT emptying")
        try:
            connection.execute(statement.encode())
        except psycopg.Error as error:
            connection.execute("ROLLBACK TO SAVEPOINT emptying")
            return str(error).partition("\n")[0]
        return ""

    if not tables:
        return {}
    attempt("SET LOCAL session_replication_role = replica")
    kept: dict[str, str] = {}
    if attempt(f"TRUNCATE {', '.join(tables)} CASCADE"):
        for name in tables:
            if why := attempt(f"TRUNCATE {name} CASCADE"):
                attempt(f"DELETE FROM {name}")  # noqa: S608 - the catalog quoted the name
                if attempt(f"DO $$BEGIN ASSERT NOT EXISTS (TABLE {name}); END$$"):
                    kept[name] = f"its rows could not be removed: {why}"
    attempt("RESET session_replication_role")
    return kept
