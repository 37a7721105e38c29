"""Parse the parts of a script that only psql understands: backslash commands and variables."""

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
"""The use of a variable: ``:name``, ``:'name'``, ``:"name"``, and the test ``:{?name}``."""

PREDEFINED: Final = frozenset(
    """
    AUTOCOMMIT COMP_KEYWORD_CASE DBNAME ECHO ECHO_HIDDEN ENCODING ERROR FETCH_COUNT HIDE_TABLEAM
    HIDE_TOAST_COMPRESSION HISTCONTROL HISTSIZE HOST IGNOREEOF LASTOID LAST_ERROR_MESSAGE
    LAST_ERROR_SQLSTATE ON_ERROR_ROLLBACK ON_ERROR_STOP PORT PROMPT1 PROMPT2 PROMPT3 QUIET ROW_COUNT
    SERVER_VERSION_NAME SERVER_VERSION_NUM SERVICE SHELL_ERROR SHELL_EXIT_CODE SHOW_ALL_RESULTS
    SHOW_CONTEXT SINGLELINE SINGLESTEP SQLSTATE USER VERBOSITY VERSION VERSION_NAME VERSION_NUM
    WATCH_INTERVAL
    """.split()  # noqa: SIM905
)
"""The variables that psql itself sets, and that a script may use."""

_REMEDIES: Final = (
    (r"i|ir|include|include_relative", "Put that file's SQL here, or make it a file of the tree."),
    (r"copy", "Use COPY … FROM stdin with the data below it, or INSERT."),
    (
        r"c|connect",
        "A tree is applied to one database: remove it; use SET ROLE to change the role.",
    ),
    (r"gexec", "Use a DO block that EXECUTEs what the query returns."),
    (r"if|elif|else|endif", "Use a DO block with IF, or keep only the branch for a new database."),
    (
        r"g|gx|gset|gdesc|crosstabview|watch|parse|bind|bind_named",
        "End the query with a semicolon.",
    ),
    (r"set|:.*", "Write the value itself, or SET a setting and read it with current_setting()."),
    (r"!|o|out|w|write|cd|setenv|getenv|prompt|lo_\w+", "Do it outside of the migration."),
    (r"q|quit", "Remove it and everything after it: psql stops reading here."),
    (r"encoding", "Save the file as UTF-8."),
    (r"\.", "It only ends the data of COPY … FROM stdin: remove it."),
    (r"", "It only separates commands of psql: remove it."),
)
_DEFAULT_REMEDY: Final = "Write it as SQL, here or in a file of its own."

_DISPLAY_COMMANDS: Final = re.compile(
    r"[?CHTafhlptxz]|d\S*|conninfo|copyright|echo|errverbose|help|list|print|pset|qecho|restrict"
    r"|s[fv]\+?|timing|unrestrict|unset|warn"
)
_SENDING_COMMANDS: Final = re.compile(r"crosstabviewx?|g|gdesc|gexec|gset|gx|parse|watch")
_BEHAVIOR_VARIABLES: Final = frozenset(
    ("AUTOCOMMIT", "ON_ERROR_ROLLBACK", "SINGLELINE", "SINGLESTEP")
)


def remedy(name: str) -> str:
    """The hint for an unsupported command or variable, as written: ``\\\\i``, ``:'x'``."""
    bare = name.removeprefix("\\")
    return next((hint for names, hint in _REMEDIES if re.fullmatch(names, bare)), _DEFAULT_REMEDY)


@dataclass(frozen=True, slots=True)
class Command:
    """A backslash command: its name, its arguments as written, and the position after it."""

    name: str
    arguments: str
    end: int

    @property
    def sends(self) -> bool:
        """Whether the command sends the statement before it to the server, as ``\\g`` does."""
        return _SENDING_COMMANDS.fullmatch(self.name) is not None

    @property
    def variable(self) -> str | None:
        """The name of the variable that the command sets."""
        named = _ARGUMENT.match(self.arguments) if self.name == "set" else None
        return named.group().strip("'") if named else None

    @property
    def harmless(self) -> bool:
        """Whether leaving the command out changes only what psql displays."""
        if self.name == "g":
            return not self.arguments
        if self.name == "set":
            return self.variable not in _BEHAVIOR_VARIABLES
        if self.name == "encoding":
            return self.arguments.strip("'\"").lower() in ("", "utf8", "utf-8", "unicode")
        return _DISPLAY_COMMANDS.fullmatch(self.name) is not None


def read_command(text: str, position: int) -> Command:
    """The command whose backslash is at ``position``; it ends with its line or at ``\\\\``."""
    named = _NAME.match(text, position)
    after_name = named.end() if named else position + 1
    matched = _ARGUMENTS.match(text, after_name)
    end = matched.end() if matched else after_name
    arguments = text[after_name:end].removesuffix("\\\\").strip()
    return Command(named.group(1) if named else "", arguments, end)
