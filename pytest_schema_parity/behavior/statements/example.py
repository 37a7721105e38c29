"""An example: statements that run on empty tables; and its results."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.statements.generated_statement import GeneratedStatement
from pytest_schema_parity.behavior.statements.outcome import StatementOutcome

SET_ROLE: Final = "SET ROLE "
RESET_ROLE: Final = "RESET ROLE"

RowsAsText: TypeAlias = tuple[tuple[str | None, ...], ...]
ResultPair: TypeAlias = "tuple[ExampleResult, ExampleResult]"


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """The outcome of each statement of an example, and the contents of relations at its end."""

    outcomes: tuple[StatementOutcome, ...]
    contents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """The rows of a table or view, or the SQLSTATE and the message if it cannot be read."""

    rows: RowsAsText
    sqlstate: str = ""
    message: str = ""


def read_of(result: ExampleResult) -> Read:
    """The rows, or the error, in the result of an example that reads one relation."""
    content = "\n".join(result.contents)
    if content.startswith("error "):
        _, sqlstate, message = content.split(" ", 2)
        return Read((), sqlstate, message)
    return Read(tuple(map(tuple, json.loads(content))) if content.startswith("[") else ())


NOT_RUN: Final = ExampleResult((), ())
"""The result of a skipped example: an earlier one about the same subject was too slow."""


@dataclass(frozen=True, slots=True)
class Example:
    """Statements that run one after the other on empty tables.

    The rows of the relations that it ``reads`` are compared at the end.  ``subject`` is the table,
    view or routine that it is about, ``probe`` a description.  With ``single_fault`` a row breaks
    one rule only: both sides should reject it with the same error.
    """

    subject: str
    probe: str
    statements: tuple[GeneratedStatement, ...]
    reads: tuple[str, ...] = ()
    single_fault: bool = False

    @property
    def role(self) -> str:
        """The role that some of the statements run as, quoted if needed; empty if none does."""
        roles = (each.text for each in self.statements if each.kind == "role")
        return next(roles, "").removeprefix(SET_ROLE)

    @property
    def reads_as_role(self) -> bool:
        """Whether a role is still set when tables and views are read."""
        roles = [each.text for each in self.statements if each.kind == "role"]
        return bool(roles) and roles[-1] != RESET_ROLE

    @property
    def acts_as_role(self) -> bool:
        """Whether a role runs one of the statements, or reads at the end."""
        at = [place for place, each in enumerate(self.statements) if each.kind == "role"]
        return bool(at) and (at[-1] - at[0] >= len(at) or self.reads_as_role)
