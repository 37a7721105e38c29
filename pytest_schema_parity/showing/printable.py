"""Text that a terminal shows as it is: whatever it would obey, or hide, is written out."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""The text on one line: a control or format character, a line end, an odd blank as ``\x1b``.

    >>> printable("naïve \x1b[31m\u202etxt.sql\n")
    'naïve \\x1b[31m\\u202etxt.sql\\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def printable_lines(text: str) -> str:
    """The text with its lines and tabs, and all else that is not :func:`printable` written out."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in lines)
