"""Read and check the array ``[[allow]]``: the differences that the team accepts."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from pytest_schema_parity.config.table import TomlTable, type_in_words
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.kinds import FINDING_KINDS, NAME_ALONE
from pytest_schema_parity.schema.difference import Change
from pytest_schema_parity.schema.facts import Place, Value
from pytest_schema_parity.schema.kinds import IMPACTS, KINDS
from pytest_schema_parity.showing import did_you_mean, suggestion

ALLOW_KEYS: Final = (
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
NARROWING_KEYS: Final = ("kind", "name", "change", "attribute", "impact")
FACT_KEYS: Final = ("change", "attribute", "actual", "impact")
CHANGES: Final[tuple[Change, ...]] = Change.__args__  # type: ignore[attr-defined]


def read_allowances(
    table: TomlTable, reference: str, candidates: Sequence[str], file: str
) -> tuple[Allowance, ...]:
    """Read the allowances of a configuration; a list of names gives one allowance a name.

    So does a list of trees.  ``candidates`` are the trees and rehearsals that have findings.
    """
    found: list[Allowance] = []
    for subtable in table.subtables("allow", form="tables"):
        subtable.refuse_unknown_keys(*ALLOW_KEYS)
        for tree in _read_trees(subtable):
            allowance = replace(_read_allowance(subtable), tree=tree)
            found += _for_each_name(allowance, subtable, file)
            if not candidates or any(map(allowance.concerns, candidates)):
                continue
            tree = tree or ""
            what = (
                "the reference, which cannot differ from itself" if tree == reference else "unknown"
            )
            subtable.refuse("tree", f'"{tree}" is {what}; {did_you_mean(tree, candidates)}')
    return tuple(found)


def _read_trees(table: TomlTable) -> Sequence[str | None]:
    """Read the trees of an allowance: one, several, or None for all."""
    if isinstance(table.values.get("tree"), list):
        return table.texts("tree") or ()
    return [table.text("tree")]


def _read_allowance(table: TomlTable) -> Allowance:
    """Read the keys of an allowance, except its tree, name and location."""
    if "reason" not in table.values:
        table.refuse(None, 'has no reason; say why the team accepts it: reason = "…"')
    narrowing = [key for key in NARROWING_KEYS if key in table.values]
    if not narrowing or (narrowing == ["name"] and _matches_everything(table.values["name"])):
        table.refuse(
            None, f"would allow every difference; restrict it by one of {', '.join(NARROWING_KEYS)}"
        )
    kind = _read_kind(table)
    for key in FACT_KEYS if kind in NAME_ALONE else ():
        if key in table.values:
            of = NAME_ALONE[str(kind)]
            table.refuse(key, f'cannot be used with kind = "{kind}"; use the name of {of}')
    return Allowance(
        reason=table.text("reason", required=True) or "",
        kind=kind,
        change=table.choice("change", CHANGES),
        attribute=table.text("attribute"),
        actual=_read_value(table, "actual", table.values.get("actual")),
        impact=table.choice("impact", IMPACTS),
        until=_read_date(table),
    )


def _for_each_name(allowance: Allowance, table: TomlTable, file: str) -> Iterator[Allowance]:
    """Yield the allowance once for each name in a list, with its line; else once, as it is."""
    line = table.mistakes.locator.line
    if "name" not in table.values:
        yield replace(allowance, place=Place(file, line(table.path)))
    elif isinstance(table.values["name"], list):
        for index, name in enumerate(table.texts("name") or ()):
            place = Place(file, line((*table.path, "name", index)))
            yield replace(allowance, name=name, place=place)
    else:
        yield replace(allowance, name=table.text("name"), place=Place(file, line(table.path)))


def _matches_everything(name: object) -> bool:
    """Whether a name, or one of a list of names, is a pattern that matches every name."""
    names = name if isinstance(name, list) else [name]
    return any(not str(one).strip("*") for one in names)


def _read_kind(table: TomlTable) -> str | None:
    """Read a kind.  An unknown one is allowed, unless it is similar to a known one."""
    kind = table.text("kind")
    kinds = (*KINDS, *FINDING_KINDS)
    if kind is not None and kind not in kinds and (similar := suggestion(kind, kinds)):
        table.refuse("kind", f'"{kind}" is unknown; did you mean "{similar}"?')
    return kind


def _read_value(table: TomlTable, key: str, value: object) -> Value:
    """Convert a TOML value to the value of a fact's attribute."""
    match value:
        case list():
            return [_read_value(table, key, one) for one in value]
        case dict():
            return {name: _read_value(table, key, one) for name, one in value.items()}
        case float() if not math.isfinite(value):
            table.refuse(key, f"{value} cannot be the value of an attribute")
        case None | bool() | int() | float() | str():
            return value
        case _:
            table.refuse(key, f"{type_in_words(value)} cannot be the value of an attribute")
    return None


def _read_date(table: TomlTable) -> date | None:
    """Read ``until``, a TOML date or a string."""
    value = table.values.get("until")
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
    table.refuse("until", "must be a date, the last day of the allowance: until = 2027-01-31")
    return None
