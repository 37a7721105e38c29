"""Split a script into statements by psql's rule; the server parses them.

A statement ends at a semicolon outside of quotes, comments, parentheses and the ``BEGIN ATOMIC …
END`` of a SQL function's body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pytest_schema_parity.errors import ScriptError
from pytest_schema_parity.migrations import psql
from pytest_schema_parity.migrations.settings import StringSetting
from pytest_schema_parity.migrations.statement import Statement
from pytest_schema_parity.migrations.token_patterns import (
    BLANK,
    COMMENT_EDGE,
    DOLLAR_QUOTE,
    ESCAPING,
    SPACE,
    STANDARD,
    WORD,
    unterminated,
)

__all__ = ["Statement", "split"]

_BOM: Final = "\ufeff"
_COLONS: Final = re.compile(r"(?:\\:)+")
_END_OF_DATA: Final = re.compile(r"^\\\.\r?$", re.MULTILINE)


def split(text: str, *, file: str, standard_strings: bool = True) -> list[Statement]:
    """Split a script into its statements; raise ScriptError if a quote or comment never ends.

    ``file`` is the name that errors give; ``standard_strings`` is what the setting
    ``standard_conforming_strings`` of its session is at first.  Empty statements, and psql's
    commands that only display, are left out.
    """
    return list(_Script(text, file, standard_strings).statements())


class _Script:
    """A script, and the position up to which it has been read."""

    def __init__(self, text: str, file: str, standard_strings: bool) -> None:
        self.text = text
        self.file = file
        self.position = len(_BOM) if text.startswith(_BOM) else 0
        self.variables = set(psql.PREDEFINED)
        self.strings = StringSetting(text, standard_strings)
        self._line = 1
        self._line_start = 0
        self._line_known_at = 0

    def statements(self) -> Iterator[Statement]:
        """Yield the statements of the script, and the commands of psql that are refused."""
        while self._skip_blanks():
            meta = self.text.startswith("\\", self.position)
            if meta and not _COLONS.match(self.text, self.position):
                yield from self._meta_command()
            else:
                reader = _Reader(self)
                statement = reader.read()
                self.strings.follow(statement)
                yield from reader.refused
                yield self._with_copy_data(statement) if reader.from_stdin else statement

    def _skip_blanks(self) -> bool:
        """Go to the next statement's first token; False at the end."""
        while True:
            match = BLANK.match(self.text, self.position)
            self.position = match.end() if match else self.position
            if not self.text.startswith("/*", self.position):
                return self.position < len(self.text)
            self.position = self.after_comment(self.position)

    def after_comment(self, start: int) -> int:
        """The position after the comment, nested ones included, that opens at ``start``."""
        depth = 0
        for edge in COMMENT_EDGE.finditer(self.text, start):
            depth += 1 if edge.group() == "/*" else -1
            if depth == 0:
                return edge.end()
        raise self.error("unterminated /* comment", start)

    def after_dollar(self, start: int) -> int:
        """The position after the dollar quote that opens at ``start``, or after a lone ``$``."""
        opening = DOLLAR_QUOTE.match(self.text, start)
        if opening is None:
            return start + 1
        end = self.text.find(opening.group(), opening.end())
        if end < 0:
            raise self.error(f"unterminated dollar-quoted string {opening.group()}", start)
        return end + len(opening.group())

    def _meta_command(self) -> Iterator[Statement]:
        """Skip a backslash command; yield it as a statement if it does more than display."""
        command = psql.read_command(self.text, self.position)
        if command.variable is not None:
            self.variables.add(command.variable)
        if command.sends or not command.harmless:
            yield self.refusal(f"\\{command.name}", self.position, command.end)
        self.position = command.end

    def refusal(self, name: str, start: int, end: int) -> Statement:
        """A statement that stands for a command or variable that only psql supports."""
        line, column = self.place(start)
        return Statement(self.text[start:end].rstrip(), line, column, meta_command=name)

    def _with_copy_data(self, statement: Statement) -> Statement:
        """Add the lines up to ``\\.`` to a statement that reads its data from the script."""
        end_of_line = self.text.find("\n", self.position)
        start = len(self.text) if end_of_line < 0 else end_of_line + 1
        rest = BLANK.match(self.text, self.position, start)
        if rest is not None and rest.end() < start:
            raise self.error("only its data may follow COPY … FROM stdin", rest.end())
        end = _END_OF_DATA.search(self.text, start)
        line, _ = self.place(start)
        self.position = end.end() if end else len(self.text)
        data = self.text[start : end.start() if end else None]
        return replace(statement, copy_data=data, copy_line=line)

    def place(self, position: int) -> tuple[int, int]:
        """Line and column of a position; fast if it is called with rising positions."""
        if position < self._line_known_at:
            self._line, self._line_start, self._line_known_at = 1, 0, 0
        newlines = self.text.count("\n", self._line_known_at, position)
        if newlines:
            self._line += newlines
            self._line_start = self.text.rfind("\n", self._line_known_at, position) + 1
        self._line_known_at = position
        start = self._line_start
        return self._line, position - start + 1 - self.text.startswith(_BOM, start)

    def error(self, message: str, position: int) -> ScriptError:
        line, column = self.place(position)
        return ScriptError(message, file=self.file, line=line, column=column)


class _Reader:
    """Reads one statement, from its first token on."""

    def __init__(self, script: _Script) -> None:
        self.script = script
        self.start = script.position
        self.refused: list[Statement] = []
        self.from_stdin = False
        self._blanked: list[tuple[int, str]] = []
        self._compound = False
        self._first_words: list[str] = []
        self._words: list[str] = []
        self._reads_words = True
        self._parentheses = 0
        self._blocks = 0

    def read(self) -> Statement:
        """Read the statement, and set the script's position to the one after it."""
        script, text = self.script, self.script.text
        patterns = STANDARD if script.strings.standard else ESCAPING
        position, end = self.start, None
        while end is None:
            pattern = patterns.until_word if self._reads_words else patterns.until_mark
            skipped = pattern.match(text, position)
            position = skipped.end() if skipped else position
            mark = text[position : position + 1]
            if mark == ";" and not self._parentheses and not self._blocks:
                end, position = position, position + 1
            elif mark == "":
                end = position
            elif mark == "\\":
                end, position = self._meta_command(position)
            else:
                position = self._skip_token(mark, position)
        script.position = position
        line, column = script.place(self.start)
        words = tuple(self._first_words or self._words[:4])
        return Statement(self._text(end), line, column, words, compound=self._compound)

    def _skip_token(self, mark: str, position: int) -> int:
        """The position after the token at ``position``: a bracket, a word, a quoted text."""
        match mark:
            case "(":
                self._parentheses += 1
            case ")":
                self._parentheses = max(self._parentheses - 1, 0)
            case "$":
                return self.script.after_dollar(position)
            case "/":
                return self.script.after_comment(position)
            case ":":
                return self._variable(position)
            case _ if word := WORD.match(self.script.text, position):
                self._count(word.group().lower())
                return word.end()
            case _ if problem := unterminated(self.script.text, position):
                raise self.script.error(problem, position)
        return position + 1

    def _count(self, word: str) -> None:
        """Count BEGIN and END in CREATE FUNCTION, and recognise COPY … FROM stdin."""
        words = self._words
        words.append(word)
        if _is_routine(words):
            if self._parentheses == 0:
                if word == "begin" or (word == "case" and self._blocks):
                    self._blocks += 1
                elif word == "end" and self._blocks:
                    self._blocks -= 1
        elif words[0] == "copy":
            self.from_stdin |= words[-2:] == ["from", "stdin"] and self._parentheses == 0
        elif len(words) >= 2 and (words[0] != "create" or len(words) >= 4):
            self._reads_words = False

    def _meta_command(self, position: int) -> tuple[int | None, int]:
        """Handle a backslash: the end of the statement (None: not yet), and where to read on."""
        text = self.script.text
        if colons := _COLONS.match(text, position):
            count = len(colons.group()) // 2
            self._blanked.append((position, " " * count + ":" * count))
            return None, colons.end()
        if text.startswith(";", position + 1):
            self._blanked.append((position, " "))
            self._compound = True
            self._first_words = self._first_words or self._words[:4]
            self._words, self._reads_words = [], True
            return None, position + 2
        command = psql.read_command(text, position)
        if command.variable is not None:
            self.script.variables.add(command.variable)
        if not command.harmless:
            self.refused.append(self.script.refusal(f"\\{command.name}", position, command.end))
        if command.sends:
            return position, command.end
        self._blanked.append((position, " " * (command.end - position)))
        return None, command.end

    def _variable(self, position: int) -> int:
        """Handle a colon: refuse a psql variable that has a value, as psql would replace it."""
        used = psql.VARIABLE.match(self.script.text, position)
        if used is None:
            return position + 1
        if used["asked"] or used["name"] in self.script.variables:
            self.refused.append(self.script.refusal(used.group(), position, used.end()))
        return used.end()

    def _text(self, end: int) -> str:
        """The statement's text; psql's own syntax becomes blanks, so that positions stay equal."""
        text, at = self.script.text, self.start
        parts = []
        for position, blank in self._blanked:
            parts += [text[at:position], blank]
            at = position + len(blank)
        return "".join((*parts, text[at:end])).rstrip(SPACE)


def _is_routine(words: list[str]) -> bool:
    """Whether the words begin CREATE [OR REPLACE] FUNCTION or PROCEDURE."""
    if words[0] != "create" or len(words) < 2:
        return False
    named = words[3] if words[1:3] == ["or", "replace"] and len(words) > 3 else words[1]
    return named in ("function", "procedure")
