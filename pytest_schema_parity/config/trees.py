"""Read the tables ``[trees.NAME]``, and those that hooks add, and check their sources."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from pytest_schema_parity.config.known_values import KnownValues
from pytest_schema_parity.config.model import RehearsalConfig, TreeConfig
from pytest_schema_parity.config.table import TomlTable, header_for

TREE_KEYS: Final = ("path", "files", "layout", "platform", "superuser", "compare")
NEEDS_OWN_SERVER: Final = (
    "needs its own server, because it changes roles and settings: remove the key `server`"
)
TREE_NAME: Final = re.compile(r"\w[\w.-]*")


def read_trees(
    table: TomlTable,
    added: Mapping[str, object],
    root: Path,
    platform: str | None,
    known: KnownValues | None,
) -> dict[str, TreeConfig]:
    """Read all trees; refuse two with the same files and rights, or names equal except for case.

    ``platform`` is that of trees that name none.
    """
    superuser = table.flag("superuser", True)
    if "server" in table.values and not superuser:
        table.refuse("superuser", NEEDS_OWN_SERVER)
    trees: dict[str, TreeConfig] = {}
    sources: dict[object, str] = {}
    folded: dict[str, str] = {}
    if not added and table.values.get("trees", {}) == {}:
        table.refuse(
            "trees", f"there is no tree; add {header_for(table, 'trees.NAME')} with a path"
        )
    for subtable in [*table.subtables("trees", form="table"), *_added_trees(table, added)]:
        name = str(subtable.path[-1])
        if name in trees:
            subtable.refuse(None, "is already a tree of the configuration; choose another name")
        own = read_platform(subtable, known, server="server" in table.values)
        tree = _read_tree(subtable, name, root, platform=own or platform, superuser=superuser)
        trees[name] = tree
        if known is not None and ((tree.path is None) != (tree.files is None)):
            for key, remedy in known.mistakes_in_tree(tree):
                subtable.refuse(key, remedy)
        if (twin := folded.setdefault(name.casefold(), name)) != name:
            subtable.refuse(None, f'differs from "{twin}" only in case; rename one')
        source = (_source_files(tree), tree.platform, tree.superuser)
        if source[0] and (twin := sources.setdefault(source, name)) != name:
            subtable.refuse(
                None, f'has the same files as "{twin}", so they cannot differ; remove one'
            )
    return trees


def read_platform(
    table: TomlTable, known: KnownValues | None, *, server: bool | None = None
) -> str | None:
    """The platform that a table names; ``server`` is whether a fixture's server is used."""
    name = table.text("platform")
    if name is None or known is None or table.one_of("platform", name, known.platforms) is None:
        return name
    server = "server" in table.values if server is None else server
    if server and name not in known.server_platforms:
        table.refuse("platform", f'"{name}" {NEEDS_OWN_SERVER}')
    return name


def _added_trees(table: TomlTable, added: Mapping[str, object]) -> Iterator[TomlTable]:
    """The tables of the trees from a hook; mistakes in them name the hook."""
    for name, values in added.items():
        header = f"pytest_schema_parity_trees: {name!r}"
        empty = TomlTable({}, (*table.path, "trees", name), header, table.mistakes)
        if isinstance(values, Mapping):
            plain = {key: _as_toml(value) for key, value in values.items()}
            yield replace(empty, values=plain)
        else:
            empty.refuse(None, f"{values!r} instead of the keys of a tree")


def _as_toml(value: object) -> object:
    """A Python value as its TOML equivalent: paths become strings, sequences become lists."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_as_toml(item) for item in value]
    return value


def _read_tree(
    table: TomlTable, name: str, root: Path, *, platform: str | None, superuser: bool
) -> TreeConfig:
    """Read one tree on a platform; ``superuser`` is the default."""
    table.refuse_unknown_keys(*TREE_KEYS)
    if not TREE_NAME.fullmatch(name):
        table.refuse(None, "a tree's name may have letters, digits, underscores, dots and dashes")
    if ("path" in table.values) == ("files" in table.values):
        has = "has both path and files; keep" if "path" in table.values else "has no source; give"
        table.refuse(None, f'{has} path = "DIRECTORY" or files = ["FIRST.sql", "SECOND.sql"]')
    path = table.text("path")
    files = table.texts("files")
    for twice in sorted({file for file in files or () if files and files.count(file) > 1}):
        table.refuse("files", f'lists "{twice}" more than once')
    return TreeConfig(
        name=name,
        path=None if path is None else root / path,
        files=None if files is None else tuple(root / file for file in files),
        layout=table.text("layout"),
        platform=platform,
        superuser=table.flag("superuser", superuser),
        compare=table.flag("compare", True),
        line=table.mistakes.locator.line(table.path),
    )


def not_compared(
    table: TomlTable,
    trees: Mapping[str, TreeConfig],
    reference: str,
    rehearsals: Sequence[RehearsalConfig],
) -> dict[str, TreeConfig]:
    """The trees; the source of a rehearsal is not compared, unless its table has ``compare``."""
    given = table.values.get("trees")
    given = given if isinstance(given, dict) else {}
    upgraded = {rehearsal.source for rehearsal in rehearsals}
    found = {}
    for name, tree in trees.items():
        own = given.get(name)
        says = isinstance(own, dict) and "compare" in own
        compare = tree.compare and (says or name not in upgraded)
        if not tree.compare and name == reference:
            table.refuse("reference", f'"{name}" cannot have compare = false; remove it')
        found[name] = replace(tree, compare=compare)
    compared = any(tree.compare for tree in found.values() if tree.name != reference)
    if len(trees) > 1 and not (compared or rehearsals):
        table.refuse("trees", "every tree but the reference has compare = false; compare one")
    return found


def tree_names(table: TomlTable) -> list[str]:
    """The names of all trees in the file, also of those that are not tables."""
    trees = table.values.get("trees")
    return list(trees) if isinstance(trees, dict) else []


def _source_files(tree: TreeConfig) -> tuple[str, ...] | None:
    """The normalised paths of a tree's files or directory; None if it has none."""
    files = tree.files or (() if tree.path is None else (tree.path,))
    return tuple(os.path.normpath(file) for file in files) or None
