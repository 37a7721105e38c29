"""The table ``behavior``: how generated statements are searched, checked."""

from __future__ import annotations

from typing import Final

from pytest_schema_parity.config.model import BehaviorConfig
from pytest_schema_parity.config.table import MOST_EXAMPLES, TomlTable, type_in_words

BEHAVIOR_KEYS: Final = ("examples", "seconds", "seed", "roles")
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
        table.refuse("behavior", f"{type_in_words(value)} instead of a table: {remedy}")
        return BehaviorConfig()
    own = TomlTable(value, (*table.path, "behavior"), f"[{header}]", table.mistakes)
    own.refuse_unknown_keys(*BEHAVIOR_KEYS)
    default = BehaviorConfig()
    return BehaviorConfig(
        examples=own.whole("examples", default.examples, MOST_EXAMPLES),
        seconds=_read_seconds(own, default.seconds),
        seed=own.whole("seed", default.seed, LARGEST_SEED),
        roles=_read_roles(own),
    )


def _read_roles(table: TomlTable) -> tuple[str, ...]:
    """The roles, without repetition; SET ROLE "none" leaves the superuser in place."""
    roles = tuple(dict.fromkeys(table.texts("roles") or ()))
    if "none" in roles:
        remedy = "remove it; statements run as the superuser in any case"
        table.refuse("roles", f'"none" is not a role (SET ROLE none resets the role): {remedy}')
    return roles


def number_of_seconds(value: object) -> float | None:
    """The value as a number of seconds above 0; None if it is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value <= MOST_SECONDS else None


def _read_seconds(table: TomlTable, default: float) -> float:
    number = number_of_seconds(table.values.get("seconds", default))
    if number is None:
        remedy = f"has to be a number of seconds above 0, at most {MOST_SECONDS:.0f}: seconds = 60"
        table.refuse("seconds", remedy)
        return default
    return number
