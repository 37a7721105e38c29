"""Seed data, loaded into both databases in step.

What is compared afterwards has to have been loaded into both.  So a file goes into both at once;
where it fails in either, it is undone in both and goes again statement by statement: a statement
that fails in either is a problem, is undone in both, and the rest goes on.

A seed runs inside the one transaction that gives both databases the same clock.  BEGIN and COMMIT
in it are passed over; what cannot run in a transaction fails and is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from pytest_schema_parity.behavior.findings import RowProblem, Step
from pytest_schema_parity.behavior.sides import Sides
from pytest_schema_parity.errors import ScriptError
from pytest_schema_parity.migrations.scanner import Statement, split
from pytest_schema_parity.schema.facts import Place

TRANSACTION: Final = re.compile(
    r"(?:BEGIN|START\s+TRANSACTION|COMMIT|END)\b(?!\s+(?:AND\s+CHAIN|PREPARED))", re.IGNORECASE
)
ROLLBACK: Final = re.compile(r"(?:ROLLBACK|ABORT)\b(?!.*\bTO\b)", re.IGNORECASE | re.DOTALL)
RESET: Final = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL"
"""After each file: what one file sets (pg_dump empties the search_path) is not the next one's."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed file as read; ``error`` says why it cannot be used, if so."""

    file: str
    text: str = ""
    statements: tuple[Statement, ...] = ()
    error: ScriptError | None = None


def read_seed(path: Path, root: Path) -> Seed:
    """Read and split a seed file; its name is written relative to ``root``."""
    file = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    try:
        text = path.read_text("utf-8-sig")
        statements = tuple(split(text, file=file))
    except ScriptError as error:
        return Seed(file, error=error)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return Seed(
            file, error=ScriptError(f"not UTF-8: {error.reason}", file=file, line=line, column=1)
        )
    return Seed(file, text, statements)


def load_seeds(sides: Sides, seeds: Iterable[Seed]) -> Iterator[RowProblem]:
    """Load the seeds into both sides, in order; what fails is yielded and undone in both."""
    for seed in seeds:
        if seed.error is not None:
            yield _unreadable(seed, seed.error, sides)
        elif not _load_whole(sides, seed):
            yield from _load_in_steps(sides, seed)
        sides.both(lambda side: side.connection.execute(RESET))
    yield from _check_deferred(sides)


def problems(
    sides: Sides,
    errors: Sequence[psycopg.Error | None],
    *,
    step: Step,
    subject: str,
    statement: str,
    place: Place | None = None,
    column: int | None = None,
    follows: bool = False,
) -> list[RowProblem]:
    """The problems of one statement on both sides; one and the same error is one problem."""
    trees: dict[tuple[str | None, str, str | None, str | None], list[str]] = {}
    for side, error in zip(sides, errors, strict=True):
        if error is not None:
            diag = error.diag
            said = (
                error.sqlstate,
                diag.message_primary or str(error),
                diag.message_detail,
                diag.message_hint,
            )
            trees.setdefault(said, []).append(side.tree)
    return [
        RowProblem(
            step=step,
            trees=tuple(names),
            subject=subject,
            statement=statement,
            sqlstate=sqlstate,
            message=message,
            detail=detail,
            hint=hint,
            place=place,
            column=column,
            follows=follows and len(names) == 2,
        )
        for (sqlstate, message, detail, hint), names in trees.items()
    ]


def _load_whole(sides: Sides, seed: Seed) -> bool:
    """Load a file in one round trip; whether both sides took it. If not, neither has it."""
    if any(_is_special(statement) for statement in seed.statements):
        return False
    return not any(_attempt(sides, seed.text))


def _load_in_steps(sides: Sides, seed: Seed) -> Iterator[RowProblem]:
    """Load a file statement by statement."""
    undone = False
    for statement in seed.statements:
        if TRANSACTION.match(statement.text):
            continue
        place = Place(seed.file, statement.line)
        if ROLLBACK.match(statement.text):
            yield RowProblem(
                step="seed",
                trees=tuple(side.tree for side in sides),
                subject=seed.file,
                statement=statement.text,
                sqlstate=None,
                message="a seed cannot take itself back: this statement was passed over",
                place=place,
                column=statement.column,
            )
            continue
        found = problems(
            sides,
            _attempt(sides, statement.text),
            step="seed",
            subject=seed.file,
            statement=statement.text,
            place=place,
            column=statement.column,
            follows=undone,
        )
        undone = undone or bool(found)
        yield from found


def _attempt(sides: Sides, sql: str) -> tuple[psycopg.Error | None, psycopg.Error | None]:
    """Run SQL on both sides; what fails on either is undone on both."""
    errors = sides.both(lambda side: side.attempt(sql))
    for side, error in zip(sides, errors, strict=True):
        if error is None:
            if any(errors):
                side.undo()
            else:
                side.keep()
    return errors


def _check_deferred(sides: Sides) -> Iterator[RowProblem]:
    """Check what was deferred to the end of the transaction, as COMMIT would."""
    check = "SET CONSTRAINTS ALL IMMEDIATE"
    yield from problems(
        sides, _attempt(sides, check), step="seed", subject="deferred constraints", statement=check
    )


def _is_special(statement: Statement) -> bool:
    return bool(TRANSACTION.match(statement.text) or ROLLBACK.match(statement.text))


def _unreadable(seed: Seed, error: ScriptError, sides: Sides) -> RowProblem:
    return RowProblem(
        step="seed",
        trees=tuple(side.tree for side in sides),
        subject=seed.file,
        statement="",
        sqlstate=None,
        message=error.message,
        place=Place(seed.file, error.line),
        column=error.column,
    )
