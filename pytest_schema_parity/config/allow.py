"""The array ``[[allow]]``: what the team accepts, checked."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from pytest_schema_parity.config.table import Table, named
from pytest_schema_parity.findings.allowances import BEHAVIOR, ROWS, Allowance
from pytest_schema_parity.schema.difference import Change
from pytest_schema_parity.schema.facts import Place, Value
from pytest_schema_parity.schema.kinds import IMPACTS, KINDS
from pytest_schema_parity.showing import did_you_mean, nearest

KEYS: Final = (
    "reason",
    "tree",
    "kind",
    "name",
    "change",
    "attribute",
    "actual",
    "impact",
    "until",
)
NARROWING: Final = ("kind", "name", "change", "attribute", "impact")
OF_FACTS: Final = ("change", "attribute", "actual", "impact")
OF_NAMES: Final = {ROWS: "the view", BEHAVIOR: "the table or view"}
"""The kinds of findings that have no facts of a catalog, and what their names are."""
CHANGES: Final[tuple[Change, ...]] = Change.__args__  # type: ignore[attr-defined]


def read_allowances(
    table: Table, reference: str, trees: Sequence[str], file: str
) -> tuple[Allowance, ...]:
    """The allowances of a configuration; one that lists several names is one for each of them."""
    candidates = [name for name in trees if name != reference]
    found: list[Allowance] = []
    for below in table.below("allow", form="tables"):
        below.know(*KEYS)
        allowance = _read_allowance(below)
        found += _place(allowance, below, file)
        if candidates and not any(map(allowance.concerns, candidates)):
            tree = allowance.tree or ""
            what = "the reference, which differs from nothing" if tree == reference else "unknown"
            below.refuse("tree", f'"{tree}" is {what}; {did_you_mean(tree, candidates)}')
    return tuple(found)


def _read_allowance(table: Table) -> Allowance:
    """An allowance that has no name and no place yet."""
    if "reason" not in table.values:
        table.refuse(None, 'has no reason; say why the team accepts it: reason = "…"')
    narrowing = [key for key in NARROWING if key in table.values]
    if not narrowing or (narrowing == ["name"] and _is_any(table.values["name"])):
        table.refuse(
            None, f"would allow every difference; narrow it by one of {', '.join(NARROWING)}"
        )
    kind = _read_kind(table)
    for key in OF_FACTS if kind in OF_NAMES else ():
        if key in table.values:
            of = OF_NAMES[str(kind)]
            table.refuse(key, f'says nothing of {kind}; narrow kind = "{kind}" by the name of {of}')
    return Allowance(
        reason=table.text("reason") or "",
        tree=table.text("tree"),
        kind=kind,
        change=table.choice("change", CHANGES),
        attribute=table.text("attribute"),
        actual=_read_value(table, "actual", table.values.get("actual")),
        impact=table.choice("impact", IMPACTS),
        until=_read_date(table),
    )


def _place(allowance: Allowance, table: Table, file: str) -> Iterator[Allowance]:
    """The allowance of each name, where the name stands."""
    line = table.mistakes.locator.line
    if "name" not in table.values:
        yield replace(allowance, place=Place(file, line(table.path)))
    elif isinstance(table.values["name"], list):
        for index, name in enumerate(table.texts("name") or ()):
            place = Place(file, line((*table.path, "name", index)))
            yield replace(allowance, name=name, place=place)
    else:
        yield replace(allowance, name=table.text("name"), place=Place(file, line(table.path)))


def _is_any(name: object) -> bool:
    names = name if isinstance(name, list) else [name]
    return any(not str(one).strip("*") for one in names)


def _read_kind(table: Table) -> str | None:
    """A kind: one that is compared by name alone need not be known, but a slip is recognised."""
    kind = table.text("kind")
    kinds = (*KINDS, *OF_NAMES)
    if kind is not None and kind not in kinds and (near := nearest(kind, kinds)):
        table.refuse("kind", f'"{kind}" is unknown; did you mean "{near}"?')
    return kind


def _read_value(table: Table, key: str, value: object) -> Value:
    """A value as the catalog's facts may have it."""
    match value:
        case list():
            return [_read_value(table, key, one) for one in value]
        case dict():
            return {name: _read_value(table, key, one) for name, one in value.items()}
        case float() if not math.isfinite(value):
            table.refuse(key, f"holds {value}, which no attribute is")
        case None | bool() | int() | float() | str():
            return value
        case _:
            table.refuse(key, f"holds {named(value)}, which no attribute is")
    return None


def _read_date(table: Table) -> date | None:
    value = table.values.get("until")
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
    table.refuse("until", "has to be a date, the last day on which it is allowed: 2027-01-31")
    return None
