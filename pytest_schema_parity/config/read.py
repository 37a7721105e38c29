"""From the TOML table to a :class:`~pytest_schema_parity.config.model.Config`, checked whole."""

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
from pytest_schema_parity.config.model import STATEMENT_TIMEOUT, Config, TreeConfig, matching
from pytest_schema_parity.config.table import Table
from pytest_schema_parity.schema.kinds import FAILING, IMPACTS, Impact

KEYS: Final = (
    "reference",
    "trees",
    "platform",
    "superuser",
    "postgres",
    "server",
    "fail_on",
    "seed",
    "allow",
    "statement_timeout",
    "behavior",
)
TREE_KEYS: Final = ("path", "files", "layout", "platform", "superuser")
OLDEST: Final = 15
LONGEST_TIMEOUT: Final = 2_147_483
"""The longest ``statement_timeout`` that PostgreSQL takes, in seconds."""
TREE_NAME: Final = re.compile(r"\w[\w.-]*")


def read_config(
    table: Table, file: Path, shown: str, added: Mapping[str, object] = MappingProxyType({})
) -> Config:
    """The configuration that a table holds; raises one ConfigError for all of its mistakes.

    ``added`` are the tables of further trees, by name, which a hook gave.
    """
    table.know(*KEYS)
    platform = table.text("platform")
    trees = _read_trees(
        table, added, file.parent, platform=platform, superuser=table.flag("superuser", True)
    )
    names = [*_names(table), *added]
    reference = _read_reference(table, names)
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
        allow=read_allowances(table, reference, names, shown),
        statement_timeout=_read_timeout(table),
        behavior=read_behavior(table),
    )
    table.mistakes.check()
    return config


def _read_trees(
    table: Table,
    added: Mapping[str, object],
    root: Path,
    *,
    platform: str | None,
    superuser: bool,
) -> dict[str, TreeConfig]:
    trees: dict[str, TreeConfig] = {}
    sources: dict[object, str] = {}
    folded: dict[str, str] = {}
    if not added and table.values.get("trees", {}) == {}:
        table.refuse("trees", f"there is no tree; add {_header(table, 'trees.NAME')} with a path")
    for below in [*table.below("trees", form="table"), *_added_trees(table, added)]:
        name = str(below.path[-1])
        if name in trees:
            below.refuse(None, "is a tree of the configuration already; give yours another name")
        tree = _read_tree(below, name, root, platform=platform, superuser=superuser)
        trees[name] = tree
        if (twin := folded.setdefault(name.casefold(), name)) != name:
            below.refuse(None, f'differs from "{twin}" in upper and lower case only; rename one')
        source = (_source(tree), tree.platform, tree.superuser)
        if source[0] and (twin := sources.setdefault(source, name)) != name:
            below.refuse(None, f'has the very files of "{twin}": the two can never differ')
    return trees


def _added_trees(table: Table, added: Mapping[str, object]) -> Iterator[Table]:
    """The tables of the trees that a hook gave; they are told of by its name."""
    for name, values in added.items():
        header = f"pytest_schema_parity_trees: {name!r}"
        empty = Table({}, (*table.path, "trees", name), header, table.mistakes)
        if isinstance(values, Mapping):
            plain = {key: _plain(value) for key, value in values.items()}
            yield replace(empty, values=plain)
        else:
            empty.refuse(None, f"{values!r} stands where the keys of a tree should")


def _plain(value: object) -> object:
    """A value as TOML would hold it: a path as text, any sequence as a list."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item) for item in value]
    return value


def _read_tree(
    table: Table, name: str, root: Path, *, platform: str | None, superuser: bool
) -> TreeConfig:
    table.know(*TREE_KEYS)
    if not TREE_NAME.fullmatch(name):
        table.refuse(None, "a tree's name is made of letters, digits, underscores, dots and dashes")
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
        line=table.mistakes.locator.line(table.path),
    )


def _names(table: Table) -> list[str]:
    """The names of all trees, those that are no tables included."""
    trees = table.values.get("trees")
    return list(trees) if isinstance(trees, dict) else []


def _source(tree: TreeConfig) -> tuple[str, ...] | None:
    """What two trees may not share."""
    files = tree.files or (() if tree.path is None else (tree.path,))
    return tuple(os.path.normpath(file) for file in files) or None


def _read_reference(table: Table, trees: Sequence[str]) -> str:
    if "reference" not in table.values:
        table.refuse("reference", 'is missing; name the tree that is right: reference = "NAME"')
    reference = table.text("reference")
    if reference is None or not trees:
        return reference or ""
    if table.known("reference", reference, trees) and len(trees) == 1:
        another = _header(table, "trees.NAME")
        table.refuse("trees", f'"{reference}" has no tree to be compared with; add {another}')
    return reference


def _read_postgres(table: Table) -> int | None:
    value = table.values.get("postgres")
    if value is None:
        return None
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, str) and re.fullmatch("[0-9]{1,4}", value)):
        table.refuse("postgres", 'has to be a major version: postgres = "17"')
        return None
    major = int(str(value))
    if major < OLDEST:
        table.refuse("postgres", f"{major} is not supported; {OLDEST} is the oldest that is")
    return major


def _read_fail_on(table: Table) -> frozenset[Impact]:
    if table.values.get("fail_on") == []:
        table.refuse("fail_on", "is empty: nothing would ever fail; name impacts, or leave it out")
        return FAILING
    names = table.texts("fail_on")
    if names is None:
        return FAILING
    impacts = (table.known("fail_on", name, IMPACTS) for name in names)
    return frozenset(impact for impact in impacts if impact)


def _read_seed(table: Table, root: Path) -> tuple[str, ...]:
    patterns = table.texts("seed", single=True) or ()
    for pattern in patterns:
        if not matching(pattern, root):
            table.refuse("seed", f'"{pattern}" matches no file below {root}')
    return patterns


def _read_server(table: Table) -> str | None:
    server = table.text("server")
    if server is not None and not server.isidentifier():
        remedy = 'names a fixture of pytest-postgresql: server = "postgresql_noproc"'
        table.refuse("server", remedy)
    if server is not None and "postgres" in table.values:
        table.refuse("postgres", "cannot be chosen where `server` names the server; keep one")
    return server


def _read_timeout(table: Table) -> float:
    value = table.values.get("statement_timeout", STATEMENT_TIMEOUT)
    if isinstance(value, bool) or not isinstance(value, int | float):
        table.refuse("statement_timeout", "has to be a number of seconds: statement_timeout = 60")
        return STATEMENT_TIMEOUT
    if not 0.001 <= value <= LONGEST_TIMEOUT:
        bounds = f"has to lie between 0.001 and {LONGEST_TIMEOUT} seconds"
        table.refuse("statement_timeout", bounds)
        return STATEMENT_TIMEOUT
    return float(value)


def _header(table: Table, key: str) -> str:
    """The header of a table to be added."""
    return f"[{'.'.join(part for part in (table.header.strip('[]'), key) if part)}]"
