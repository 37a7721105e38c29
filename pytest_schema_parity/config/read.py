"""Read a TOML table into a :class:`~pytest_schema_parity.config.model.Config`, and check it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.config.allow import read_allowances
from pytest_schema_parity.config.behavior import read_behavior
from pytest_schema_parity.config.glob_files import matching_files
from pytest_schema_parity.config.known_values import KnownValues
from pytest_schema_parity.config.model import OLDEST, STATEMENT_TIMEOUT, Config
from pytest_schema_parity.config.rehearsal import read_rehearsals
from pytest_schema_parity.config.table import TomlTable, header_for
from pytest_schema_parity.config.trees import not_compared, read_platform, read_trees, tree_names
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
LONGEST_TIMEOUT: Final = 2_147_483
"""The longest ``statement_timeout`` that PostgreSQL accepts, in seconds."""


def read_config(
    table: TomlTable,
    file: Path,
    file_name: str,
    added: Mapping[str, object] = MappingProxyType({}),
    known: KnownValues | None = None,
) -> Config:
    """Read the configuration in a table; raises one ConfigError for all of its mistakes.

    ``added`` has the tables of further trees, by name, from a hook.  With ``known``, mistakes in
    the names of platforms and layouts, and in files, are found, too.
    """
    table.refuse_unknown_keys(*CONFIG_KEYS)
    platform = read_platform(table, known)
    trees = read_trees(table, added, file.parent, platform, known)
    names = [*tree_names(table), *added]
    reference = _read_reference(table, names)
    rehearsals = read_rehearsals(table, names, file.parent, known)
    trees = not_compared(table, trees, reference, rehearsals)
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


def _read_reference(table: TomlTable, trees: Sequence[str]) -> str:
    """Read the name of the reference tree, which has to be one of ``trees``."""
    if "reference" not in table.values:
        table.refuse("reference", 'is missing; name the reference tree: reference = "NAME"')
    reference = table.text("reference")
    if reference is None or not trees:
        return reference or ""
    if table.one_of("reference", reference, trees) and len(trees) == 1:
        another = header_for(table, "trees.NAME")
        table.refuse(
            "trees",
            f'"{reference}" is the only tree, so there is nothing to compare; add {another}',
        )
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
        table.refuse("fail_on", "is empty, so nothing could fail; list impacts, or remove the key")
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
    """Read the name of the fixture that provides an external server; None if absent.

    Adds a mistake if it is not an identifier, or if ``postgres`` is given, too.
    """
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
