"""A failure of a migration, with its location in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from pytest_schema_parity.errors import ScriptError
from pytest_schema_parity.migrations.statement import Statement
from pytest_schema_parity.migrations.without_effect import Lost
from pytest_schema_parity.showing import clean, printable, redact, redact_line, redact_message

_MAX_LINE: Final = 200
_MAX_HINT_IN_TITLE: Final = 80
"""The maximum length of a hint that is shown in a title."""
_MAX_MESSAGE: Final = 2_000
"""The maximum length of a message in characters: messages quote values of any length."""
_DO_LINE: Final = re.compile(r"inline_code_block\D{1,12}(\d+)")
_COPY_LINE: Final = re.compile(r"COPY [^\n]*?, \D{1,12}(\d+)")
_BODY: Final = re.compile(r"\$\w*\$|'")


@dataclass(frozen=True, slots=True)
class Failure:
    """A statement that a server refused, or a file that cannot be applied.

    ``line`` and ``column`` (from 1) are those of the error position that the server reports, else
    those of the statement's first token.  ``statement`` is shortened to a line; ``sqlstate`` is
    None if it did not get to a server.  ``excerpt`` is the line of the error, split at the column;
    None if there is no such line.  Long texts are cut, and secrets of the statement are redacted in
    all of them.  ``lost`` are the statements that were rolled back or not run because of this.
    """

    file: str
    line: int
    column: int
    statement: str
    sqlstate: str | None
    message: str
    hint: str | None = None
    detail: str | None = None
    excerpt: tuple[str, str] | None = None
    lost: tuple[Lost, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"

    @property
    def title(self) -> str:
        """``file:5:22: relation "submission" does not exist (42P01) — did you mean submissions?``.

        Safe to print; a hint is in it only if it is short.
        """
        text = f"{printable(f'{self.file}:{self.line}:{self.column}')}: {clean(self.message)}"
        if self.sqlstate:
            text += f" ({printable(self.sqlstate)})"
        if not self.hint or len(self.hint) > _MAX_HINT_IN_TITLE or "\n" in self.hint:
            return text
        return f"{text} — {clean(self.hint[:1].lower() + self.hint[1:])}"


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error as the server reports it.  Positions count characters from 1."""

    sqlstate: str | None
    message: str
    detail: str | None = None
    hint: str | None = None
    position: int | None = None
    inner_query: str | None = None
    inner_position: int | None = None
    context: str = ""


def failed_statement(
    file: str, statement: Statement, complaint: Complaint, hint: str | None = None
) -> Failure:
    """The failure of a statement; ``hint`` is added to the server's own hint."""
    line, column = place_of(statement, complaint)
    hints = " ".join(text for text in (complaint.hint, hint) if text)
    text = statement.text
    return Failure(
        file,
        line,
        column,
        shorten(redact(text)),
        complaint.sqlstate,
        _cut(redact_message(complaint.message, text)),
        _cut(redact_message(hints, text)) or None,
        complaint.detail and _cut(redact_message(complaint.detail, text)),
        _excerpt(statement, line, column),
    )


def failed_script(error: ScriptError, text: str | None = None) -> Failure:
    """The failure of a file that cannot be split into statements; ``text`` is its content."""
    excerpt = None if text is None else _line(text, error.line, error.column)
    return Failure(error.file, error.line, error.column, "", None, error.message, excerpt=excerpt)


def failed_file(file: str, message: str, hint: str | None = None) -> Failure:
    """The failure of a whole file that its tool would refuse."""
    return Failure(file, 1, 1, "", None, message, hint)


def shorten(text: str) -> str:
    """A statement on one line of at most 200 characters."""
    return _cut(" ".join(text.split()), _MAX_LINE)


def _cut(text: str, length: int = _MAX_MESSAGE) -> str:
    """A text cut off at a length in characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def place_of(statement: Statement, complaint: Complaint) -> tuple[int, int]:
    """The line and column of an error: those that the server reports, else the statement's."""
    text = statement.text
    if complaint.position is not None:
        return statement.place(complaint.position)
    if complaint.inner_query and complaint.inner_position is not None:
        inside = text.find(complaint.inner_query)
        if inside >= 0:
            return statement.place(inside + complaint.inner_position)
    if statement.copy_line is not None and (row := _COPY_LINE.search(complaint.context)):
        return statement.copy_line + int(row.group(1)) - 1, 1
    if statement.words[:1] == ("do",) and (inner := _DO_LINE.search(complaint.context)):
        body = _BODY.search(text)
        line, _ = statement.place(body.end() + 1 if body else 1)
        return line + int(inner.group(1)) - 1, 1
    return statement.line, statement.column


def _excerpt(statement: Statement, line: int, column: int) -> tuple[str, str] | None:
    """The line of an error in a statement or in its COPY data, split at the column."""
    if statement.copy_line is not None and line >= statement.copy_line:
        return _line(statement.copy_data or "", line - statement.copy_line + 1, column)
    first = line == statement.line
    column -= statement.column - 1 if first else 0
    return _line(statement.text, line - statement.line + 1, column)


def _line(text: str, line: int, column: int) -> tuple[str, str] | None:
    """A line (from 1) of a text, redacted and split at a column (from 1)."""
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return None
    start = sum(len(above) + 1 for above in lines[: line - 1])
    before, after = redact_line(text, start + min(max(column - 1, 0), len(lines[line - 1])))
    before = before if len(before) <= _MAX_LINE else "…" + before[1 - _MAX_LINE :]
    return before, _cut(after.rstrip("\r"), _MAX_LINE)
