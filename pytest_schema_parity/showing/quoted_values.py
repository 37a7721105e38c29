"""Find the end of a quoted value in SQL, also in SQL that is itself quoted, or cut off.

How to read quotes depends on settings of the session and on the quotes around the text; neither is
known for the text of a message.  So all readings are tried and the longest counts.  A value without
an end extends to the end of the text.
"""

from __future__ import annotations

import re
from typing import Final

_BLANK: Final = re.compile(r"\s*+(?:--[^\n]*+\n\s*+)*", re.ASCII)
_COMMENT_EDGE: Final = re.compile(r"/\*|\*/")
_PREFIX: Final = re.compile(r"(?:[enbx]|u&)?(?=\\*')", re.IGNORECASE)
# Each reading matches as much as it can.  No group is possessive: Python before 3.11.5 has a bug.
_READINGS: Final = (
    re.compile(r"'[^']*+(?:''[^']*+)*(?:'|\Z)"),
    re.compile(r"'(?:[^'\\]|''|\\.)*(?:'|\\?\Z)", re.DOTALL),
    # Quotes within quotes: doubled, or with backslashes.
    re.compile(r"((?:'')+)(?!')(?:\1\1|(?!\1).)*(?:\1|\Z)", re.DOTALL),
    re.compile(r"((?:'')+)(?!')(?:\\+\1|\1\1|(?!\1).)*(?:\1|\Z)", re.DOTALL),
    re.compile(r"(\\+['\"])(?:\1\1|(?!(?<!\\)\1).)*(?:\1|\Z)", re.DOTALL),
    re.compile(r'"[^"]*+(?:""[^"]*+)*(?:"|\Z)'),
    re.compile(r'"(?:[^"\\]|\\++.)*(?:"|\\*\Z)', re.DOTALL),
    re.compile(r"(\$\w*\$).*?(?:\1|\Z)", re.DOTALL),
)
_CONCATENATION: Final = re.compile(r"'+\s*\|\|[^;]*+")
"""The end of a literal and an expression after ``||``: ``'… PASSWORD ' || 'x'``."""


def skip_blanks(text: str, at: int) -> int:
    """The position after white space and comments; a comment without an end is not skipped."""
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank else at
        if not text.startswith("/*", at) or (end := _end_of_comment(text, at)) is None:
            return at
        at = end


def end_of_value(text: str, at: int) -> int | None:
    """The end of the quoted value at a position, with those joined to it; None if there is none.

    A comment counts as a value up to the end of the text, for it may hold one.
    """
    if text.startswith(("--", "/*"), at):
        return len(text)
    if joined := _CONCATENATION.match(text, at):
        return joined.end()
    end = _end_of_literal(text, at)
    while end is not None:
        following = skip_blanks(text, end)
        if text.startswith("||", following):
            following = skip_blanks(text, following + 2)
        further = _end_of_literal(text, following) if following > end else None
        if further is None:
            return end
        end = further
    return None


def _end_of_literal(text: str, at: int) -> int | None:
    """The end of one literal at a position, in the longest reading; None if there is none."""
    prefix = _PREFIX.match(text, at)
    start = prefix.end() if prefix else at
    readings = (reading.match(text, start) for reading in _READINGS)
    return max((match.end() for match in readings if match), default=None)


def _end_of_comment(text: str, start: int) -> int | None:
    """The end of a nested comment; None if it has no end."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return None
