"""Statements as two readers of one script are compared: by where they begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterable

_BLANK = re.compile(r"(?:[ \t\r\n\f;]|--[^\r\n]*)*")
_SPACE = re.compile(r"[ \t\r\n\f]+")
_EDGE = re.compile(r"/\*|\*/")


def bounds(statements: Iterable[str]) -> list[str]:
    """Statements without what boundaries are not about: comments in front, blanks, semicolons."""
    bare = (_SPACE.sub("", uncommented(text).rstrip("; \t\r\n\f")) for text in statements)
    return [text for text in bare if text]


def uncommented(text: str) -> str:
    """A statement from its first token on."""
    while True:
        blank = _BLANK.match(text)
        text = text[blank.end() :] if blank else text
        if not text.startswith("/*"):
            return text
        depth, position = 0, len(text)
        for edge in _EDGE.finditer(text):
            depth += 1 if edge.group() == "/*" else -1
            if depth == 0:
                position = edge.end()
                break
        text = text[position:]
