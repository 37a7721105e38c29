"""The table ``behavior``: how generated statements are searched, checked."""

from __future__ import annotations

from typing import Final

from pytest_schema_parity.config.model import BehaviorConfig
from pytest_schema_parity.config.table import TomlTable, type_in_words

KEYS: Final = ("examples", "seconds", "seed", "roles")
MOST_EXAMPLES: Final = 100_000_000
MOST_SECONDS: Final = 86_400.0
LARGEST_SEED: Final = 2**63 - 1


def read_behavior(table: TomlTable) -> BehaviorConfig:
    """The settings of the check ``behavior``; ``behavior = false`` switches it off."""
    value = table.values.get("behavior", {})
    if value is False:
        return BehaviorConfig(examples=0)
    header = ".".join(part for part in (table.header.strip("[]"), "behavior") if part)
    if not isinstance(value, dict):
        remedy = f"write [{header}], or behavior = false to switch the check off"
        table.refuse("behavior", f"{type_in_words(value)} stands where a table should: {remedy}")
        return BehaviorConfig()
    own = TomlTable(value, (*table.path, "behavior"), f"[{header}]", table.mistakes)
    own.refuse_unknown_keys(*KEYS)
    default = BehaviorConfig()
    return BehaviorConfig(
        examples=_whole(own, "examples", default.examples, MOST_EXAMPLES),
        seconds=_seconds(own, default.seconds),
        seed=_whole(own, "seed", default.seed, LARGEST_SEED),
        roles=tuple(dict.fromkeys(own.texts("roles") or ())),
    )


def whole_number(value: object, most: int) -> int | None:
    """A whole number from 0 to the greatest that is allowed; None where it is none."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and isinstance(value, int) and 0 <= value <= most else None


def number_of_seconds(value: object) -> float | None:
    """A number of seconds above 0; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value <= MOST_SECONDS else None


def _whole(table: TomlTable, key: str, default: int, most: int) -> int:
    number = whole_number(table.values.get(key, default), most)
    if number is None:
        table.refuse(key, f"has to be a whole number from 0 to {most}: {key} = {default}")
        return default
    return number


def _seconds(table: TomlTable, default: float) -> float:
    number = number_of_seconds(table.values.get("seconds", default))
    if number is None:
        remedy = f"has to be a number of seconds above 0, at most {MOST_SECONDS:.0f}: seconds = 60"
        table.refuse("seconds", remedy)
        return default
    return number
