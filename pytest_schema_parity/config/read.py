"""Read a TOML table into a :class:`~pytest_schema_parity.config.model.Config`, and check it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.config.allow import read_allowances
from pytest_schema_parity.config.behavior import read_behavior
from pytest_schema_parity.config.matching import matching_files
from pytest_schema_parity.config.model import OLDEST, STATEMENT_TIMEOUT, Config, TreeConfig
from pytest_schema_parity.config.rehearsal import RehearsalConfig, read_rehearsals
from pytest_schema_parity.config.table import TomlTable
from pytest_schema_parity.schema.kinds import FAILING, IMPACTS, Impact

CONFIG_KEYS: Final = (
    "reference",
    "trees",
    "platform",
    "superuser",
    "postgres",
    "server",
    "fail_on",
    "seed",
    "allow",
    "rehearsal",
    "statement_timeout",
    "behavior",
)
TREE_KEYS: Final = ("path", "files", "layout", "platform", "superuser", "compare")
LONGEST_TIMEOUT: Final = 2_147_483
"""The longest ``statement_timeout`` that PostgreSQL accepts, in seconds."""
TREE_NAME: Final = re.compile(r"\w[\w.-]*")


def read_config(
    table: TomlTable, file: Path, file_name: str, added: Mapping[str, object] = MappingProxyType({})
) -> Config:
    """Read the configuration in a table; raises one ConfigError for all of its mistakes.

    ``added`` has the tables of further trees, by name, from a hook.
    """
    table.refuse_unknown_keys(*CONFIG_KEYS)
    platform = table.text("platform")
    trees = _read_trees(
        table, added, file.parent, platform=platform, superuser=table.flag("superuser", True)
    )
    names = [*_tree_names(table), *added]
    reference = _read_reference(table, names)
    rehearsals = read_rehearsals(table, names, file.parent)
    trees = _not_compared(table, trees, reference, rehearsals)
    compared = [name for name in names if name != reference]
    compared = [name for name in compared if name not in trees or trees[name].compare]
    subjects = [*compared, *(rehearsal.name for rehearsal in rehearsals)]
    config = Config(
        file=file,
        root=file.parent,
        header=table.header.strip("[]"),
        reference=reference,
        trees=trees,
        platform=platform,
        postgres=_read_postgres(table),
        server=_read_server(table),
        fail_on=_read_fail_on(table),
        seed=_read_seed(table, file.parent),
        allow=read_allowances(table, reference, subjects, file_name),
        rehearsals=rehearsals,
        statement_timeout=_read_timeout(table),
        behavior=read_behavior(table),
    )
    table.mistakes.check()
    return config


def _read_trees(
    table: TomlTable,
    added: Mapping[str, object],
    root: Path,
    *,
    platform: str | None,
    superuser: bool,
) -> dict[str, TreeConfig]:
    """Read all trees; refuse two with the same name, but for case, or the same files and rights."""
    trees: dict[str, TreeConfig] = {}
    sources: dict[object, str] = {}
    folded: dict[str, str] = {}
    if not added and table.values.get("trees", {}) == {}:
        table.refuse(
            "trees", f"there is no tree; add {_header_for(table, 'trees.NAME')} with a path"
        )
    for subtable in [*table.subtables("trees", form="table"), *_added_trees(table, added)]:
        name = str(subtable.path[-1])
        if name in trees:
            subtable.refuse(None, "is already a tree of the configuration; choose another name")
        tree = _read_tree(subtable, name, root, platform=platform, superuser=superuser)
        trees[name] = tree
        if (twin := folded.setdefault(name.casefold(), name)) != name:
            subtable.refuse(None, f'differs from "{twin}" in upper and lower case only; rename one')
        source = (_source_files(tree), tree.platform, tree.superuser)
        if source[0] and (twin := sources.setdefault(source, name)) != name:
            subtable.refuse(None, f'has the same files as "{twin}": the two can never differ')
    return trees


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
    """Read one tree; ``platform`` and ``superuser`` are the defaults."""
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
        platform=table.text("platform") or platform,
        superuser=table.flag("superuser", superuser),
        compare=table.flag("compare", True),
        line=table.mistakes.locator.line(table.path),
    )


def _not_compared(
    table: TomlTable,
    trees: Mapping[str, TreeConfig],
    reference: str,
    rehearsals: Sequence[RehearsalConfig],
) -> dict[str, TreeConfig]:
    """The trees; what a rehearsal starts from is not compared, unless its table says so."""
    given = table.values.get("trees")
    given = given if isinstance(given, dict) else {}
    upgraded = {rehearsal.source for rehearsal in rehearsals}
    found = {}
    for name, tree in trees.items():
        own = given.get(name)
        says = isinstance(own, dict) and "compare" in own
        compare = tree.compare and (says or name not in upgraded)
        if not tree.compare and name == reference:
            table.refuse("reference", f'"{name}" has compare = false; leave that out')
        found[name] = replace(tree, compare=compare)
    compared = any(tree.compare for tree in found.values() if tree.name != reference)
    if len(trees) > 1 and not (compared or rehearsals):
        table.refuse("trees", "every tree but the reference has compare = false; compare one")
    return found


def _tree_names(table: TomlTable) -> list[str]:
    """The names of all trees in the file, also of those that are not tables."""
    trees = table.values.get("trees")
    return list(trees) if isinstance(trees, dict) else []


def _source_files(tree: TreeConfig) -> tuple[str, ...] | None:
    """The normalised paths of a tree's files or directory; None if it has none."""
    files = tree.files or (() if tree.path is None else (tree.path,))
    return tuple(os.path.normpath(file) for file in files) or None


def _read_reference(table: TomlTable, trees: Sequence[str]) -> str:
    """Read the name of the reference tree, which has to be one of ``trees``."""
    if "reference" not in table.values:
        table.refuse("reference", 'is missing; name the tree that is right: reference = "NAME"')
    reference = table.text("reference")
    if reference is None or not trees:
        return reference or ""
    if table.one_of("reference", reference, trees) and len(trees) == 1:
        another = _header_for(table, "trees.NAME")
        table.refuse("trees", f'"{reference}" is the only tree; add {another}')
    return reference


def _read_postgres(table: TomlTable) -> int | None:
    """Read the major version, a number or a string."""
    value = table.values.get("postgres")
    if value is None:
        return None
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, str) and re.fullmatch("[0-9]{1,4}", value)):
        table.refuse("postgres", 'must be a major version: postgres = "17"')
        return None
    major = int(str(value))
    if major < OLDEST:
        table.refuse("postgres", f"{major} is not supported; the oldest is {OLDEST}")
    return major


def _read_fail_on(table: TomlTable) -> frozenset[Impact]:
    """Read the impacts that fail the gate."""
    if table.values.get("fail_on") == []:
        table.refuse("fail_on", "is empty: nothing would ever fail; name impacts, or leave it out")
        return FAILING
    names = table.texts("fail_on")
    if names is None:
        return FAILING
    impacts = (table.one_of("fail_on", name, IMPACTS) for name in names)
    return frozenset(impact for impact in impacts if impact)


def _read_seed(table: TomlTable, root: Path) -> tuple[str, ...]:
    """Read the glob patterns of seed files; refuse those that match no file."""
    patterns = table.texts("seed", single=True) or ()
    for pattern in patterns:
        if not matching_files(pattern, root):
            table.refuse("seed", f'"{pattern}" matches no file below {root}')
    return patterns


def _read_server(table: TomlTable) -> str | None:
    """Read the name of the fixture that provides an external server."""
    server = table.text("server")
    if server is not None and not server.isidentifier():
        remedy = 'must be the name of a pytest-postgresql fixture: server = "postgresql_noproc"'
        table.refuse("server", remedy)
    if server is not None and "postgres" in table.values:
        table.refuse("postgres", "cannot be combined with `server`; keep one")
    return server


def _read_timeout(table: TomlTable) -> float:
    """Read ``statement_timeout``, in seconds."""
    value = table.values.get("statement_timeout", STATEMENT_TIMEOUT)
    if isinstance(value, bool) or not isinstance(value, int | float):
        table.refuse("statement_timeout", "must be a number of seconds: statement_timeout = 60")
        return STATEMENT_TIMEOUT
    if not 0.001 <= value <= LONGEST_TIMEOUT:
        bounds = f"must be between 0.001 and {LONGEST_TIMEOUT} seconds"
        table.refuse("statement_timeout", bounds)
        return STATEMENT_TIMEOUT
    return float(value)


def _header_for(table: TomlTable, key: str) -> str:
    """The header of a table to add to the configuration."""
    return f"[{'.'.join(part for part in (table.header.strip('[]'), key) if part)}]"
