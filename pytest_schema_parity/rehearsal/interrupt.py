"""A session that ends in the middle of a step, as when a network or a client fails."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.scanner import split
from pytest_schema_parity.migrations.statement import Statement
from pytest_schema_parity.migrations.text import read_sql
from pytest_schema_parity.postgres.conninfo import open_connection

PATIENCE: Final = 10_000
"""Milliseconds in which the server ends a session that was told to end."""


def interruptions(file: Path, points: int) -> list[int]:
    """After how many statements to end a file's session: ``points`` places, spread evenly.

    The last is before the file's last statement, which is mostly COMMIT.
    """
    last = len(_statements(file)) - 1
    if last < 1:
        return []
    return sorted({max(1, round(last * point / points)) for point in range(1, points + 1)})


def run_until(file: Path, conninfo: str, superuser: str, count: int) -> None:
    """Execute the first ``count`` statements of a file, then end their session from another.

    A file that controls no transaction is executed in one. ``superuser`` is the conninfo of who
    may end sessions. Raises psycopg.Error where a statement fails, and ServerError where the
    session does not end.
    """
    statements = _statements(file)
    with closing(open_connection(conninfo)) as session:
        if not controls_transactions(statements):
            session.execute("BEGIN")
        for statement in statements[:count]:
            session.execute(statement.text.encode())
        with closing(open_connection(superuser)) as other:
            pid = session.info.backend_pid
            row = other.execute("SELECT pg_terminate_backend(%s, %s)", [pid, PATIENCE]).fetchone()
    if row != (True,):
        raise ServerError(f"The session that carries out {file.name} does not end")


def controls_transactions(statements: Sequence[Statement]) -> bool:
    """Whether a file begins transactions of its own."""
    return any(statement.words[:1] in (("begin",), ("start",)) for statement in statements)


def _statements(file: Path) -> list[Statement]:
    return list(split(read_sql(file, file=file.name), file=file.name))
