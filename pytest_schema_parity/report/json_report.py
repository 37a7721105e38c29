"""The report as JSON: a contract that other tools rely on, see ``report_version``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.evidence import Excerpt, Locks, Rows, Script
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.findings.verdict import RunResults, TreeResults
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.report.json_differences import difference_entries
from pytest_schema_parity.report.json_entries import Entry, first_block, place_entry
from pytest_schema_parity.report.terminal_text import finding_lines
from pytest_schema_parity.showing import redact_value

REPORT_VERSION: Final = 1
OPENING: Final = '{\n  "report_version"'
"""How a report begins."""
MOST_ROWS: Final = 3
"""Rows that an outcome quotes."""


def report(run: RunResults) -> Entry:
    """The report's values, in a stable order and without passwords.

    ``findings``, of checks that have no list of their own, is there only if there are any.
    """
    found = [finding for tree in run.candidates.values() for finding in tree.findings]
    others = [finding for finding in found if _is_unlisted(finding)]
    entry: Entry = {
        "report_version": REPORT_VERSION,
        "reference": run.reference,
        "postgres": {"version": run.version, "from": run.source},
        "trees": {name: _tree_entry(tree) for name, tree in run.trees.items()},
        "differences": difference_entries(run),
        "behavior": [_behavior_entry(finding) for finding in found if _is_behavior(finding)],
        "allowances": list(_allowance_entries(found)),
        "checks": {name: dict(checks) for name, checks in run.checks.items()},
        **(
            {"findings": [_finding_entry(finding, run.reference) for finding in others]}
            if others
            else {}
        ),
        **({"locks": locks} if (locks := _lock_entries(found)) else {}),
        "incomplete": run.incomplete,
        "verdict": run.verdict,
    }
    return {key: redact_value(value) for key, value in entry.items()}


def render(run: RunResults) -> str:
    """The report as a text."""
    return json.dumps(report(run), indent=2, ensure_ascii=False) + "\n"


def _tree_entry(tree: TreeResults) -> Entry:
    broken = [finding for finding in tree.findings if finding.breaks]
    failures = [_failure_entry(finding) for finding in broken]
    notes = [each for each in tree.findings if each.difference is None and not each.breaks]
    return {
        "files": list(tree.files),
        "failures": [each for at, each in enumerate(failures) if each not in failures[:at]],
        "stand_ins": list(tree.stand_ins),
        "notes": [_note_text(finding) for finding in notes if not finding.fails],
    }


def _note_text(finding: Finding) -> str:
    if finding.allowed is None:
        return finding.title
    return f"{finding.title}, allowed: {finding.allowed}"


def _failure_entry(finding: Finding) -> Entry:
    """A failed statement; for a tree that could not be built, only the message is given."""
    excerpt, script = first_block(finding, Excerpt), first_block(finding, Script)
    outcome = script.outcomes[0][1] if script is not None else None
    return {
        "file": excerpt and excerpt.file,
        "line": excerpt and excerpt.line,
        "column": excerpt and excerpt.column,
        "statement": script and script.statements[0],
        "sqlstate": outcome and outcome.sqlstate,
        "message": outcome.text if outcome else finding.title,
        "hint": outcome and outcome.hint,
    }


def _allowance_entries(findings: list[Finding]) -> Iterator[Entry]:
    for finding in findings:
        if isinstance(allowance := finding.source, Allowance):
            yield {
                "tree": finding.tree,
                "reason": allowance.reason,
                "until": allowance.until and allowance.until.isoformat(),
                "state": finding.change,
                "place": place_entry(allowance.place),
            }


def _is_behavior(finding: Finding) -> bool:
    """Whether a finding shows a difference in behavior: by statements, or by rows."""
    shows = first_block(finding, Script) is not None or first_block(finding, Rows) is not None
    return shows and finding.fails and not finding.breaks


def _behavior_entry(finding: Finding) -> Entry:
    script, rows = first_block(finding, Script), first_block(finding, Rows)
    reference, tree, examples = "", "", 1
    if script is not None:
        reference, tree = (_outcome_text(script, side) for side in (0, 1))
        examples = script.examples
    elif rows is not None:
        reference = _rows_text(rows, rows.reference_count, rows.missing, "reference")
        tree = _rows_text(rows, rows.candidate_count, rows.extra, "candidate")
        examples = rows.reference_count + rows.candidate_count
    return {
        "tree": finding.tree,
        "subject": finding.name,
        "statements": list(script.statements) if script else [f"TABLE {finding.name}"],
        "reference": reference,
        "tree_outcome": tree,
        "examples": examples,
        **(_counterexample_fields(finding, rows) if script is not None and script.whole else {}),
    }


def _counterexample_fields(finding: Finding, rows: Rows | None) -> Entry:
    """The fields of generated statements only: the differences that explain them, the rows."""
    explained = [
        {"kind": each.kind, "name": each.name, "change": each.change, "attribute": each.attribute}
        for each in finding.explained_by
    ]
    entry: Entry = {"explained_by": explained}
    if rows is not None:
        sides = (("reference", "reference"), ("tree", "candidate"))
        entry["rows"] = {name: _row_entries(rows, side) for name, side in sides}
    return entry


def _row_entries(rows: Rows, side: str) -> list[Entry]:
    """The rows that only one side has, as far as the text shows them."""
    found = [getattr(pair, side) for pair in rows.pairs]
    return [dict(zip(rows.columns, row, strict=True)) for row in found if row is not None]


def _outcome_text(script: Script, side: int) -> str:
    """The outcome on a side of the last statement that ran there."""
    ran = [outcome for pair in script.outcomes if (outcome := pair[side]) is not None]
    return str(ran[-1]) if ran else "not run"


def _rows_text(rows: Rows, count: int, only: int, side: str) -> str:
    """``5 rows, 1 of them only here: {"points": "10"}``."""
    outcome = f"{counted(count, 'row')}, {only} of them only here"
    found = [pair.reference if side == "reference" else pair.candidate for pair in rows.pairs]
    quoted = [
        json.dumps(redact_value(dict(zip(rows.columns, row, strict=True))), ensure_ascii=False)
        for row in found
        if row is not None
    ]
    return f"{outcome}: {', '.join(quoted[:MOST_ROWS])}" if quoted else outcome


def _is_unlisted(finding: Finding) -> bool:
    """Whether a finding fails its check and is in none of the other lists of the report."""
    listed = finding.source is not None or finding.breaks or _is_behavior(finding)
    return finding.fails and not listed


def _finding_entry(finding: Finding, reference: str) -> Entry:
    return {
        "tree": finding.tree,
        "check": finding.check,
        "kind": finding.kind,
        "name": finding.name,
        "change": finding.change,
        "impact": finding.impact,
        "title": finding.title,
        "evidence": finding_lines(finding, reference=reference)[1:],
        "origin": {
            "reference": place_entry(finding.locations.reference),
            "tree": place_entry(finding.locations.tree),
        },
    }


def _lock_entries(findings: list[Finding]) -> list[Entry]:
    """What each statement of a rehearsed upgrade locks, in order."""
    return [
        {
            "tree": finding.tree,
            "step": row.step,
            "file": row.file,
            "line": row.line,
            "statement": row.statement,
            "milliseconds": row.milliseconds,
            "locks": dict(row.locks),
            "rewritten": list(row.rewritten),
            "scanned": list(row.scanned),
            "measured": row.measured,
        }
        for finding in findings
        if (block := first_block(finding, Locks)) is not None
        for row in block.rows
    ]
