"""Two definitions as a unified diff of SQL."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final

from pytest_schema_parity.report.markup import Highlight, Markup, plain
from pytest_schema_parity.showing import clean_lines, redact

STATEMENT_START: Final = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:select|with|values|table|insert|update|delete|merge|create)\b",
    re.IGNORECASE | re.DOTALL,
)
"""The start of what sqlparse can lay out; it would make a mess of a PL/pgSQL block."""

LONGEST_FORMATTED: Final = 20_000
"""Characters beyond which a definition is shown as it is: sqlparse takes seconds for more."""
MOST_LINES: Final = 80
MARKUP: Final[dict[str, Markup]] = {"-": "removed", "+": "added", "@": "hunk"}


def format_sql(sql: str) -> list[str]:
    """The lines of a definition; a SQL statement is formatted by sqlparse.

    Only white space between tokens changes.
    """
    if len(sql) > LONGEST_FORMATTED or not STATEMENT_START.match(sql):
        return _unformatted_lines(sql.strip("\r\n"))
    import sqlparse
    from sqlparse.exceptions import SQLParseError

    try:
        text = sqlparse.format(sql, reindent=True, strip_whitespace=True)
    except (SQLParseError, RecursionError):
        text = sql
    return _unformatted_lines(
        (text if written_tokens(text) == written_tokens(sql) else sql).strip()
    )


def written_tokens(sql: str) -> list[str]:
    """The tokens of SQL except white space, each as it is written."""
    from sqlparse.lexer import Lexer
    from sqlparse.tokens import Whitespace

    lexer: Lexer = Lexer.get_default_instance()  # type: ignore[no-untyped-call]
    lexed: Iterable[tuple[object, str]] = lexer.get_tokens(sql)  # type: ignore[no-untyped-call]
    return [text.strip() for kind, text in lexed if kind not in Whitespace]


def sql_diff(
    expected: str, actual: str, *, labels: tuple[str, str], highlight: Highlight = plain
) -> list[str]:
    """The lines of a unified diff, which is never empty.

    It compares the formatted SQL; if that is equal, the texts as they are, with a remark; if these
    look equal, too, their lines with all special characters escaped.
    """
    head = [highlight("removed", f"--- {labels[0]}"), highlight("added", f"+++ {labels[1]}")]
    remark, old, new = _differing_lines(expected, actual)
    lines = list(difflib.unified_diff(old, new, lineterm=""))[2:]
    shown = [highlight(MARKUP[line[0]], line) if line[0] in MARKUP else line for line in lines]
    if len(shown) > MOST_LINES:
        shown[MOST_LINES:] = [f"… and {len(lines) - MOST_LINES} lines more"]
    return [*head, remark, *shown] if remark else [*head, *shown]


def _differing_lines(expected: str, actual: str) -> tuple[str, list[str], list[str]]:
    """A remark, and both texts as lines that differ."""
    if (old := format_sql(expected)) != (new := format_sql(actual)):
        return "", old, new
    old, new = _unformatted_lines(expected), _unformatted_lines(actual)
    if old != new:
        return "(they differ in layout only)", old, new
    if expected.replace("\r\n", "\n") == actual.replace("\r\n", "\n"):
        ends = ("CRLF", "LF") if expected.count("\r\n") > actual.count("\r\n") else ("LF", "CRLF")
        return f"(they differ in line ends only: {ends[0]} above, {ends[1]} below)", [], []
    old, new = _escaped_lines(expected), _escaped_lines(actual)
    if old != new:
        return "(they differ only in characters that cannot be seen)", old, new
    return "(they differ in hidden text only: a password, or what looks like one)", [], []


def _unformatted_lines(text: str) -> list[str]:
    return clean_lines(text.replace("\r\n", "\n"))


def _escaped_lines(text: str) -> list[str]:
    return [ascii(line) for line in redact(text).splitlines(keepends=True)]
