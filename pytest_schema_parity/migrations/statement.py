"""One statement of a script, and the positions of its characters in the file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a script, as it is sent to the server.

    ``line`` and ``column`` are those of its first token, from 1, in characters.  ``words`` are its
    first unquoted words, in lower case.  ``copy_data`` is what follows ``COPY … FROM stdin``, and
    ``copy_line`` the line on which that starts.  A ``meta_command`` is a psql command or variable
    that this package does not support.  A ``compound`` one holds several commands, joined by
    psql's ``\\;``.
    """

    text: str
    line: int
    column: int
    words: tuple[str, ...] = ()
    copy_data: str | None = None
    copy_line: int | None = None
    meta_command: str | None = None
    compound: bool = False

    def place(self, position: int) -> tuple[int, int]:
        """Line and column in the file of a character of ``text``; positions count from 1."""
        before = self.text[: max(position - 1, 0)]
        newline = before.rfind("\n")
        column = self.column + len(before) if newline < 0 else len(before) - newline
        return self.line + before.count("\n"), column
