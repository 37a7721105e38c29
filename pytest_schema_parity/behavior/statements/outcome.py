"""The outcome of a statement: how many rows it affected, or the error and what raised it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

SEPARATOR: Final = "\x1f"
RETURNED: Final = "\x1e"
"""Separates the count of rows that a call returned, their hash and their text."""
ROUTINE: Final = re.compile(
    r"^(?:PL/pgSQL|SQL) function (\S*?)\(.*?\)(?: line (\d+))?", re.MULTILINE
)
TIMEOUT: Final = "57014"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementOutcome:
    """The outcome of a statement: ``rows`` affected, or an error (``rows`` None, ``sqlstate`` set).

    ``result`` is the hash of what a call returned, ``shown`` the beginning of its text.
    ``table``, ``constraint`` and ``column`` are those that the server names; ``routine`` is the
    function that raised the error, and the ``line`` of its body.
    """

    rows: int | None = None
    result: str = ""
    shown: str = field(default="", compare=False)
    sqlstate: str = ""
    message: str = field(default="", compare=False)
    table: str = ""
    constraint: str = ""
    column: str = ""
    routine: str = ""
    line: int | None = None

    @property
    def accepted(self) -> bool:
        """Whether the statement succeeded."""
        return self.rows is not None

    @property
    def is_raised(self) -> bool:
        """Whether the code of a routine raised the error itself, and not a constraint."""
        return bool(self.routine) and not (
            self.constraint and self.sqlstate[:2] == "23" and not self.line
        )

    @property
    def rejected_by(self) -> str:
        """The name of what rejected the statement: a constraint, a NOT NULL column, a routine."""
        if self.is_raised:
            return f"{self.routine}:{self.line}" if self.line else self.routine
        return self.constraint or self.column

    def __str__(self) -> str:
        if self.result:
            value = self.shown.removeprefix("(").removesuffix(")") if self.rows == 1 else self.shown
            return (value or "NULL") if self.rows == 1 else f"{self.rows} rows: {value}"
        if self.rows is not None:
            return f"{self.rows} row{'' if self.rows == 1 else 's'}"
        where = f" ({self.rejected_by})" if self.rejected_by else ""
        return f"{self.sqlstate} {self.message}{where}"


@lru_cache(maxsize=10_000)
def parse_outcome(text: str) -> StatementOutcome:
    """Parse the text that ``runner.sql`` returns for an outcome."""
    state, *rest = text.split(SEPARATOR)
    if not rest:
        count, *returned = state.split(RETURNED)
        result, shown = returned if len(returned) == 2 else ("", "")
        return StatementOutcome(rows=int(count), result=result, shown=shown)
    message, table, constraint, column, *context = rest
    found = _raised_by(SEPARATOR.join(context))
    if state == TIMEOUT:  # the line is a matter of chance
        found = found[0], None
    return StatementOutcome(
        sqlstate=state,
        message=message,
        table=table,
        constraint=constraint,
        column=column,
        routine=found[0],
        line=found[1],
    )


def timed_out() -> StatementOutcome:
    """The outcome of a statement that was cancelled because it took too long."""
    return StatementOutcome(
        sqlstate=TIMEOUT, message="canceling statement due to statement timeout"
    )


def _raised_by(context: str) -> tuple[str, int | None]:
    """The innermost function in an error's context, other than the runner's, and its line."""
    for match in ROUTINE.finditer(context):
        name, line = match.groups()
        if "schema_parity_run" not in name:
            return name, int(line) if line else None
    return "", None
