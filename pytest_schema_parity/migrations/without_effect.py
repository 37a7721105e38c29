"""The statements without effect after a failure (rolled back, or not run), with their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from pytest_schema_parity.migrations.statement import Statement

_NAME: Final = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')
_OBJECTS: Final = frozenset(
    {
        *("aggregate", "cast", "collation", "database", "domain", "extension", "function", "index"),
        *("language", "operator", "policy", "privileges", "procedure", "publication", "role"),
        *("routine", "rule", "schema", "sequence", "server", "statistics", "table", "trigger"),
        *("type", "user", "view", "wrapper"),
    }
)
_COMMENT: Final = re.compile(r"--[^\n\r]*|/\*.*?\*/", re.DOTALL)


class Lost(NamedTuple):
    """A statement without effect: its command, the kind of object, and the names in it.

    The command is empty for a file that cannot be split into statements.
    """

    command: str
    about: str
    names: frozenset[str]


def lost_statements(statements: Sequence[Statement], first: int = 0) -> tuple[Lost, ...]:
    """The statements from an index on, which were rolled back, or not run, after a failure."""
    return tuple(
        Lost(
            next(iter(one.words), ""),
            next((word for word in one.words if word in _OBJECTS), ""),
            names_in(one.text),
        )
        for one in statements[first:]
    )


def lost_text(text: str) -> tuple[Lost, ...]:
    """A whole file that was not run, as one statement."""
    return (Lost("", "", names_in(text)),)


def names_in(text: str) -> frozenset[str]:
    """The identifiers and key words in a text as the server reads them, except in comments."""
    return frozenset(
        quoted.replace('""', '"') if quoted else plain.lower()
        for quoted, plain in _NAME.findall(_COMMENT.sub(" ", text))
    )
