"""The report as JSON: a contract that other tools rely on, see ``report_version``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.report.run import RunReport, TreeReport
from pytest_schema_parity.report.shapes import RowFindings, RowPair, RowProblem, ViewRows
from pytest_schema_parity.report.wording import counted
from pytest_schema_parity.schema.allowances import Allowance
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Place
from pytest_schema_parity.showing import redact_value

REPORT_VERSION: Final = 1
MOST_ROWS: Final = 3
"""Rows that an outcome quotes."""

Entry: TypeAlias = dict[str, Any]
"""A JSON object."""


def report(run: RunReport) -> Entry:
    """The report's values, in a stable order and without passwords."""
    entry: Entry = {
        "report_version": REPORT_VERSION,
        "reference": run.reference,
        "postgres": {"version": run.version, "from": run.source},
        "trees": {name: _tree(tree) for name, tree in run.trees.items()},
        "differences": [
            entry for name, tree in run.candidates.items() for entry in _differences(name, tree)
        ],
        "behavior": [
            entry
            for tree in run.candidates.values()
            if tree.rows is not None
            for entry in _behavior(tree.rows)
        ],
        "allowances": [
            _allowance(name, allowance, state)
            for name, tree in run.candidates.items()
            for state, allowances in (("stale", tree.stale), ("expired", tree.expired))
            for allowance in allowances
        ],
        "checks": {name: dict(checks) for name, checks in run.checks.items()},
        "incomplete": run.incomplete,
        "verdict": run.verdict,
    }
    return {key: redact_value(value) for key, value in entry.items()}


def render(run: RunReport) -> str:
    """The report as a text."""
    return json.dumps(report(run), indent=2, ensure_ascii=False) + "\n"


def _tree(tree: TreeReport) -> Entry:
    failures = [_failure(failure) for failure in tree.failures]
    if tree.error is not None:
        blank = dict.fromkeys(("file", "line", "column", "statement", "sqlstate"))
        failures.append({**blank, "message": tree.error, "hint": None})
    return {
        "files": list(tree.files),
        "failures": failures,
        "stand_ins": list(tree.stand_ins),
        "notes": [tree.rows.note] if tree.rows is not None and tree.rows.note else [],
    }


def _failure(failure: Failure) -> Entry:
    return {
        "file": failure.file,
        "line": failure.line,
        "column": failure.column,
        "statement": failure.statement,
        "sqlstate": failure.sqlstate,
        "message": failure.message,
        "hint": failure.hint,
    }


def _differences(name: str, tree: TreeReport) -> Iterator[Entry]:
    """Every difference of a tree, the allowed ones with the reason, in the order of the text."""
    found: list[tuple[Difference, str | None]] = [(d, None) for d in tree.comparison or ()]
    found += [(difference, allowance.reason) for difference, allowance in tree.allowed]
    for difference, reason in sorted(found, key=lambda pair: pair[0].rank):
        yield {
            "tree": name,
            "kind": difference.kind,
            "name": difference.name,
            "change": difference.change,
            "attribute": difference.attribute,
            "expected": difference.expected,
            "actual": difference.actual,
            "impact": difference.impact,
            "origin": {
                "reference": _place(difference.origin.reference),
                "tree": _place(difference.origin.tree),
            },
            "allowed": reason,
        }


def _allowance(name: str, allowance: Allowance, state: str) -> Entry:
    return {
        "tree": name,
        "reason": allowance.reason,
        "until": allowance.until and allowance.until.isoformat(),
        "state": state,
        "place": _place(allowance.place),
    }


def _place(place: Place | None) -> Entry | None:
    return None if place is None else {"file": place.file, "line": place.line}


def _behavior(rows: RowFindings) -> Iterator[Entry]:
    for problem in rows.problems:
        yield {
            "tree": rows.tree,
            "subject": problem.subject,
            "statements": [problem.statement],
            "reference": _outcome(problem, rows.reference),
            "tree_outcome": _outcome(problem, rows.tree),
            "examples": 1,
        }
    for view in rows.differing:
        yield {
            "tree": rows.tree,
            "subject": view.name,
            "statements": [f"TABLE {view.name}"],
            "reference": _rows(view, view.reference_count, view.missing, "reference"),
            "tree_outcome": _rows(view, view.candidate_count, view.extra, "candidate"),
            "examples": view.reference_count + view.candidate_count,
        }


def _outcome(problem: RowProblem, tree: str) -> str:
    if tree not in problem.trees:
        return "succeeds"
    return f"{problem.message} ({problem.sqlstate})" if problem.sqlstate else problem.message


def _rows(view: ViewRows, count: int, only: int, side: str) -> str:
    """``5 rows, 1 row only here: {"points": "10"}``."""
    outcome = f"{counted(count, 'row')}, {only} of them only here"
    quoted = [text for pair in view.differing if (text := _row(view, pair, side))]
    return f"{outcome}: {', '.join(quoted[:MOST_ROWS])}" if quoted else outcome


def _row(view: ViewRows, pair: RowPair, side: str) -> str | None:
    row = pair.reference if side == "reference" else pair.candidate
    if row is None:
        return None
    cells = redact_value(dict(zip(view.columns, row, strict=True)))
    return json.dumps(cells, ensure_ascii=False)
