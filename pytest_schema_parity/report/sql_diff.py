"""Two definitions as a unified diff of SQL."""

from __future__ import annotations

import difflib
import re
from typing import Final

from pytest_schema_parity.report.markup import Highlight, Markup, plain
from pytest_schema_parity.report.redact import redact
from pytest_schema_parity.report.wording import clean_lines

STATEMENT: Final = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:select|with|values|table|insert|update|delete|merge|create)\b",
    re.IGNORECASE | re.DOTALL,
)
"""The start of what sqlparse can lay out; it would make a mess of a PL/pgSQL block."""

LONGEST_FORMATTED: Final = 20_000
"""Characters beyond which a definition is shown as it is: sqlparse takes seconds for more."""
MOST_LINES: Final = 80
MARKUP: Final[dict[str, Markup]] = {"-": "removed", "+": "added", "@": "hunk"}


def formatted(sql: str) -> list[str]:
    """The lines of a definition, laid out by sqlparse where it is a plain SQL statement."""
    if len(sql) > LONGEST_FORMATTED or not STATEMENT.match(sql):
        return clean_lines(sql.strip("\n"))
    import sqlparse
    from sqlparse.exceptions import SQLParseError

    try:
        text = sqlparse.format(sql, reindent=True, keyword_case="upper", strip_whitespace=True)
    except (SQLParseError, RecursionError):
        text = sql
    return clean_lines(text.strip())


def sql_diff(
    expected: str, actual: str, *, labels: tuple[str, str], highlight: Highlight = plain
) -> list[str]:
    """Lines of a unified diff that always shows a difference, the least exact that does.

    That is: of the formatted SQL; where that is equal, of the texts as they are, with a remark;
    where they look equal, of their lines in quotes with everything escaped.
    """
    remark = ""
    sides = (formatted(expected), formatted(actual))
    if sides[0] == sides[1]:
        remark = "they differ in layout or in upper and lower case only"
        sides = (clean_lines(expected), clean_lines(actual))
    if sides[0] == sides[1]:
        remark = "they differ in characters that cannot be seen only"
        sides = (_quoted(expected), _quoted(actual))
    if sides[0] == sides[1]:
        return ["they differ in a password only"]
    lines = list(difflib.unified_diff(*sides, *labels, lineterm=""))
    shown = [highlight(MARKUP[line[0]], line) if line[0] in MARKUP else line for line in lines]
    if len(shown) > MOST_LINES:
        shown[MOST_LINES:] = [f"… and {len(lines) - MOST_LINES} lines more"]
    return [remark, *shown] if remark else shown


def _quoted(text: str) -> list[str]:
    return [ascii(line) for line in redact(text).splitlines(keepends=True)]
