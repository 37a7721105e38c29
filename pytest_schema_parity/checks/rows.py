"""``rows``: the views of both trees give the same rows for the same seed data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pytest_schema_parity.behavior.row_comparison import RowProblem, RowsComparison, ViewRows
from pytest_schema_parity.behavior.rows import compare_rows
from pytest_schema_parity.checks.check import Check, Context
from pytest_schema_parity.findings.counting import findings_headline
from pytest_schema_parity.findings.evidence import Outcome, Rows, Script
from pytest_schema_parity.findings.finding import Finding, note_finding
from pytest_schema_parity.findings.kinds import ROWS
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.schema.difference import Origins
from pytest_schema_parity.showing import clean, printable

SUCCEEDS: Final = Outcome("succeeds")


def find(context: Context) -> Iterator[Finding]:
    """Compare the rows of all views that both trees have."""
    reference, tree = context.reference, context.tree
    compared = compare_rows(
        reference,
        tree,
        schemas={name: context.build(name).schema for name in (reference, tree)},
        copies=context.copies,
        seeds=context.config.seed_files,
        root=context.root,
        statement_timeout=context.config.statement_timeout,
    )
    return findings(compared)


def findings(compared: RowsComparison) -> Iterator[Finding]:
    """A finding for each statement that failed, each view whose rows differ, and each note."""
    reference, tree = compared.reference, compared.tree
    for problem in compared.problems:
        yield _problem_finding(problem, reference, tree)
    for view in compared.differing:
        yield _view_finding(view, reference, tree)
    for note in compared.notes:
        yield note_finding(tree, ROWS, ROWS, note)


def headline(failing: Sequence[Finding], tree: str) -> str:
    """Which views differ, and how many statements failed, with the first."""
    views = [finding.name for finding in failing if finding.kind == ROWS]
    problems = [finding for finding in failing if finding.kind == "statement"]
    if not (views or problems):
        return findings_headline(failing, tree)
    parts = []
    if views:
        names = ", ".join(map(clean, views[:3])) + (", …" if views[3:] else "")
        parts.append(
            f"the rows of {counted(len(views), 'view')} differ in {printable(tree)}: {names}"
        )
    if problems:
        first = clean(problems[0].title)
        parts.append(f"{counted(len(problems), 'statement')} failed: {first}")
    return "; ".join(parts)


def _problem_finding(problem: RowProblem, reference: str, tree: str) -> Finding:
    """The finding for a statement that failed while rows were loaded, refreshed or read."""
    refused = Outcome(problem.message, problem.sqlstate, problem.detail, problem.hint)
    outcomes = tuple(refused if name in problem.trees else SUCCEEDS for name in (reference, tree))
    where = str(problem.place) if problem.place else f"{problem.step} {problem.subject}"
    return Finding(
        tree=tree,
        check=ROWS,
        kind="statement",
        name=problem.subject,
        change="failed",
        impact="behavior",
        title=f"{where} in {', '.join(problem.trees)}: {refused}",
        evidence=(Script((problem.statement,), ((outcomes[0], outcomes[1]),)),),
        locations=Origins(problem.place, problem.place),
    )


def _view_finding(view: ViewRows, reference: str, tree: str) -> Finding:
    """The finding for a view whose rows differ."""
    return Finding(
        tree=tree,
        check=ROWS,
        kind=ROWS,
        name=view.name,
        change="changed",
        impact="behavior",
        title=f"the rows of {view.name} differ: "
        f"{counted(view.missing, 'row')} only in {reference} (of {view.reference_count}), "
        f"{counted(view.extra, 'row')} only in {tree} (of {view.candidate_count})",
        evidence=(
            Rows(
                columns=view.columns,
                pairs=view.differing,
                reference_count=view.reference_count,
                candidate_count=view.candidate_count,
                missing=view.missing,
                extra=view.extra,
            ),
        ),
    )


CHECK: Final = Check(
    names=(ROWS,), find=find, headline=headline, kinds=frozenset({ROWS}), costly=True
)
