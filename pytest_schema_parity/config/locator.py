"""Find the lines of keys in a TOML text: tomllib gives values without lines.

This is a scanner for text that tomllib has accepted, so it does not check the syntax.
"""

from __future__ import annotations

import re
import tomllib
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""The path to a value: keys of tables, and indexes of arrays (from 0)."""

TOML_TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""\"{0,2}'
    r"|'''.*?'''\'{0,2}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|\n"
    r"|[\[\]{}=,.]"
    r"""|[^\s\[\]{}=,."'\#]+""",
    re.DOTALL,
)


class Locator:
    """The line (from 1) of each key, table and array element of a valid TOML text."""

    def __init__(self, text: str) -> None:
        self._tokens = _split_tokens(text)
        self._next = 0
        self._lines: dict[KeyPath, int] = {}
        self._arrays: dict[KeyPath, int] = {}
        self._read_document()

    def line(self, path: KeyPath) -> int:
        """The line of the value at a path, else of the nearest table around it, else 1."""
        for length in range(len(path), 0, -1):
            if (line := self._lines.get(path[:length])) is not None:
                return line
        return 1

    def _read_document(self) -> None:
        """Read all headers and pairs, up to the end of the text."""
        table: KeyPath = ()
        while self._skip("\n"):
            if self._peek() == "[":
                table = self._read_header()
            else:
                self._read_pair(table)

    def _read_header(self) -> KeyPath:
        """Read ``[table]`` or ``[[table]]``; returns the path of the table that it begins."""
        line = self._tokens[self._next][1]
        self._next += 1
        is_array = self._peek() == "["
        self._next += is_array
        path = self._resolve(self._read_key("]"))
        self._next += is_array
        if is_array:
            self._lines.setdefault(path, line)
            index = self._arrays.get(path, -1) + 1
            self._arrays[path] = index
            path = (*path, index)
        self._note(path, line)
        return path

    def _resolve(self, names: list[str]) -> KeyPath:
        """The path of a header: the name of an array of tables stands for its last table."""
        path: KeyPath = ()
        for name in names[:-1]:
            path = (*path, name)
            if path in self._arrays:
                path = (*path, self._arrays[path])
        return (*path, names[-1])

    def _read_pair(self, table: KeyPath) -> None:
        """Read ``key = value`` in a table."""
        line = self._tokens[self._next][1]
        path = (*table, *self._read_key("="))
        self._note(path, line)
        self._read_value(path)

    def _read_key(self, end: str) -> list[str]:
        """Read a dotted key and the token ``end`` after it; returns the parts of the key."""
        parts = []
        while (part := self._take()) != end:
            if part[0] in "\"'":
                parts.append(tomllib.loads(f"key = {part}")["key"])
            elif part != ".":
                parts.append(part)
        return parts

    def _read_value(self, path: KeyPath) -> None:
        """Read a value, and store the lines of what is in it."""
        opening = self._peek()
        if opening == "[":
            self._next += 1
            index = 0
            while self._skip("\n", ",") and self._peek() != "]":
                self._note((*path, index), self._tokens[self._next][1])
                self._read_value((*path, index))
                index += 1
            self._next += 1
        elif opening == "{":
            self._next += 1
            while self._skip("\n", ",") and self._peek() != "}":
                self._read_pair(path)
            self._next += 1
        else:
            while self._peek() not in ("\n", ",", "]", "}", ""):
                self._next += 1

    def _note(self, path: KeyPath, line: int) -> None:
        """Store the line of a path, and of the tables around it that have none yet."""
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], line)

    def _skip(self, *tokens: str) -> bool:
        """Skip these tokens; returns whether any token follows."""
        while self._peek() in tokens:
            self._next += 1
        return self._next < len(self._tokens)

    def _peek(self) -> str:
        """The next token, or an empty string at the end."""
        return self._tokens[self._next][0] if self._next < len(self._tokens) else ""

    def _take(self) -> str:
        """Consume and return the next token."""
        self._next += 1
        return self._tokens[self._next - 1][0]


def _split_tokens(text: str) -> list[tuple[str, int]]:
    """Every token and its line, without white space and comments."""
    found = []
    line, counted = 1, 0
    for match in TOML_TOKEN.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if not match[0].startswith("#"):
            found.append((match[0], line))
    return found
