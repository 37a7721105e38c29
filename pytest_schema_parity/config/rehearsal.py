"""The table ``[rehearsal]``, or the array ``[[rehearsal]]``: upgrades to rehearse, checked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from pytest_schema_parity.config.glob_files import matching_files
from pytest_schema_parity.config.known_values import KnownValues
from pytest_schema_parity.config.model import LOCK_MODES, REHEARSED_EXAMPLES, RehearsalConfig
from pytest_schema_parity.config.table import MOST_EXAMPLES, TomlTable

REHEARSAL_KEYS: Final = (
    "name",
    "from",
    "steps",
    "to",
    "seed",
    "max_lock",
    "no_rewrite",
    "examples",
)
TABLE_KEY: Final = "rehearsal"
"""The key of the table, and the name of a rehearsal without a ``name``."""
NAME: Final = re.compile(r"\w[\w.-]*")


def read_rehearsals(
    table: TomlTable, trees: Sequence[str], root: Path, known: KnownValues | None = None
) -> tuple[RehearsalConfig, ...]:
    """The rehearsals of a configuration with these trees; mistakes go into the table's list."""
    found: dict[str, RehearsalConfig] = {}
    for below in _rehearsal_tables(table):
        below.refuse_unknown_keys(*REHEARSAL_KEYS)
        rehearsal = _read_rehearsal(below, trees, root)
        steps = below.values.get("steps")
        if known is not None and isinstance(steps, str) and steps.strip():
            mistake = known.mistake_in_steps(rehearsal.steps)
            if mistake is not None:
                below.refuse("steps", mistake)
        if rehearsal.name in found:
            taken = f'another rehearsal is named "{rehearsal.name}"'
            below.refuse(None, f"{taken}; give each a different `name`")
        elif rehearsal.name in trees:
            below.refuse(None, f'"{rehearsal.name}" is the name of a tree; choose another name')
        found[rehearsal.name] = rehearsal
    return tuple(found.values())


def _rehearsal_tables(table: TomlTable) -> Iterator[TomlTable]:
    """One table, or those of an array."""
    value = table.values.get(TABLE_KEY)
    if isinstance(value, dict):
        dotted = ".".join(part for part in (table.header.strip("[]"), TABLE_KEY) if part)
        yield TomlTable(value, (*table.path, TABLE_KEY), f"[{dotted}]", table.mistakes)
    else:
        yield from table.subtables(TABLE_KEY, form="tables")


def _read_rehearsal(table: TomlTable, trees: Sequence[str], root: Path) -> RehearsalConfig:
    own = table.text("name")
    if own is not None and not NAME.fullmatch(own):
        table.refuse("name", "may only have letters, digits, underscores, dots and dashes")
    source = _read_tree(table, "from", "the tree that is deployed", trees)
    target = _read_tree(table, "to", "the tree that the upgraded database must match", trees)
    if source and source == target:
        table.refuse("to", f'"{target}" is the value of `from`, too; name another tree')
    if "steps" not in table.values:
        table.refuse("steps", 'is missing; give the directory: steps = "sql/upgrade"')
    return RehearsalConfig(
        name=TABLE_KEY if own is None else f"{TABLE_KEY}-{own}",
        source=source,
        steps=root / (table.text("steps") or ""),
        target=target,
        seed=_read_seed(table, root),
        max_lock=table.choice("max_lock", LOCK_MODES),
        no_rewrite=table.flag("no_rewrite", False),
        examples=table.whole("examples", REHEARSED_EXAMPLES, MOST_EXAMPLES),
        line=table.mistakes.locator.line(table.path),
    )


def _read_tree(table: TomlTable, key: str, what: str, trees: Collection[str]) -> str:
    if key not in table.values:
        table.refuse(key, f'is missing; name {what}: {key} = "NAME"')
    name = table.text(key)
    if name is None or not trees:
        return name or ""
    return table.one_of(key, name, trees) or name


def _read_seed(table: TomlTable, root: Path) -> tuple[Path, ...] | None:
    """The files of the seed; none of them if the list is empty, None without the key."""
    if table.values.get("seed") in (None, []):
        return None if "seed" not in table.values else ()
    files: list[Path] = []
    for pattern in table.texts("seed", single=True) or ():
        found = matching_files(pattern, root)
        if not found:
            table.refuse("seed", f'"{pattern}" matches no file below {root}')
        files += found
    return tuple(dict.fromkeys(files))
