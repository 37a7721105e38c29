"""Patterns for the tokens of PostgreSQL's SQL that matter for statement boundaries.

A plain string is read in one of two ways, by the setting ``standard_conforming_strings``: by the
standard, or with backslashes that escape, as in scripts from before 2010.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

# Negated ASCII classes: every non-ASCII character is an identifier character, and a class that
# lists those is slow to compile.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_LETTER_OR_DIGIT = r"[^\x00-/:-@\[-^`{-\x7f]"
_PREFIXED = r"[bBeEnNxX]'|[uU]&['\"]"
_NAME = rf"{_LETTER}(?:{_LETTER_OR_DIGIT}|\$)*+"
_WORD = rf"(?!{_PREFIXED}){_NAME}"
_NUMBER = rf"[0-9]++(?:\.(?!\.)[0-9]*+)?(?:[eE][-+](?:[0-9]++(?:{_NAME})?)?|{_NAME})?"
_NEWLINE = r"(?:[ \t\f\v]|--[^\n\r]*+)*+[\n\r](?:[ \t\f\v\n\r]|--[^\n\r]*+)*+"
_PLAIN = r"'[^']*+(?:''[^']*+)*+'"
_ESCAPED = r"'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+'"
_BITS = r"[bBxX]'[^']*+'"
_OPAQUE = (  # tokens that are skipped whole
    r"--[^\n\r]*+",
    r'(?:[uU]&)?"[^"]*+"',
    r":[:=]",
    r"/(?!\*)",
    r"-(?!-)",
    rf"\$[0-9]++(?:{_NAME})?",
    _NUMBER,
    r"[\x00-!#%&*+,.<=>?@\[\]^`{-\x7f]++",
)

SPACE: Final = " \t\n\r\f\v"
"""White space in PostgreSQL; a no-break space, blank for Python, is a letter here."""
WORD: Final = re.compile(_WORD)
BLANK: Final = re.compile(r"(?:[ \t\n\r\f\v;]|\\;|--[^\n\r]*+)*+")
DOLLAR_QUOTE: Final = re.compile(rf"\$(?:{_LETTER}{_LETTER_OR_DIGIT}*)?\$")
COMMENT_EDGE: Final = re.compile(r"/\*|\*/")

_UNTERMINATED: Final = re.compile(r"(?P<identifier>(?:[uU]&)?\")|(?:[bBeEnNxX]|[uU]&)?'")


def _continued(string: str) -> str:
    """A pattern for a string continued on further lines: PostgreSQL joins such parts."""
    return f"{string}(?:{_NEWLINE}{string.removeprefix('[uU]&').removeprefix('[bBxX]')})*+"


@dataclass(frozen=True, slots=True)
class TokenPatterns:
    """Patterns that skip to the next word or mark, or past words to the next mark.

    Marks are the characters that matter, and the beginnings of unterminated tokens:
    ``; ( ) $ : \\``, a comment, a quote.
    """

    until_word: re.Pattern[str]
    until_mark: re.Pattern[str]

    @classmethod
    def of(cls, strings: Iterable[str]) -> Self:
        """The patterns for one value of ``standard_conforming_strings``."""
        tokens = (*strings, *_OPAQUE)
        return cls(
            re.compile(f"(?:{'|'.join(tokens)})*+", re.DOTALL),
            re.compile(f"(?:{'|'.join((*tokens, _WORD))})*+", re.DOTALL),
        )


STANDARD: Final = TokenPatterns.of(
    [rf"(?:[bBnNxX]|[uU]&)?{_PLAIN}", rf"[eE]{_continued(_ESCAPED)}"]
)
ESCAPING: Final = TokenPatterns.of(
    [rf"[eEnN]?{_continued(_ESCAPED)}", _continued(f"[uU]&{_PLAIN}"), _continued(_BITS)]
)


def unterminated(text: str, position: int) -> str | None:
    """The error for an unterminated quote that opens at a position; None if there is no quote."""
    opening = _UNTERMINATED.match(text, position)
    if opening is None:
        return None
    return f"unterminated quoted {'identifier' if opening['identifier'] else 'string'}"
