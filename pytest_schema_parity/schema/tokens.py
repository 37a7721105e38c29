"""The tokens of SQL text, by the rules of PostgreSQL's scanner.

Plain strings are read by the standard: a backslash in them is an ordinary character.  That is how
the server deparses, and how it reads function bodies unless a setting from before 2010 is on.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, TypeAlias

Sort: TypeAlias = Literal["blank", "comment", "word", "name", "string", "number", "sign"]

_LETTER: Final = r"[^\x00-@\[-^`{-\x7f]"
_FOLLOWING: Final = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_TOKEN: Final = re.compile(
    rf"""
      (?P<blank>[ \t\n\r\f\v]+)
    | (?P<comment>--[^\n\r]*|/\*)
    | (?P<string>[eE]'(?:[^'\\]|''|\\.)*'|(?:[bBnNxX]|[uU]&)?'(?:[^']|'')*')
    | (?P<name>(?:[uU]&)?"(?:[^"]|"")*")
    | (?P<dollar>\$(?:{_LETTER}(?:{_LETTER}|[0-9])*)?\$)
    | (?P<word>(?![bBeEnNxX]'|[uU]&['"]){_LETTER}{_FOLLOWING}*)
    | (?P<number>(?:[0-9][0-9_]*(?:\.(?!\.)[0-9_]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?
        {_FOLLOWING}*|\$[0-9]+)
    | (?P<sign>::|:=|\.\.|[-+*/<>=~!@\#%^&|`?]+?(?=--|/\*|[^-+*/<>=~!@\#%^&|`?]|\Z)
        |(?!{_LETTER})[^'"])
    """,
    re.VERBOSE | re.DOTALL,
)
_SPECIAL: Final = frozenset("~!@#%^&|`?")
_COMMENT_EDGE: Final = re.compile(r"/\*|\*/")


class Token(NamedTuple):
    """A token: its sort, and its text unchanged."""

    sort: Sort
    text: str


_APART: Final = Token("blank", " ")
"""Separates two strings that PostgreSQL would join if only a line break were between them."""


def tokens(text: str) -> tuple[Token, ...] | None:
    """The tokens that make up a text, blanks and comments included; None if one never ends."""
    found = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        sort, end = match.lastgroup, match.end()
        if sort == "comment" and match.group() == "/*":
            end = _after_comment(text, at)
        elif sort == "dollar":
            sort, end = "string", text.find(match.group(), end) + len(match.group())
            if end <= match.end() - 1:
                return None
        elif sort == "sign":
            end = _operator_end(text, at, end)
        if end < 0:
            return None
        found.append(Token(sort, text[at:end]))  # type: ignore[arg-type]
        at = end
    return tuple(found)


def meaningful(text: str) -> tuple[Token, ...] | None:
    """The tokens without blanks and comments, words in lower case; None if one never ends.

    A word that is no key word is a name, which PostgreSQL folds to lower case as well (ASCII
    letters only: of others it depends on the server's encoding, so they stay as they are).
    """
    found = tokens(text)
    if found is None:
        return None
    kept: list[Token] = []
    gap = ""
    for one in found:
        if one.sort in ("blank", "comment"):
            gap += one.text
            continue
        if one.text[0] == "'" and kept and kept[-1].text[-1] == "'" and not _joins(gap):
            kept.append(_APART)
        kept.append(Token(one.sort, _fold(one.text)) if one.sort == "word" else one)
        gap = ""
    return tuple(kept)


def _joins(gap: str) -> bool:
    """Whether PostgreSQL joins two strings that have this text between them."""
    return ("\n" in gap or "\r" in gap) and "/*" not in gap


def _operator_end(text: str, start: int, end: int) -> int:
    """The end of an operator, which ends in a plus or minus only with certain characters in it."""
    while end - start > 1 and text[end - 1] in "+-" and _SPECIAL.isdisjoint(text[start:end]):
        end -= 1
    return end


def _fold(word: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in word)


def _after_comment(text: str, start: int) -> int:
    """The position after the comment at ``start``, nested ones included; -1 if it never ends."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return -1
