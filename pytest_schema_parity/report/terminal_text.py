"""Findings as lines of text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.findings.differences import title_of
from pytest_schema_parity.findings.evidence import Excerpt
from pytest_schema_parity.findings.finding import Finding, Result, cause_of
from pytest_schema_parity.findings.wording import counted, place_text, value_pair
from pytest_schema_parity.report.blocks import INDENT, WIDTH, BlockRenderer
from pytest_schema_parity.report.markup import Highlight, plain
from pytest_schema_parity.schema.difference import Difference, Rank
from pytest_schema_parity.schema.kinds import IMPACTS
from pytest_schema_parity.showing import clean, clipped, printable

MOST: Final = 50
"""Findings of a check that a terminal shows."""
MOST_PLACES: Final = 5
"""Further places of failures of one cause."""
REPORT: Final = "--schema-parity-report=json:PATH"
NO_COUNTEREXAMPLES: Final[Mapping[Rank, Finding]] = MappingProxyType({})


def result_lines(
    result: Result,
    *,
    reference: str,
    highlight: Highlight = plain,
    unfold: bool = False,
    most: int | None = None,
    bookkeeping: bool = True,
    counterexamples: Mapping[Rank, Finding] = NO_COUNTEREXAMPLES,
) -> list[str]:
    """The report of one check of one tree; empty when there is nothing to report.

    The first line counts what fails.  Findings that may be caused by a failed statement come after
    the others; notes, which fail nothing, follow below a heading.  With ``unfold``, the
    consequences of a finding are listed below it.  Of each part at most ``most`` findings are
    shown, the most severe.
    With ``bookkeeping``, a line at the top names what migration tools keep for themselves.
    ``counterexamples`` are the counterexamples by the ranks of the differences that explain them.
    """
    if result.outcome == "error":
        return [clean(line) for line in result.failing[0].title.splitlines()]
    page = _Page(reference, highlight, unfold, most, counterexamples)
    kept = bookkeeping_text(result.bookkeeping) if bookkeeping else ""
    top = [highlight("note", kept)] if kept else []
    lines: list[str] = []
    if failing := result.failing:
        own = [each for each in failing if each.consequence_of is None]
        follow = [each for each in failing if each.consequence_of is not None]
        lines += [result.headline, *top, *page.with_blank_lines(own)]
        if follow:
            lines += [
                "",
                highlight("note", _consequences_heading(len(follow), others=bool(own))),
                *page.title_lines(follow),
            ]
        if result.advice:
            lines += ["", *map(clean, result.advice.splitlines())]
    if notes := result.notes:
        subject = "it does" if len(notes) == 1 else "they do"
        heading = f"{counted(len(notes), 'note')} ({subject} not fail the check):"
        lines += ["", highlight("note", heading), *page.without_blank_lines(notes)]
    return lines if failing else [*top, *lines[0 if top else 1 :]]


def bookkeeping_text(findings: Sequence[Finding]) -> str:
    """``bookkeeping of migration tools, not compared: …`` with names and tools; empty for none."""
    kept = dict.fromkeys(
        f"{clean(each.name)} ({each.difference.tool})" for each in findings if each.difference
    )
    return f"bookkeeping of migration tools, not compared: {', '.join(kept)}" if kept else ""


def _consequences_heading(count: int, *, others: bool) -> str:
    which = f"{count} more" if others else f"{count}"
    return f"{which} that may be caused by a failed statement:"


@dataclass(frozen=True, slots=True)
class _Page:
    """Lays out findings; if there are more than ``most``, only the most severe."""

    reference: str
    highlight: Highlight
    unfold: bool
    most: int | None
    counterexamples: Mapping[Rank, Finding]

    def with_blank_lines(self, findings: Sequence[Finding]) -> Iterator[str]:
        """Each finding after an empty line; failures of one cause once, with all their places."""
        groups: dict[object, list[Finding]] = {}
        for finding in findings:
            groups.setdefault(cause_of(finding), []).append(finding)
        leaders = [group[0] for group in groups.values()]
        for finding in self._most_severe(leaders):
            yield ""
            yield from self._lines(finding)
            if others := groups[cause_of(finding)][1:]:
                yield INDENT + f"the same in {counted(len(others), 'more statement')}:"
                places = [place_text(each.locations.tree) for each in others]
                shown = places if self.unfold else places[:MOST_PLACES]
                yield from (INDENT * 2 + self.highlight("place", place) for place in shown)
                if len(places) > len(shown):
                    yield f"{INDENT * 2}… and {len(places) - len(shown)} more"
        yield from self._left_out(leaders, [""])

    def without_blank_lines(self, findings: Sequence[Finding]) -> Iterator[str]:
        """Each finding right after the other."""
        for finding in self._most_severe(findings):
            yield from self._lines(finding)
        yield from self._left_out(findings, [])

    def title_lines(self, findings: Sequence[Finding]) -> Iterator[str]:
        """A line for each finding, with the location of the failure that may have caused it."""
        for finding in self._most_severe(findings):
            title = _highlighted_title(
                finding, clean(finding.title.partition("\n")[0]), self.highlight
            )
            yield f"{INDENT}{title}   {place_text(finding.consequence_of)}"
        yield from self._left_out(findings, [])

    def _lines(self, finding: Finding) -> list[str]:
        lines = finding_lines(
            finding, reference=self.reference, highlight=self.highlight, unfold=self.unfold
        )
        if finding.difference and (shown := self.counterexamples.get(finding.difference.rank)):
            lines.append(f"{INDENT}behaves differently: {clean(shown.title)}")
        return lines

    def _most_severe(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        """The most severe findings, in the order in which they were found."""
        if self.most is None or len(findings) <= self.most:
            return findings
        ranks = {impact: rank for rank, impact in enumerate(IMPACTS)}
        order = sorted(
            range(len(findings)), key=lambda at: ranks.get(findings[at].impact or "behavior", 0)
        )
        return [findings[at] for at in sorted(order[: self.most])]

    def _left_out(self, findings: Sequence[Finding], before: list[str]) -> Iterator[str]:
        """How many findings are left out, and where they are."""
        if self.most is not None and len(findings) > self.most:
            more = len(findings) - self.most
            yield from before
            yield f"… and {more} more, all in the report ({REPORT}) and with -vv"


def finding_lines(
    finding: Finding, *, reference: str, highlight: Highlight = plain, unfold: bool = False
) -> list[str]:
    """One finding: its title, the evidence, and with ``unfold`` its consequences."""
    first, *further = map(clean, finding.title.splitlines() or [""])
    lines = [_highlighted_title(finding, first, highlight), *further]
    for line in BlockRenderer(finding, reference, highlight).lines():
        lines.append((INDENT + line).rstrip())
    if unfold and finding.difference is not None:
        lines += [INDENT * 2 + clean(line) for line in part_lines(finding.difference)]
    return lines


def part_lines(difference: Difference) -> Iterator[str]:
    """A line for each difference that was folded into this one, with both values."""
    described = set()
    for one in difference.parts:
        described.add(one.key)
        title = title_of(one)
        if one.change in ("changed", "renamed"):
            expected, actual = value_pair(one.expected, one.actual)
            title += f"   {clipped(expected, WIDTH // 2)} → {clipped(actual, WIDTH // 2)}"
        yield " ".join(title.split("\n"))
    yield from (
        f"{kind} {name}" for kind, name in difference.below if (kind, name) not in described
    )


def _highlighted_title(finding: Finding, title: str, highlight: Highlight) -> str:
    """The title with its location or the name in it highlighted, and the impact."""
    location = next((loc for loc in _locations(finding) if title.startswith(loc)), None)
    name = clean(finding.name)
    if location is not None:
        title = highlight("place", location) + title[len(location) :]
    elif name and name in title:
        before, _, after = title.partition(name)
        title = f"{before}{highlight('name', name)}{after}"
    if finding.allowed is not None:
        return f"{title}, allowed: {clean(finding.allowed)}"
    shows_impact = finding.difference is not None and finding.impact != "behavior"
    return f"{title}   ({finding.impact})" if shows_impact else title


def _locations(finding: Finding) -> Iterator[str]:
    """The locations with which a title may begin: ``file:line``, ``file:line:column``."""
    for block in finding.evidence:
        if isinstance(block, Excerpt):
            yield printable(str(block))
    if finding.locations.tree is not None:
        yield place_text(finding.locations.tree)
