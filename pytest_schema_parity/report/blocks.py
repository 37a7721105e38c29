"""The blocks of evidence as lines of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from pytest_schema_parity.findings.evidence import (
    Evidence,
    Excerpt,
    Locks,
    Outcome,
    Rows,
    Script,
    Sql,
    Text,
    Values,
)
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.findings.wording import counted, place_text, value_pair
from pytest_schema_parity.report.markup import Highlight, Markup, plain
from pytest_schema_parity.report.row_lines import rows_lines
from pytest_schema_parity.report.sql_diff import format_sql, sql_diff
from pytest_schema_parity.schema.facts import Value
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.showing import clean, clean_lines, clipped, printable, redact, value_text

INDENT: Final = "    "
MOST_ITEMS: Final = 3
"""The length of a list beyond which the items that only one side has are listed separately."""
WIDEST_VALUE: Final = 48
"""The longest value that is on one line with its origin, in characters."""
WIDTH: Final = 100
"""Characters of a line of a file, or of a statement, that are shown."""
MOST_SQL_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class BlockRenderer:
    """Renders the evidence of one finding; ``reference`` names the reference tree."""

    finding: Finding
    reference: str
    highlight: Highlight = plain

    def lines(self) -> Iterator[str]:
        """The lines of all blocks, not indented."""
        for block in self.finding.evidence:
            yield from self._block_lines(block)

    def _block_lines(self, block: Evidence) -> Iterator[str]:
        match block:
            case Values():
                yield from self._value_lines(block)
            case Sql():
                labels = [f"{label}  {place}" for label, place in self._sides()]
                yield from sql_diff(
                    block.expected,
                    block.actual,
                    labels=(labels[0], labels[1]),
                    highlight=self.highlight,
                )
            case Rows():
                yield from rows_lines(
                    block, self.reference, self.finding.tree, highlight=self.highlight
                )
            case Script():
                yield from self._script_lines(block)
            case Excerpt():
                yield from _excerpt_lines(block, self.highlight)
            case Text():
                yield from map(clean, block.lines)
            case Locks():
                yield from map(clean, _lock_lines(block))

    def _sides(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """The label of each side, padded, and the location there."""
        finding = self.finding
        reference, tree = printable(self.reference), printable(finding.tree)
        width = max(len(reference), len(tree))
        places = [
            place_text(each) for each in (finding.locations.reference, finding.locations.tree)
        ]
        if finding.change in ("missing", "extra"):
            places[finding.change == "missing"] = "-"
        return (f"{reference:<{width}}", places[0]), (f"{tree:<{width}}", places[1])

    def _value_lines(self, block: Values) -> Iterator[str]:
        finding = self.finding
        if finding.change not in ("missing", "extra"):
            yield from self._side_lines(value_pair(block.expected, block.actual))
            yield from self._unshared_items(block.expected, block.actual)
            return
        yield from self._side_lines(("", ""))
        missing = finding.change == "missing"
        location = finding.locations.reference if missing else finding.locations.tree
        if location is None:
            yield from _definition_lines(finding.kind, block.expected if missing else block.actual)

    def _side_lines(self, values: tuple[str, str]) -> Iterator[str]:
        """Label, value and location of both sides; long values go below their location."""
        width = max(map(len, values))
        markups: tuple[Markup, Markup] = ("reference", "tree")
        for markup, (label, place), value in zip(markups, self._sides(), values, strict=True):
            coloured = self.highlight(markup, label)
            where = self.highlight("place", place)
            if width > WIDEST_VALUE:
                yield f"{coloured}  {where}"
                yield f"{' ' * len(label)}  {value}"
            else:
                yield f"{coloured}  {value:<{width}}  {where}" if width else f"{coloured}  {where}"

    def _unshared_items(self, expected: Value, actual: Value) -> Iterator[str]:
        """Lines with the items that only one of two long lists has."""
        if not (isinstance(expected, list) and isinstance(actual, list)):
            return
        if max(len(expected), len(actual)) > MOST_ITEMS:
            for name, own, other in (
                (self.reference, expected, actual),
                (self.finding.tree, actual, expected),
            ):
                if only := [item for item in own if item not in other]:
                    yield f"only in {printable(name)}: {value_text(only)}"

    def _script_lines(self, block: Script) -> Iterator[str]:
        """Each statement, and its outcome unless the title has it already."""
        excerpts = [each for each in self.finding.evidence if isinstance(each, Excerpt)]
        is_shown = any(each.before is not None for each in excerpts)
        if block.whole:
            sizes = f"{counted(len(block.statements), 'statement')}"
            yield f"the smallest example ({sizes}, found after {block.examples:,} examples):"
        for statement, outcomes in zip(block.statements, block.outcomes, strict=True):
            if block.whole:
                yield printable(redact(statement))
            elif statement and not is_shown:
                yield clipped(printable(" ".join(redact(statement).split())), WIDTH)
            if not excerpts:
                yield from self._outcome_lines(outcomes)
            for outcome in dict.fromkeys(filter(None, outcomes)):
                yield from _detail_and_hint(outcome, self.finding.title)

    def _outcome_lines(self, outcomes: tuple[Outcome | None, Outcome | None]) -> Iterator[str]:
        """A line for each side."""
        markups: tuple[Markup, Markup] = ("reference", "tree")
        for markup, (label, _), outcome in zip(markups, self._sides(), outcomes, strict=True):
            if outcome is not None:
                yield f"{INDENT}{self.highlight(markup, label)}  {clean(str(outcome))}"


def _detail_and_hint(outcome: Outcome, title: str) -> Iterator[str]:
    """The server's detail and hint, unless the title has the hint already."""
    if outcome.detail:
        yield f"detail: {clean(outcome.detail)}"
    if outcome.hint and outcome.hint[1:] not in title:
        yield f"hint: {clean(outcome.hint)}"


def _excerpt_lines(excerpt: Excerpt, highlight: Highlight) -> Iterator[str]:
    """The line of the mistake with a caret below it."""
    if excerpt.before is None or excerpt.after is None:
        return
    before, after = (clean_lines(part)[0] for part in (excerpt.before, excerpt.after))
    if len(before) > WIDTH // 2:
        before = f"…{before[1 - WIDTH // 2 :]}"
    margin = f"{excerpt.line} | "
    yield margin + clipped(before + after, WIDTH)
    yield " " * (len(margin) + _width(before)) + highlight("bad", "^")


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: wide characters take two, accents none."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def _definition_lines(kind: str, fact: Value) -> Iterator[str]:
    """The long SQL of a fact whose location is unknown."""
    for attribute in sorted(kind_of(kind).sql):
        sql = fact.get(attribute) if isinstance(fact, dict) else None
        if isinstance(sql, str):
            lines = format_sql(sql)
            yield from (INDENT + line for line in lines[:MOST_SQL_LINES])
            if len(lines) > MOST_SQL_LINES:
                yield f"{INDENT}… and {len(lines) - MOST_SQL_LINES} lines more"


def _lock_lines(block: Locks) -> Iterator[str]:
    """A line for each step, and one for each statement that locks, rewrites or scans a table."""
    for step, group in groupby(block.rows, key=lambda row: row.step):
        rows = list(group)
        yield f"{step}  {sum(row.milliseconds for row in rows):.0f} ms"
        for row in rows:
            parts = [f"{mode} on {name}" for name, mode in row.locks]
            parts += [f"{name} rewritten" for name in row.rewritten]
            parts += [f"{name} scanned" for name in row.scanned]
            if not row.measured:
                parts.append("cannot be done in a transaction: not measured")
            if parts:
                yield f"  line {row.line}: {', '.join(parts)}  ({row.milliseconds:.1f} ms)"
