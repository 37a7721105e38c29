"""Loads seed data into both databases, statement by statement where one fails.

Both databases must contain the same rows afterwards.  So each file runs on both at once; if it
fails on either, it is rolled back on both and runs again statement by statement: a statement that
fails on either is a problem and is rolled back on both, and the next one runs.

A seed runs inside the transaction that gives both databases the same now().  BEGIN and COMMIT in it
are skipped; a statement that cannot run in a transaction fails, and is a problem.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from pytest_schema_parity.behavior.connections import OpenSides
from pytest_schema_parity.behavior.row_comparison import LoadingStep, RowProblem
from pytest_schema_parity.errors import ScriptError
from pytest_schema_parity.migrations.failure import Complaint, place_of
from pytest_schema_parity.migrations.scanner import Statement, split
from pytest_schema_parity.migrations.sql_file import read_sql
from pytest_schema_parity.schema.facts import Place
from pytest_schema_parity.showing import redact, redact_message

TRANSACTION_WORDS: Final = frozenset({"begin", "start", "commit", "end"})
ROLLBACK_WORDS: Final = frozenset({"rollback", "abort"})
RESET: Final = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL"
"""Runs after each file, so that its settings (pg_dump empties the search_path) end with it."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed file as read; ``error`` if it cannot be read or split."""

    file: str
    text: str = ""
    statements: tuple[Statement, ...] = ()
    error: ScriptError | None = None


def read_seed(path: Path, root: Path) -> Seed:
    """Read and split a seed file; its name is written relative to ``root``."""
    file = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    try:
        text = read_sql(path, file=file)
        return Seed(file, text, tuple(split(text, file=file)))
    except ScriptError as error:
        return Seed(file, error=error)


def load_seeds(sides: OpenSides, seeds: Iterable[Seed]) -> Iterator[RowProblem]:
    """Load the seeds into both sides, in order; yield what fails and is rolled back on both."""
    for seed in seeds:
        if seed.error is not None:
            place = Place(seed.file, seed.error.line)
            yield _problem(sides, seed.file, "", seed.error.message, place, seed.error.column)
        elif not _load_whole(sides, seed):
            yield from _load_by_statement(sides, seed)
        sides.both(lambda side: side.connection.execute(RESET))
    yield from _check_deferred(sides)


def problems(
    sides: OpenSides,
    errors: Sequence[psycopg.Error | None],
    *,
    step: LoadingStep,
    subject: str,
    statement: str | Statement,
    follows: bool = False,
) -> list[RowProblem]:
    """The problems of one statement on both sides; if the error is the same, it is one problem."""
    text = statement if isinstance(statement, str) else statement.text
    trees: dict[tuple[str | None, str], list[str]] = {}
    causes: dict[tuple[str | None, str], psycopg.Error] = {}
    for side, error in zip(sides, errors, strict=True):
        if error is not None:
            said = (error.sqlstate, error.diag.message_primary or str(error))
            trees.setdefault(said, []).append(side.tree)
            causes.setdefault(said, error)
    found = []
    for (sqlstate, message), names in trees.items():
        diag = causes[sqlstate, message].diag
        place, column = _location(subject, statement, diag)
        found.append(
            RowProblem(
                step=step,
                trees=tuple(names),
                subject=subject,
                statement=redact(text),
                sqlstate=sqlstate,
                message=redact_message(message, text),
                detail=diag.message_detail and redact_message(diag.message_detail, text),
                hint=diag.message_hint and redact_message(diag.message_hint, text),
                place=place,
                column=column,
                follows=follows and len(names) == len(errors),
            )
        )
    return found


def _location(
    file: str, statement: str | Statement, diag: psycopg.errors.Diagnostic
) -> tuple[Place | None, int | None]:
    """The location in a seed file where a statement failed: file and line, and column."""
    if isinstance(statement, str):
        return None, None
    complaint = Complaint(
        diag.sqlstate,
        diag.message_primary or "",
        position=_number(diag.statement_position),
        inner_query=diag.internal_query,
        inner_position=_number(diag.internal_position),
        context=diag.context or "",
    )
    line, column = place_of(statement, complaint)
    return Place(file, line), column


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _load_whole(sides: OpenSides, seed: Seed) -> bool:
    """Load a file in one round trip; return whether both sides accepted it, else roll back."""
    return all(map(_fits_whole_file, seed.statements)) and not any(_attempt(sides, seed.text))


def _load_by_statement(sides: OpenSides, seed: Seed) -> Iterator[RowProblem]:
    """Load a file statement by statement."""
    undone = False
    for statement in seed.statements:
        if reason := _reason_to_skip(statement):
            place = Place(seed.file, statement.line)
            yield _problem(sides, seed.file, statement.text, reason, place, statement.column)
        elif not _only_controls_transaction(statement):
            found = problems(
                sides,
                _attempt(sides, statement.text, statement.copy_data),
                step="seed",
                subject=seed.file,
                statement=statement,
                follows=undone,
            )
            undone = undone or bool(found)
            yield from found


def _attempt(
    sides: OpenSides, sql: str, copy_data: str | None = None
) -> tuple[psycopg.Error | None, psycopg.Error | None]:
    """Run SQL on both sides; roll back on both if it fails on either."""
    errors = sides.both(lambda side: side.attempt(sql, copy_data))
    for side, error in zip(sides, errors, strict=True):
        if error is None:
            if any(errors):
                side.undo()
            else:
                side.keep()
    return errors


def _check_deferred(sides: OpenSides) -> Iterator[RowProblem]:
    """Check the deferred constraints, as COMMIT would."""
    check = "SET CONSTRAINTS ALL IMMEDIATE"
    yield from problems(
        sides, _attempt(sides, check), step="seed", subject="deferred constraints", statement=check
    )


def _fits_whole_file(statement: Statement) -> bool:
    """Whether the server can take the statement as part of a whole file."""
    return (
        statement.copy_data is None
        and not _only_controls_transaction(statement)
        and not _reason_to_skip(statement)
    )


def _only_controls_transaction(statement: Statement) -> bool:
    """Whether the statement only begins or ends a transaction."""
    return bool(statement.words) and statement.words[0] in TRANSACTION_WORDS


def _reason_to_skip(statement: Statement) -> str | None:
    """Why the statement is not run; None if it is run."""
    if statement.meta_command is not None:
        return f"{statement.meta_command} is a psql command: skipped"
    if statement.compound:
        return r"commands joined by \; were skipped: end each with a semicolon"
    if statement.words and statement.words[0] in ROLLBACK_WORDS and "to" not in statement.words:
        return "ROLLBACK is not allowed in a seed: statement skipped"
    return None


def _problem(
    sides: OpenSides, file: str, statement: str, message: str, place: Place, column: int
) -> RowProblem:
    """A problem of the seed file itself, in both trees."""
    return RowProblem(
        step="seed",
        trees=tuple(side.tree for side in sides),
        subject=file,
        statement=redact(statement),
        sqlstate=None,
        message=message,
        place=place,
        column=column,
    )
