"""An example, and the results of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.statements.outcome import StatementOutcome
from pytest_schema_parity.behavior.statements.statement import GeneratedStatement

RowsAsText: TypeAlias = tuple[tuple[str | None, ...], ...]


ResultPair: TypeAlias = "tuple[ExampleResult, ExampleResult]"


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """The outcome of each statement of an example, and the contents of relations at its end."""

    outcomes: tuple[StatementOutcome, ...]
    contents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """The rows of a table or view, or the SQLSTATE and the message where it cannot be read."""

    rows: RowsAsText
    sqlstate: str = ""
    message: str = ""


NOT_RUN: Final = ExampleResult((), ())
"""The result of an example that was left out, because another on its subject took too long."""


@dataclass(frozen=True, slots=True)
class Example:
    """Statements that run one after the other on empty tables; ``reads`` is compared at the end.

    ``subject`` is the table or view that the example is about, ``probe`` a description.
    With ``single_fault`` a row breaks one rule only: both sides should reject it for one reason.
    """

    subject: str
    probe: str
    statements: tuple[GeneratedStatement, ...]
    reads: tuple[str, ...] = ()
    single_fault: bool = False
