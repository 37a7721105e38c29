"""Escape the characters that a terminal would interpret or hide."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""The text on one line: line ends and other unprintable characters become escapes (``\x1b``).

    >>> printable("naïve \x1b[31m\u202etxt.sql\n")
    'naïve \\x1b[31m\\u202etxt.sql\\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def printable_lines(text: str) -> str:
    """The text with its line ends and tabs; other unprintable characters become escapes."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in lines)
