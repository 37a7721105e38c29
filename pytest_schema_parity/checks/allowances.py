"""``allowances``: each allowance accepts a finding and has not expired."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from pytest_schema_parity.checks.check import Check, Context
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.counting import findings_headline
from pytest_schema_parity.findings.evidence import Text
from pytest_schema_parity.findings.finding import Finding, FindingChange
from pytest_schema_parity.findings.meant import guarded_values, names_meant, words_meant
from pytest_schema_parity.findings.wording import counted, place_text
from pytest_schema_parity.schema.difference import Origins
from pytest_schema_parity.showing import choice_of, clean, printable, value_text

NAME: Final = "allowances"
MOST_PLACES: Final = 3
"""So many locations stand in the headline."""
MOST_SUGGESTIONS: Final = 3
"""So many names, or values of a field, are suggested for a stale allowance."""


def find(context: Context) -> Iterator[Finding]:
    """Find the stale allowances and those that have expired."""
    stale, expired = context.stale_and_expired_allowances()
    found = context.findings_after_allowances()
    failures = _after_failures(context, stale, found) if stale else []
    return findings(context.tree, stale, expired, found, after_failures=failures)


def findings(
    tree: str,
    stale: Sequence[Allowance],
    expired: Sequence[Allowance],
    found: Collection[Finding] = (),
    *,
    after_failures: Collection[Allowance] = (),
) -> Iterator[Finding]:
    """A finding for each stale allowance, and for each that has expired.

    ``found`` are the findings of the tree: a stale allowance may mean one of them.  Those in
    ``after_failures`` are stale perhaps only because statements failed.
    """
    for allowance in stale:
        remedies = [_what_it_means(allowance, found)]
        if allowance in after_failures:
            remedies.insert(0, "this may be caused by failed statements")
        remedy = "; ".join(filter(None, remedies)) or "remove it"
        yield _finding(allowance, tree, "stale", f"stale: matches no difference; {remedy}")
    for allowance in expired:
        remark = (
            f"expired: allowed until {allowance.until}; fix the difference, or set a later date"
        )
        yield _finding(allowance, tree, "expired", remark)


def headline(failing: Sequence[Finding], tree: str) -> str:
    """How many allowances match nothing, how many have expired, and the locations of the first."""
    stale = sum(finding.change == "stale" for finding in failing)
    expired = sum(finding.change == "expired" for finding in failing)
    parts = []
    if stale:
        verb = "matches" if stale == 1 else "match"
        parts.append(f"{counted(stale, 'allowance')} {verb} nothing in {printable(tree)}")
    if expired:
        verb = "has expired" if expired == 1 else "have expired"
        parts.append(f"{counted(expired, 'allowance')} {verb}")
    if not parts:
        return findings_headline(failing, tree)
    places = [place_text(finding.locations.tree) for finding in failing[:MOST_PLACES]]
    more = ["…"] if len(failing) > MOST_PLACES else []
    return f"{', '.join(parts)}: {', '.join(places + more)}"


def pattern_text(allowance: Allowance) -> str:
    """What an allowance matches: ``extra policy public.users.*``."""
    a = allowance
    words = [a.change or "any difference in", a.attribute and f"{a.attribute} of", a.kind, a.name]
    text = " ".join(word for word in words if word)
    if a.actual is not None:
        text += f", if it is {value_text(a.actual)}"
    return clean(f"{text} ({a.impact})" if a.impact else text)


def _after_failures(
    context: Context, stale: Sequence[Allowance], found: Collection[Finding]
) -> list[Allowance]:
    """The allowances that might match if no statement had failed in a tree that they concern.

    Of a rehearsal, what has failed is in ``found``.
    """
    candidates = context.config.candidates
    if context.tree not in candidates:
        return [*stale] if any(finding.breaks for finding in found) else []
    trees = (context.reference, *candidates)
    failed = {tree for tree in trees if context.build(tree).failures}
    if context.reference in failed:
        return [*stale]
    return [each for each in stale if any(map(each.concerns, failed))]


def _what_it_means(allowance: Allowance, found: Collection[Finding]) -> str:
    """What to do about a stale allowance that probably means something else; empty if unknown."""
    if names := names_meant(allowance, found):
        return f"did you mean {choice_of(names[:MOST_SUGGESTIONS])}?"
    if meant := words_meant(allowance, found):
        field, words = meant
        return f"did you mean {field} = {choice_of(words[:MOST_SUGGESTIONS])}?"
    if guarded := guarded_values(allowance, found):
        field, value = guarded
        has = "the tree has" if field == "actual" else f"its {field} is"
        return f"{has} {value_text(value)} now: fix the difference, or accept it anew"
    return ""


def _finding(allowance: Allowance, tree: str, change: FindingChange, remark: str) -> Finding:
    return Finding(
        tree=tree,
        check=NAME,
        kind="allowance",
        name=pattern_text(allowance),
        change=change,
        title=f"{place_text(allowance.place)}: {remark}",
        evidence=(
            Text((f"allows  {pattern_text(allowance)}", f"reason  {clean(allowance.reason)}")),
        ),
        locations=Origins(tree=allowance.place),
        source=allowance,
    )


CHECK: Final = Check(
    names=(NAME,), find=find, headline=headline, roles=frozenset({"candidate", "rehearsal"})
)
