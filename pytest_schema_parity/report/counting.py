"""Differences counted: what the first line of a check says, which a short summary shows alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from pytest_schema_parity.report.wording import CHANGE_ORDER, counted, kind_rank, plural
from pytest_schema_parity.schema.difference import Change, Difference
from pytest_schema_parity.schema.facts import Key
from pytest_schema_parity.showing import printable

MOST_GROUPS: Final = 6
MOST_NAMES: Final = 3


def headline(differences: Iterable[Difference], tree: str) -> str:
    """How many differences of what kind, in one line, and their names when they are few."""
    found = list(differences)
    text = f"{count_text(found)} in {printable(tree)}"
    names = dict.fromkeys(printable(difference.name) for difference in found)
    return f"{text}: {', '.join(names)}" if len(names) <= MOST_NAMES else text


def count_text(differences: Iterable[Difference]) -> str:
    """``3 missing columns, 1 changed column default``."""
    groups = Counter((d.change, d.kind, d.attribute or "") for d in differences)
    ordered = sorted(groups, key=_group_rank)
    parts = [_group_text(*group, groups[group]) for group in ordered[:MOST_GROUPS]]
    if rest := sum(groups[group] for group in ordered[MOST_GROUPS:]):
        parts.append(counted(rest, "other difference"))
    return ", ".join(parts)


def below_text(keys: Iterable[Key]) -> str:
    """``12 facts below it: 5 columns, 2 indexes``: what went with a fact."""
    kinds = Counter(printable(kind) for kind, _ in keys)
    parts = ", ".join(counted(kinds[kind], kind) for kind in sorted(kinds, key=kind_rank))
    return f"{counted(kinds.total(), 'fact')} below it: {parts}"


def _group_text(change: Change, kind: str, attribute: str, count: int) -> str:
    text = f"{count} {change} {plural(printable(kind), count)}"
    if not attribute or change != "changed":
        return text
    return f"{text} {printable(attribute)}" if count == 1 else f"{text} ({printable(attribute)})"


def _group_rank(group: tuple[Change, str, str]) -> tuple[object, ...]:
    change, kind, attribute = group
    return (CHANGE_ORDER.index(change), kind_rank(kind), attribute)
