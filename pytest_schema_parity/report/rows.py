"""Rows of views that differ, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pytest_schema_parity.report.markup import Highlight, plain
from pytest_schema_parity.report.shapes import Row, RowFindings, RowPair, RowProblem, ViewRows
from pytest_schema_parity.report.wording import clean, clipped, counted, place_text, value_pair
from pytest_schema_parity.showing import HIDDEN, is_secret, printable, redact

INDENT: Final = "    "
MOST_PAIRS: Final = 5
"""Differing rows of one view that are shown."""
MOST_WIDTH: Final = 60
"""Characters of one value that are shown."""


def rows_lines(findings: RowFindings, *, highlight: Highlight = plain) -> list[str]:
    """What the check ``rows`` has to tell; empty when both trees give the same rows."""
    heads = []
    if findings.differing:
        names = ", ".join(clean(view.name) for view in findings.differing[:3])
        more = ", …" if findings.differing[3:] else ""
        heads.append(
            f"the rows of {counted(len(findings.differing), 'view')} differ in "
            f"{printable(findings.tree)}: {names}{more}"
        )
    if findings.problems:
        first = problem_text(findings.problems[0])
        heads.append(f"{counted(len(findings.problems), 'statement')} failed: {first}")
    lines = ["; ".join(heads)] if heads else []
    for problem in findings.problems:
        lines += ["", *_problem_lines(problem, highlight)]
    for view in findings.differing:
        lines += ["", *view_lines(view, findings.reference, findings.tree, highlight=highlight)]
    if findings.note:
        lines += ["", highlight("note", f"note: {clean(findings.note)}")]
    return lines if heads else lines[1:]


def problem_text(problem: RowProblem) -> str:
    """``REFRESH … of public.totals in prisma, supabase: division by zero (22012)``."""
    where = f"{problem.step} {clean(problem.subject)}"
    if problem.place is not None:
        where = place_text(problem.place)
    trees = printable(", ".join(problem.trees))
    text = f"{where} in {trees}: {clean(problem.message)}"
    return f"{text} ({printable(problem.sqlstate)})" if problem.sqlstate else text


def view_lines(
    view: ViewRows, reference: str, tree: str, *, highlight: Highlight = plain
) -> list[str]:
    """The rows of one view that differ: counts, then the rows beside each other."""
    reference, tree = printable(reference), printable(tree)
    head = (
        f"{highlight('name', clean(view.name))}: {counted(view.missing, 'row')} only in "
        f"{reference} (of {view.reference_count}), {counted(view.extra, 'row')} only in {tree} "
        f"(of {view.candidate_count})"
    )
    lines = [head]
    for pair in view.differing[:MOST_PAIRS]:
        body = _pair_lines(pair, view.columns, reference, tree, highlight)
        lines += (INDENT + line for line in body)
    shown = sum(pair.times * _sides(pair) for pair in view.differing[:MOST_PAIRS])
    if (more := view.missing + view.extra - shown) > 0:
        lines.append(f"{INDENT}… and {counted(more, 'row')} more, both trees counted")
    return lines


def _pair_lines(
    pair: RowPair, columns: Sequence[str], reference: str, tree: str, highlight: Highlight
) -> Iterator[str]:
    times = f"   ({pair.times} times)" if pair.times > 1 else ""
    if pair.reference is None or pair.candidate is None:
        side = tree if pair.reference is None else reference
        row = pair.candidate if pair.reference is None else pair.reference
        yield f"only in {side}: {_row_text(columns, row or ())}{times}"
        return
    cells = list(zip(columns, pair.reference, pair.candidate, strict=True))
    same = [(column, left) for column, left, right in cells if left == right]
    known = _row_text(*zip(*same, strict=True)) if same else "no column alike"
    yield f"row with {known}{times}"
    table = [("", reference, tree)]
    for column, left, right in cells:
        if left != right:
            table.append((clean(column), *_values(column, left, right)))
    widths = [max(len(line[cell]) for line in table) for cell in (0, 1)]
    for name, left, right in table:
        shown = f"{INDENT}{name:<{widths[0]}}  {left:<{widths[1]}}  {right}"
        yield highlight("heading", shown) if not name else shown


def _sides(pair: RowPair) -> int:
    return (pair.reference is not None) + (pair.candidate is not None)


def _values(column: str, left: str | None, right: str | None) -> tuple[str, str]:
    """Two values that differ, cut so that the difference stays in sight."""
    if is_secret(column):
        return f"{HIDDEN} (one value)", f"{HIDDEN} (another value)"
    shown = value_pair(_sql(left), _sql(right))
    if max(map(len, shown)) <= MOST_WIDTH:
        return shown
    start = next((at for at, (a, b) in enumerate(zip(*shown, strict=False)) if a != b), 0)
    cut = max(0, start - MOST_WIDTH // 3)
    lead = "…" if cut else ""
    return (
        clipped(lead + shown[0][cut:], MOST_WIDTH),
        clipped(lead + shown[1][cut:], MOST_WIDTH),
    )


def _row_text(columns: Sequence[str], row: Row) -> str:
    pairs = (
        f"{clean(column)} = {_cell(column, value)}"
        for column, value in zip(columns, row, strict=True)
    )
    return clipped(", ".join(pairs), 200)


def _cell(column: str, value: str | None) -> str:
    return HIDDEN if is_secret(column) else clipped(clean(_sql(value)), MOST_WIDTH)


def _sql(value: str | None) -> str:
    """A value that cannot be taken for NULL when it is none."""
    if value is None:
        return "NULL"
    return f"'{value}'" if value in ("", "NULL") else value


def _problem_lines(problem: RowProblem, highlight: Highlight) -> Iterator[str]:
    yield highlight("bad", problem_text(problem))
    statement = " ".join(redact(problem.statement).split())
    yield INDENT + clipped(printable(statement))
    for name, said in (("detail", problem.detail), ("hint", problem.hint)):
        if said:
            yield f"{INDENT}{name}: {clean(said)}"
