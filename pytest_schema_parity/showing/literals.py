"""Where a quoted value ends, in SQL or in what is quoted in it, whole or cut off anywhere.

How quotes are to be read depends on settings, and on what the text itself is quoted in, neither of
which a reader of messages knows.  So the longest of all readings counts, and a value that never
ends goes on to the end of the text.
"""

from __future__ import annotations

import re
from typing import Final

_BLANK: Final = re.compile(r"\s*+(?:--[^\n]*+\n\s*+)*", re.ASCII)
_COMMENT_EDGE: Final = re.compile(r"/\*|\*/")
_PREFIX: Final = re.compile(r"(?:[enbx]|u&)?(?=\\*')", re.IGNORECASE)
# Each goes as far as it can, and there it ends: no group has to be possessive, which before Python
# 3.11.5 were not read right.
_READINGS: Final = (
    re.compile(r"'[^']*+(?:''[^']*+)*(?:'|\Z)"),
    re.compile(r"'(?:[^'\\]|''|\\.)*(?:'|\\?\Z)", re.DOTALL),
    # Quoted in something quoted: by pairs of quotes, or by quotes with backslashes.
    re.compile(r"((?:'')+)(?!')(?:\1\1|(?!\1).)*(?:\1|\Z)", re.DOTALL),
    re.compile(r"((?:'')+)(?!')(?:\\+\1|\1\1|(?!\1).)*(?:\1|\Z)", re.DOTALL),
    re.compile(r"(\\+['\"])(?:\1\1|(?!(?<!\\)\1).)*(?:\1|\Z)", re.DOTALL),
    re.compile(r'"[^"]*+(?:""[^"]*+)*(?:"|\Z)'),
    re.compile(r'"(?:[^"\\]|\\++.)*(?:"|\\*\Z)', re.DOTALL),
    re.compile(r"(\$\w*\$).*?(?:\1|\Z)", re.DOTALL),
)
_JOINED: Final = re.compile(r"'+\s*\|\|[^;]*+")
"""The quote that ends a text to which an expression is joined: ``'… PASSWORD ' || 'x'``."""


def skip_blanks(text: str, at: int) -> int:
    """The position behind blanks and comments, nested ones included; of an open comment its own."""
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank else at
        if not text.startswith("/*", at) or (end := _end_of_comment(text, at)) is None:
            return at
        at = end


def end_of_value(text: str, at: int) -> int | None:
    """The position behind the quoted value at ``at``, joined ones included; None if there is none.

    A comment that never ends counts as one: what stands in it cannot be told.
    """
    if text.startswith(("--", "/*"), at):
        return len(text)
    if joined := _JOINED.match(text, at):
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
    prefix = _PREFIX.match(text, at)
    start = prefix.end() if prefix else at
    readings = (reading.match(text, start) for reading in _READINGS)
    return max((match.end() for match in readings if match), default=None)


def _end_of_comment(text: str, start: int) -> int | None:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return None
