"""What a failure undoes: the names in the statements that did not stay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pytest_schema_parity.migrations.statement import Statement

_NAME: Final = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')
_COMMENT: Final = re.compile(r"--[^\n\r]*|/\*.*?\*/", re.DOTALL)


def lost_names(
    statements: Sequence[Statement], failed: Statement, *, before: bool
) -> tuple[frozenset[str], ...]:
    """The names in each statement that a failure undid or kept from running.

    ``before`` says whether the statements before the failed one were undone with it.
    """
    first = 0 if before else next(at for at, one in enumerate(statements) if one is failed)
    return tuple(names_in(one.text) for one in statements[first:])


def names_in(text: str) -> frozenset[str]:
    """The identifiers and key words in a text as the server reads them, comments aside."""
    return frozenset(
        quoted.replace('""', '"') if quoted else plain.lower()
        for quoted, plain in _NAME.findall(_COMMENT.sub(" ", text))
    )
