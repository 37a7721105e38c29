"""Text as a report shows it: without secrets, printable, and cut where it is too long."""

from __future__ import annotations

from pytest_schema_parity.showing.printable import printable
from pytest_schema_parity.showing.secrets import redact


def clean(text: str) -> str:
    """The text without passwords, and safe to print on one line."""
    return printable(redact(text))


def clean_lines(text: str) -> list[str]:
    """The text's lines, each without passwords and safe to print; tabs become blanks."""
    return [printable(line.expandtabs(4)) for line in redact(text).split("\n")]


def clipped(text: str, width: int = 100) -> str:
    """The text, cut with an ellipsis where it is longer than ``width`` characters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
