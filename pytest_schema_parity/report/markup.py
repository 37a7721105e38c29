"""How lines of a report are marked up: by a function that whoever prints them gives."""

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
"""Dress a piece of text for the printer; it may add only what takes no room."""


def plain(markup: Markup, text: str) -> str:  # noqa: ARG001, the shape of a Highlight
    """No dress at all."""
    return text
