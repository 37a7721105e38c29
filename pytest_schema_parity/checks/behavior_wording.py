"""Format a counterexample of generated statements for a finding."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import psycopg

from pytest_schema_parity.behavior.row_pairs import pair_rows
from pytest_schema_parity.behavior.statements.counterexample import Counterexample
from pytest_schema_parity.behavior.statements.divergences import DifferingRows
from pytest_schema_parity.behavior.statements.generated_statement import GeneratedStatement
from pytest_schema_parity.findings.evidence import Outcome, Rows, Text
from pytest_schema_parity.findings.finding import Finding, note_finding
from pytest_schema_parity.findings.kinds import BEHAVIOR
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.showing import printable


def differing_rows(example: Counterexample) -> Rows:
    """The rows that differ in the end, those that are most alike beside each other."""
    assert example.rows is not None  # noqa: S101 - the caller looked
    missing, extra = Counter(example.rows.reference), Counter(example.rows.candidate)
    return Rows(
        columns=example.rows.columns,
        pairs=pair_rows(missing, extra),
        reference_count=example.rows.counts[0],
        candidate_count=example.rows.counts[1],
        missing=missing.total(),
        extra=extra.total(),
    )


def row_outcomes(found: DifferingRows) -> tuple[Outcome, Outcome]:
    """The outcome of reading the table or view on each side: a count of rows, or an error."""
    one, other = (
        Outcome(f"{sqlstate_text(state)}: {message}", sqlstate=state)
        if state
        else Outcome(counted(len(rows), "row"))
        for (state, message), rows in zip(
            found.errors, (found.reference, found.candidate), strict=True
        )
    )
    if any(state for state, _ in found.errors):
        return one, other
    return _row_count_outcome(found.counts[0], found.reference), _row_count_outcome(
        found.counts[1], found.candidate
    )


def sqlstate_text(sqlstate: str) -> str:
    """The name of an SQLSTATE; the SQLSTATE itself if it has no name."""
    return condition_name(sqlstate) or sqlstate


def _row_count_outcome(count: int, rows: Sequence[object]) -> Outcome:
    """``5 rows, 1 of them only here``: the count of a side, and of the rows that only it has."""
    return Outcome(f"{counted(count, 'row')}, {len(rows)} of them only here")


def differing_statement(example: Counterexample) -> GeneratedStatement:
    """The statement whose outcomes differ; the last one if rows differ."""
    for number, (one, other) in enumerate(example.outcomes):
        sides = [(each.accepted, each.rows, each.result, each.sqlstate) for each in (one, other)]
        if sides[0] != sides[1]:
            return example.parts[min(number, len(example.parts) - 1)]
    return example.parts[-1]


def statement_head(statement: GeneratedStatement) -> str:
    """``INSERT INTO public.submissions``: a statement without its values."""
    heads = {"insert": "INSERT INTO", "update": "UPDATE", "delete": "DELETE FROM"}
    if statement.kind == "other":
        return statement.text
    if statement.kind == "call":
        return statement.sql
    return f"{heads.get(statement.kind, statement.kind.upper())} {statement.table}"


def condition_name(sqlstate: str) -> str:
    """PostgreSQL's name of an SQLSTATE, as ``check_violation``; empty if there is none."""
    try:
        name = psycopg.errors.lookup(sqlstate).__name__
    except KeyError:
        return ""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def note(tree: str, name: str, title: str, lines: Sequence[str] = ()) -> Finding:
    """A finding that fails nothing."""
    evidence = (Text(tuple(map(printable, lines))),) if lines else ()
    return note_finding(tree, BEHAVIOR, BEHAVIOR, title, name=name, evidence=evidence)
