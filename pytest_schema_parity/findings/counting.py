"""Count findings for the first line of a failed check, which pytest's short summary shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from pytest_schema_parity.findings.finding import UNCHECKED, Finding
from pytest_schema_parity.findings.wording import change_rank, counted, kind_rank, plural
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Key
from pytest_schema_parity.showing import clean, printable

MOST_GROUPS: Final = 6
MOST_NAMES: Final = 3

_Group: TypeAlias = tuple[str, str, str]
"""A change, a kind and an attribute (empty if the whole thing is meant)."""


def findings_headline(findings: Iterable[Finding], tree: str) -> str:
    """The number of findings by kind in one line, with their names if they are few.

    Checks that could not be carried out come first, with the reason.
    """
    found = list(findings)
    if reason := next((each.title for each in found if each.change in UNCHECKED), None):
        return clean(reason.partition("\n")[0])
    text = f"{count_text(found)} in {printable(tree)}"
    names = dict.fromkeys(printable(finding.name) for finding in found)
    if len(names) <= MOST_NAMES:
        text = f"{text}: {', '.join(names)}"
    follow = sum(finding.consequence_of is not None for finding in found)
    if not follow:
        return text
    share = "all of them" if follow == len(found) > 1 else follow if len(found) > 1 else "this"
    return f"{text}; {share} may be caused by failed statements"


def count_text(findings: Iterable[Finding | Difference]) -> str:
    """``3 missing columns, 1 changed column default``."""
    groups = Counter[_Group]((each.change, each.kind, each.attribute or "") for each in findings)
    ordered = sorted(groups, key=_group_rank)
    parts = [_group_text(*group, groups[group]) for group in ordered[:MOST_GROUPS]]
    if rest := sum(groups[group] for group in ordered[MOST_GROUPS:]):
        parts.append(f"{rest} more")
    return ", ".join(parts)


def below_text(keys: Iterable[Key]) -> str:
    """``7 more below it: 5 columns, 2 indexes``: the facts that are reported with one."""
    kinds = Counter(printable(kind) for kind, _ in keys)
    parts = ", ".join(counted(kinds[kind], kind) for kind in sorted(kinds, key=kind_rank))
    return f"{kinds.total():,} more below it: {parts}"


def consequences_text(differences: Sequence[Difference]) -> str:
    """``9 consequences: 5 missing columns, 4 changed views (definition)``."""
    return f"{counted(len(differences), 'consequence')}: {count_text(differences)}"


def _group_text(change: str, kind: str, attribute: str, count: int) -> str:
    text = f"{count} {change} {plural(printable(kind), count)}"
    if not attribute or change != "changed" or attribute == plural(kind, 2):
        return text
    return f"{text} {printable(attribute)}" if count == 1 else f"{text} ({printable(attribute)})"


def _group_rank(group: _Group) -> tuple[object, ...]:
    change, kind, attribute = group
    return (change_rank(change), kind_rank(kind), attribute)
