"""Text for reports: without secrets, printable, and cut if it is too long."""

from __future__ import annotations

from pytest_schema_parity.showing.printable import printable
from pytest_schema_parity.showing.secrets import redact


def clean(text: str) -> str:
    """The text without secrets, on one printable line."""
    return printable(redact(text))


def clean_lines(text: str) -> list[str]:
    """The lines of a text, printable and without secrets; tabs become spaces."""
    return [printable(line.expandtabs(4)) for line in redact(text).split("\n")]


def clipped(text: str, width: int = 100) -> str:
    """The text, cut with an ellipsis if it is longer than ``width`` characters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
