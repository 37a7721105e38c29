"""What only psql reads in a script: its backslash commands and its variables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"\\([^\s\\]*)")
_ARGUMENTS: Final = re.compile(
    r"(?:[^\n\\'\"`]++|'(?:[^'\\\n]|\\[^\n]|'')*+'|\"[^\"\n]*+\"|`[^`\n]*+`|['\"`])*+(?:\\\\)?"
)
_ARGUMENT: Final = re.compile(r"[^\s']+|'[^'\n]*'")

VARIABLE: Final = re.compile(
    r""":(?:\{(?P<asked>\?)\w+\}|(?P<quote>['"]?)(?P<name>[^\x00-/:-@\[-^`{-\x7f]+)(?P=quote))"""
)
"""A variable's use: ``:name``, ``:'name'``, ``:"name"``, and the question ``:{?name}``."""

PREDEFINED: Final = ("DBNAME", "HOST", "PORT", "USER", "ENCODING", "ECHO", "QUIET", "VERSION_NUM")
"""The variables that psql sets by itself and that a script may ask for."""

_DISPLAYING: Final = re.compile(
    r"[?CHTafhlptxz]|d\S*|conninfo|copyright|echo|errverbose|help|list|print|pset|qecho|restrict"
    r"|s[fv]\+?|timing|unrestrict|unset|warn"
)
_SENDING: Final = re.compile(r"crosstabviewx?|g|gdesc|gexec|gset|gx|parse|watch")
_BEHAVIOUR: Final = frozenset(("AUTOCOMMIT", "ON_ERROR_ROLLBACK", "SINGLELINE", "SINGLESTEP"))


@dataclass(frozen=True, slots=True)
class Command:
    """A backslash command: its name, its arguments as written, and where reading goes on."""

    name: str
    arguments: str
    end: int

    @property
    def sends(self) -> bool:
        """Whether it ends the statement before it, as a semicolon does."""
        return _SENDING.fullmatch(self.name) is not None

    @property
    def variable(self) -> str | None:
        """The variable that it sets."""
        named = _ARGUMENT.match(self.arguments) if self.name == "set" else None
        return named.group().strip("'") if named else None

    @property
    def harmless(self) -> bool:
        """Whether leaving it out changes nothing but what is displayed."""
        if self.name == "g":
            return not self.arguments
        if self.name == "set":
            return self.variable not in _BEHAVIOUR
        if self.name == "encoding":
            return self.arguments.strip("'\"").lower() in ("", "utf8", "utf-8", "unicode")
        return _DISPLAYING.fullmatch(self.name) is not None


def read_command(text: str, position: int) -> Command:
    """The command whose backslash stands at ``position``; it ends with its line or at ``\\\\``."""
    named = _NAME.match(text, position)
    after_name = named.end() if named else position + 1
    matched = _ARGUMENTS.match(text, after_name)
    end = matched.end() if matched else after_name
    arguments = text[after_name:end].removesuffix("\\\\").strip()
    return Command(named.group(1) if named else "", arguments, end)
