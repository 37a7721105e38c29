"""Words for counts and values: safe to print, and different for two values that differ."""

from __future__ import annotations

import json
from typing import Final

from pytest_schema_parity.schema.difference import Change
from pytest_schema_parity.schema.facts import Place, Value
from pytest_schema_parity.schema.kinds import KINDS
from pytest_schema_parity.showing import printable, redact_value, value_text

UNKNOWN_ORIGIN: Final = "origin unknown"
CHANGE_ORDER: Final[tuple[Change, ...]] = ("missing", "extra", "changed", "renamed")
KIND_ORDER: Final = {kind: rank for rank, kind in enumerate(KINDS)}
INVARIABLE_NOUNS: Final = ("statistics", "series", "rows")


def plural(noun: str, count: int) -> str:
    """``column`` or ``columns``, depending on the count."""
    if count == 1 or noun.endswith(INVARIABLE_NOUNS):
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


def counted(count: int, noun: str) -> str:
    """``1 column``, ``2 columns``."""
    return f"{count} {plural(noun, count)}"


def place_text(place: Place | None) -> str:
    """``file:line``, or that the location is unknown."""
    return UNKNOWN_ORIGIN if place is None else printable(str(place))


def value_pair(expected: Value, actual: Value) -> tuple[str, str]:
    """Two values that differ as texts that differ; as JSON if plain words would be equal."""
    texts = (value_text(expected), value_text(actual))
    if texts[0] == texts[1]:
        texts = (_json_text(expected), _json_text(actual))
    if texts[0] == texts[1]:
        texts = (f"{texts[0]} (one hidden text)", f"{texts[1]} (another hidden text)")
    return texts


def change_rank(change: str) -> int:
    """The sort key of a change, by :data:`CHANGE_ORDER`; unknown changes come last."""
    order: tuple[str, ...] = CHANGE_ORDER
    return order.index(change) if change in order else len(order)


def kind_rank(kind: str) -> tuple[int, str]:
    """The sort key of a kind, by :data:`KIND_ORDER`; unknown kinds come last, by name."""
    return (KIND_ORDER.get(kind, len(KIND_ORDER)), kind)


def _json_text(value: Value) -> str:
    return json.dumps(redact_value(value), sort_keys=True)
