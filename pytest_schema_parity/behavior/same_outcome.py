"""Run statements of a project on copies of two databases, and compare the outcomes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import psycopg

from pytest_schema_parity.behavior.comparing import QueryResult, compare_results
from pytest_schema_parity.behavior.connections import OpenSide, open_sides
from pytest_schema_parity.behavior.statements.catalog_document import read_document
from pytest_schema_parity.behavior.statements.emptying import empty
from pytest_schema_parity.findings.evidence import Row

INVALID_STATES: Final = frozenset({"42601", "42P01", "42703", "42883", "42704", "3F000"})
"""SQLSTATEs of syntax errors and of unknown tables, columns, functions, types and schemas."""
_SETS: Final = re.compile(r"(?:re)?set\b", re.IGNORECASE)
"""A statement that changes the session: later statements would not run as intended."""
MAX_ROWS = 10
"""How many rows that differ are shown of each side."""


@dataclass(frozen=True, slots=True)
class StatementResult:
    """What a statement did on one side: the rows it returned or affected, or its error."""

    affected: int = 0
    rows: QueryResult | None = None
    error: psycopg.Error | None = None

    @property
    def outcome(self) -> tuple[object, ...]:
        """What is compared, except rows: the affected count, or SQLSTATE, table and column.

        The names of constraints may differ: the structural checks report that.
        """
        if self.error is None:
            return (self.affected if self.rows is None else None,)
        diag = self.error.diag
        return self.error.sqlstate, diag.table_name, diag.column_name

    @property
    def is_invalid(self) -> bool:
        """Whether the statement itself is invalid, not one that a function runs for it."""
        error = self.error
        return bool(error and error.sqlstate in INVALID_STATES and not error.diag.context)

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.error.sqlstate} {self.error.diag.message_primary or self.error}"
        count = self.affected if self.rows is None else len(self.rows.rows)
        return f"{count} row{'' if count == 1 else 's'}"


StatementResults: TypeAlias = tuple[StatementResult, StatementResult]


def run_on_both(
    reference: tuple[str, str],
    candidate: tuple[str, str],
    statements: Sequence[str],
    *,
    seed: str = "",
    emptied: bool = False,
) -> list[str]:
    """Run statements on two (tree, conninfo) with the same now(); return the first difference.

    It is a list of lines, empty if there is none.  ``seed`` is SQL that runs before, and must
    succeed on both, else psycopg.Error is raised.  Raises ValueError for a statement that is
    invalid on both sides.  With ``emptied`` the shared tables are emptied first.  A statement that
    fails is rolled back, deferred constraints are checked at the end, and nothing is committed.
    """
    __tracebackhide__ = True
    with open_sides(reference, candidate) as sides:
        if emptied:
            documents = sides.both(lambda side: read_document(side.connection))
            shared = [name for name in documents[0]["tables"] if name in documents[1]["tables"]]
            sides.both(lambda side: empty(side.connection, shared))
        if seed:
            sides.both(lambda side: side.connection.execute(seed.encode()))
        for statement in [*statements, "SET CONSTRAINTS ALL IMMEDIATE"]:
            pair = sides.both(lambda side, sql=statement: _run(side, sql))  # type: ignore[misc]
            _refuse_invalid(statement, pair, (reference[0], candidate[0]))
            if lines := list(_differences(statement, pair, (reference[0], candidate[0]))):
                return lines
    return []


def _refuse_invalid(statement: str, pair: StatementResults, names: tuple[str, str]) -> None:
    """Raise ValueError if a statement is invalid on both sides, or a SET that fails on both."""
    __tracebackhide__ = True
    fails = all(result.error for result in pair)
    if all(result.is_invalid for result in pair) or (fails and _SETS.match(statement.strip())):
        messages = dict.fromkeys(str(result) for result in pair)
        raise ValueError(
            f"the statement is invalid in both {names[0]} and {names[1]}, nothing can be compared: "
            f"{' '.join(statement.split())}\n    " + "\n    ".join(messages)
        )


def _run(side: OpenSide, statement: str) -> StatementResult:
    """Run a statement; roll back to before it if it fails."""
    side.connection.execute("SAVEPOINT attempt")
    try:
        cursor = side.connection.execute(statement.encode())
    except psycopg.Error as error:
        side.undo(error)
        return StatementResult(error=error)
    while cursor.nextset():  # of several statements in one, the last one counts
        pass
    side.keep()
    result = cursor.pgresult
    if result is None or cursor.description is None:
        return StatementResult(affected=cursor.rowcount)
    width = range(result.nfields)
    return StatementResult(
        rows=QueryResult(
            tuple((result.fname(at) or b"").decode() for at in width),
            tuple(result.ftype(at) for at in width),
            tuple(
                tuple(_text(result.get_value(row, at)) for at in width)
                for row in range(result.ntuples)
            ),
        )
    )


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _differences(statement: str, pair: StatementResults, names: tuple[str, str]) -> Iterator[str]:
    """The lines that show how the results of a statement differ; none if they are equal."""
    one, other = pair
    compared = None
    if one.rows is not None and other.rows is not None:
        compared = compare_results(statement, one.rows, other.rows)
        if compared.equal:
            return
    elif one.outcome == other.outcome:
        return
    width = max(map(len, names))
    yield f"{names[1]} differs from {names[0]}: {' '.join(statement.split())}"
    for name, result in zip(names, pair, strict=True):
        yield f"    {name:<{width}}  {result}"
    for difference in compared.differing[:MAX_ROWS] if compared else ():
        for name, row in zip(names, (difference.reference, difference.candidate), strict=True):
            if row is not None and compared is not None:
                yield f"    only in {name:<{width}}  {_row_text(compared.columns, row)}"


def _row_text(columns: Sequence[str], row: Row) -> str:
    pairs = zip(columns, row, strict=True)
    return ", ".join(f"{column} = {'NULL' if value is None else value}" for column, value in pairs)
