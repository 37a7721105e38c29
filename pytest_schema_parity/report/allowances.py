"""Allowances that no longer hold, as lines of text."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_schema_parity.report.markup import Highlight, plain
from pytest_schema_parity.report.wording import clean, counted, place_text, value_text
from pytest_schema_parity.schema.allowances import Allowance
from pytest_schema_parity.showing import printable


def allowance_lines(
    stale: Sequence[Allowance],
    expired: Sequence[Allowance],
    *,
    tree: str,
    highlight: Highlight = plain,
) -> list[str]:
    """What the check ``allowances`` has to tell; empty when all of them still hold."""
    tree = printable(tree)
    heads = []
    if stale:
        verb = "matches" if len(stale) == 1 else "match"
        heads.append(f"{counted(len(stale), 'allowance')} {verb} nothing in {tree}")
    if expired:
        verb = "is past its date" if len(expired) == 1 else "are past their dates"
        heads.append(f"{counted(len(expired), 'allowance')} {verb}")
    if not heads:
        return []
    places = ", ".join(place_text(allowance.place) for allowance in (*stale, *expired)[:3])
    lines = [f"{', '.join(heads)}: {places}"]
    for allowance in stale:
        lines += _entry(allowance, "stale: matches no difference; take it out", highlight)
    for allowance in expired:
        lines += _entry(
            allowance,
            f"expired: allowed until {allowance.until}; fix the difference, or set a later date",
            highlight,
        )
    return lines


def pattern_text(allowance: Allowance) -> str:
    """What an allowance matches: ``extra policy public.users.*``."""
    a = allowance
    words = [a.change or "any difference in", a.attribute and f"{a.attribute} of", a.kind, a.name]
    text = " ".join(word for word in words if word)
    if a.actual is not None:
        text += f", if it is {value_text(a.actual)}"
    return clean(f"{text} ({a.impact})" if a.impact else text)


def _entry(allowance: Allowance, verdict: str, highlight: Highlight) -> list[str]:
    return [
        "",
        f"{highlight('place', place_text(allowance.place))}: {verdict}",
        f"    allows  {pattern_text(allowance)}",
        f"    reason  {clean(allowance.reason)}",
    ]
