"""Find out whether a function's body orders the rows that it returns."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from pytest_schema_parity.schema.tokens import meaningful

READING: Final = frozenset({"select", "with", "values", "table"})
WRITING: Final = frozenset({"insert", "update", "delete", "merge"})


def is_ordered(body: str) -> bool:
    """Whether a body in SQL is one query with an ORDER BY outside of all parentheses."""
    words = [token.text for token in meaningful(body) or ()]
    if words[:2] == ["begin", "atomic"]:
        words = words[2:-1]
    while words[-1:] == [";"]:
        words.pop()
    first = next((word for word in words if word != "("), "")
    outermost = _outermost(words)
    if first not in READING or not WRITING.isdisjoint(outermost):
        return False

    return ";" not in outermost and ("order", "by") in pairwise(outermost)


def _outermost(words: list[str]) -> list[str]:
    """The tokens outside of all parentheses."""
    depth = 0
    found = []
    for word in words:
        depth -= word == ")"
        if depth == 0 and word not in ("(", ")"):
            found.append(word)
        depth += word == "("
    return found
