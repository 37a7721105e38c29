"""Track ``standard_conforming_strings`` through a script: it decides where statements end."""

from __future__ import annotations

import re
from typing import Final

from pytest_schema_parity.migrations.statement import Statement

_NAME: Final = "standard_conforming_strings"
_SET: Final = re.compile(
    rf"""(?ix) \s*
    (?: set \s+ (?P<scope> (?:session|local) \s+)? {_NAME} \s* (?:=|\bto\b) \s* '?(?P<value>\w+)'?
      | select \s+ (?:pg_catalog\.)? set_config \s* \(
            \s* '{_NAME}' \s*,\s* '(?P<configured>\w+)' \s*,\s* (?P<local>\w+) \s* \)
      | reset \s+ (?:{_NAME}|all) | discard \s+ all )
    \s*"""
)
_OFF: Final = frozenset(("off", "of", "false", "fals", "fal", "fa", "f", "no", "n", "0"))
_BEGINS: Final = frozenset(("begin", "start"))
_TO_SAVEPOINT: Final = re.compile(r"rollback(\s+(work|transaction))?\s+to\b", re.IGNORECASE)
_UNDOES: Final = frozenset(("rollback", "abort"))
_ENDS: Final = frozenset(("commit", "end"))


class StringSetting:
    """The value (``standard``) that ``standard_conforming_strings`` has at a point of a script.

    Only statements that set it directly count, not functions that they call.
    """

    def __init__(self, text: str, standard: bool) -> None:
        self.standard = standard
        self._initial = standard
        self._after_commit = standard
        self._after_rollback = standard
        self._may_change = _NAME in text.lower()

    def follow(self, statement: Statement) -> None:
        """Update the value after a statement that was just read."""
        if not self._may_change:
            return
        first = statement.words[0] if statement.words else ""
        if first in _BEGINS:
            self._after_rollback = self._after_commit
        elif first in _UNDOES:
            if not _TO_SAVEPOINT.match(statement.text):  # it may have been set before that
                self.standard = self._after_commit = self._after_rollback
        elif first in _ENDS:
            self.standard = self._after_rollback = self._after_commit
        elif change := _SET.fullmatch(statement.text):
            value = change["value"] or change["configured"]
            default = value is None or value.lower() == "default"
            self.standard = self._initial if default else value.lower() not in _OFF
            local = (change["scope"] or change["local"] or "").strip().lower()
            if local not in ("local", "true", "t"):
                self._after_commit = self.standard
