"""The worked example's upgrade on throw-away databases: its steps, and what a database holds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from pytest_schema_parity import Schema, read_schema
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import clone_database, drop_database

SQL: Final = Path(__file__).parents[2] / "sql"
UPGRADE: Final = SQL / "supabase/upgrade"
LATER: Final = UPGRADE / "later/001_retire_compatibility"
FAIL: Final = ("00004_points_policies.sql", "20250903100000_add_admin_query_indexes.sql")
"""The archived files that failed when they were deployed, and left nothing behind."""

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the upgrade: its files."""

    name: str
    up: Path
    down: Path

    @property
    def check(self) -> Path:
        """What fails until the step is done, and changes nothing."""
        return self.up.with_name(f"{self.name}.check.sql")


def steps() -> list[Step]:
    """The steps in order."""
    names = [file.name.removesuffix(".up.sql") for file in sorted(UPGRADE.glob("*.up.sql"))]
    return [Step(name, UPGRADE / f"{name}.up.sql", UPGRADE / f"{name}.down.sql") for name in names]


def deployed_files() -> list[Path]:
    """The archive in the order in which it was deployed, as far as it applied."""
    trees = tomllib.loads((SQL / "archive.toml").read_text(encoding="utf-8"))["trees"]
    files = [SQL / name for name in trees["deployed"]["files"]]
    return [file for file in files if file.name not in FAIL]


def seed_files() -> list[Path]:
    """Rows in the old shape: those of the trees that the archive can hold, and those of before."""
    return sorted((SQL / "seed").glob("0[1-7]_*.sql")) + sorted(SQL.glob("seed/deployed/*.sql"))


def run(conninfo: str, *files: Path) -> None:
    """Execute files as psql does, each in a session of its own; the first error ends it."""
    for file in files:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(file.read_bytes())


def make_database(cluster: Cluster, name: str, files: Sequence[Path]) -> str:
    """A database of the platform with these files, as ``postgres``; returns its conninfo."""
    clone_database(cluster, "postgres", name)
    conninfo = cluster.conninfo(name, user="postgres")
    run(conninfo, *files)
    return conninfo


@contextmanager
def copy(cluster: Cluster, source: str, name: str) -> Iterator[str]:
    """A copy of a database, dropped afterwards."""
    clone_database(cluster, source, name)
    try:
        yield cluster.conninfo(name, user="postgres")
    finally:
        drop_database(cluster, name, force=True)


@dataclass(frozen=True, slots=True)
class State:
    """All that a database holds: its facts, and the rows of tables and views, as text by column."""

    schema: Schema
    tables: dict[str, list[Row]]
    views: dict[str, list[Row]]


def state(conninfo: str) -> State:
    """What a database holds now; materialized views as they were refreshed last."""
    with psycopg.connect(conninfo) as connection:
        schema = read_schema(connection)
        connection.rollback()
        relations = connection.execute(
            "SELECT relname, relkind IN ('r', 'p') FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
        ).fetchall()
        tables = {name: rows(connection, name) for name, is_table in relations if is_table}
        tables["storage.buckets"] = rows(connection, "buckets", "storage")
        tables["storage.objects"] = rows(connection, "objects", "storage")
        views = {name: rows(connection, name) for name, is_table in relations if not is_table}
    return State(schema, tables, views)


def rows(connection: psycopg.Connection[Any], relation: str, schema: str = "public") -> list[Row]:
    """The rows of a relation, each value as the server's own text, in a stable order."""
    columns = [
        name
        for (name,) in connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped ORDER BY attnum",
            [sql.Identifier(schema, relation).as_string(connection)],
        )
    ]
    texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(c)) for c in columns)
    query = sql.SQL("SELECT {} FROM {}").format(texts, sql.Identifier(schema, relation))
    found = [dict(zip(columns, row, strict=True)) for row in connection.execute(query)]
    return sorted(found, key=repr)


@contextmanager
def stages(cluster: Cluster, prefix: str) -> Iterator[dict[str, str]]:
    """The deployed database with its rows, and a copy after each step: database names by step.

    The first is called ``deployed``; they are dropped afterwards.
    """
    found = {"deployed": f"{prefix}_deployed"}
    try:
        conninfo = make_database(cluster, f"{prefix}_deployed", [*deployed_files(), *seed_files()])
        with psycopg.connect(conninfo) as connection:
            connection.execute("SELECT refresh_leaderboards()")
        source = f"{prefix}_deployed"
        for step in steps():
            name = f"{prefix}_{step.name[:3]}"
            clone_database(cluster, source, name)
            found[step.name] = source = name
            run(cluster.conninfo(name, user="postgres"), step.up)
        yield found
    finally:
        for name in found.values():
            drop_database(cluster, name, force=True)
