"""Find names in SQL text."""

from __future__ import annotations


def mentions(text: str, name: str) -> bool:
    """Whether a text of SQL contains a name as a whole word."""
    before, found, after = text.partition(name)
    while found:
        left = before[-1:] if before else ""
        if not (left.isalnum() or left == "_" or after[:1].isalnum() or after[:1] == "_"):
            return True
        before, found, after = after.partition(name)
    return False
