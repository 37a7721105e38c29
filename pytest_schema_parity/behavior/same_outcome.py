"""Statements of a project's own, run on copies of two databases and compared."""

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

NOT_UNDERSTOOD: Final = frozenset({"42601", "42P01", "42703", "42883", "42704", "3F000"})
"""Syntax errors, and names of tables, columns, functions, types and schemas that there are not."""
_SETS: Final = re.compile(r"(?:re)?set\b", re.IGNORECASE)
"""A statement that changes the session: what follows it would not run as it was meant."""
MOST_ROWS = 10
"""How many rows that differ are shown of each side."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a statement did on one side: the rows it returned or affected, or its error."""

    affected: int = 0
    rows: QueryResult | None = None
    error: psycopg.Error | None = None

    @property
    def outcome(self) -> tuple[object, ...]:
        """What is compared of it, but for the rows: affected rows, or SQLSTATE, table and column.

        Constraints may have other names, which is for the structural checks to say.
        """
        if self.error is None:
            return (self.affected if self.rows is None else None,)
        diag = self.error.diag
        return self.error.sqlstate, diag.table_name, diag.column_name

    @property
    def is_not_understood(self) -> bool:
        """Whether the text of the statement itself is wrong, not what a function runs for it."""
        error = self.error
        return bool(error and error.sqlstate in NOT_UNDERSTOOD and not error.diag.context)

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.error.sqlstate} {self.error.diag.message_primary or self.error}"
        count = self.affected if self.rows is None else len(self.rows.rows)
        return f"{count} row{'' if count == 1 else 's'}"


DonePair: TypeAlias = tuple[Done, Done]


def run_on_both(
    reference: tuple[str, str],
    candidate: tuple[str, str],
    statements: Sequence[str],
    *,
    seed: str = "",
    emptied: bool = False,
) -> list[str]:
    """Run statements on two (tree, conninfo) at one instant; returns how they differ, as lines.

    ``seed`` is SQL that runs before, and has to succeed on both: raises psycopg.Error else.  Raises
    ValueError for a statement that neither side understands, as that would compare nothing.  With
    ``emptied`` the shared tables are emptied first.  Each statement that fails is undone by itself,
    deferred constraints are checked at the end, and nothing is committed.
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
            _refuse_what_neither_understands(statement, pair, (reference[0], candidate[0]))
            if lines := list(_differing(statement, pair, (reference[0], candidate[0]))):
                return lines
    return []


def _refuse_what_neither_understands(
    statement: str, pair: DonePair, names: tuple[str, str]
) -> None:
    """Raise ValueError where both sides fail on the text of a statement itself."""
    __tracebackhide__ = True
    fails = all(done.error for done in pair)
    if all(done.is_not_understood for done in pair) or (fails and _SETS.match(statement.strip())):
        messages = dict.fromkeys(str(done) for done in pair)
        raise ValueError(
            f"the statement is invalid in both {names[0]} and {names[1]}, nothing can be compared: "
            f"{' '.join(statement.split())}\n    " + "\n    ".join(messages)
        )


def _run(side: OpenSide, statement: str) -> Done:
    side.connection.execute("SAVEPOINT attempt")
    try:
        cursor = side.connection.execute(statement.encode())
    except psycopg.Error as error:
        side.undo(error)
        return Done(error=error)
    while cursor.nextset():  # of several statements in one, the last one counts
        pass
    side.keep()
    result = cursor.pgresult
    if result is None or cursor.description is None:
        return Done(affected=cursor.rowcount)
    width = range(result.nfields)
    return Done(
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


def _differing(statement: str, pair: DonePair, names: tuple[str, str]) -> Iterator[str]:
    """How a statement's two outcomes differ; nothing where they do not."""
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
    for name, done in zip(names, pair, strict=True):
        yield f"    {name:<{width}}  {done}"
    for difference in compared.differing[:MOST_ROWS] if compared else ():
        for name, row in zip(names, (difference.reference, difference.candidate), strict=True):
            if row is not None and compared is not None:
                yield f"    only in {name:<{width}}  {_row(compared.columns, row)}"


def _row(columns: Sequence[str], row: Row) -> str:
    pairs = zip(columns, row, strict=True)
    return ", ".join(f"{column} = {'NULL' if value is None else value}" for column, value in pairs)
