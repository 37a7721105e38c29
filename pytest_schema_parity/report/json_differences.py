"""The list ``differences`` of the JSON report."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_schema_parity.findings.evidence import Script
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.findings.verdict import RunResults
from pytest_schema_parity.report.json_entries import Entry, first_block, place_entry
from pytest_schema_parity.schema.difference import Difference


def difference_entries(run: RunResults) -> list[Entry]:
    """Every difference, the allowed ones with the reason, in the order of the text."""
    entries: list[Entry] = []
    for tree in run.candidates.values():
        found = [(each.difference, each) for each in tree.findings if each.difference is not None]
        shown = tree.counterexamples
        for difference, finding in sorted(found, key=lambda pair: pair[0].rank):
            entries.append(
                {
                    "tree": finding.tree,
                    "kind": finding.kind,
                    "name": finding.name,
                    "change": finding.change,
                    "attribute": finding.attribute,
                    "expected": difference.expected,
                    "actual": difference.actual,
                    "impact": finding.impact,
                    "origin": {
                        "reference": place_entry(finding.locations.reference),
                        "tree": place_entry(finding.locations.tree),
                    },
                    "allowed": finding.allowed,
                    **_optional_fields(difference, finding, shown.get(difference.rank)),
                }
            )
    return entries


def _optional_fields(
    difference: Difference, finding: Finding, counterexample: Finding | None
) -> Entry:
    """What only some differences have: why they weigh less, what follows, what is behind.

    ``counterexample`` is the finding of the check ``behavior`` that the difference explains.
    """
    entry: Entry = {}
    if counterexample is not None and (script := first_block(counterexample, Script)) is not None:
        entry["counterexample"] = {
            "title": counterexample.title,
            "statements": list(script.statements),
        }
    if difference.why:
        entry["why"] = difference.why
    if difference.tool:
        entry["bookkeeping_of"] = difference.tool
    if below := [*map(_part_entry, difference.parts), *_undescribed_facts(difference)]:
        entry["below"] = below
    if finding.consequence_of is not None:
        entry["consequence_of"] = place_entry(finding.consequence_of)
    return entry


def _part_entry(part: Difference) -> Entry:
    return {
        "kind": part.kind,
        "name": part.name,
        "change": part.change,
        "attribute": part.attribute,
        "expected": part.expected,
        "actual": part.actual,
        "impact": part.impact,
        "origin": {
            "reference": place_entry(part.origin.reference),
            "tree": place_entry(part.origin.tree),
        },
    }


def _undescribed_facts(difference: Difference) -> Iterator[Entry]:
    """The facts below that no part describes, each by kind and name only."""
    described = {part.key for part in difference.parts}
    for kind, name in difference.below:
        if (kind, name) not in described:
            yield {"kind": kind, "name": name}
