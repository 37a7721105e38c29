"""Markup of a report's lines: the printer passes a function that colours pieces of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

Markup: TypeAlias = Literal[
    "heading",
    "name",
    "place",
    "reference",
    "tree",
    "added",
    "removed",
    "hunk",
    "good",
    "bad",
    "note",
]
"""What a piece of text is; the printer chooses its colour."""

Highlight: TypeAlias = Callable[[Markup, str], str]
"""Colours a piece of text; it may add only what takes no room on a terminal."""


def plain(markup: Markup, text: str) -> str:  # noqa: ARG001, the shape of a Highlight
    """A :data:`Highlight` that adds no colour."""
    return text
