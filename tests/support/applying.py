"""Small trees to be applied, and what has become of them."""

from __future__ import annotations

from pathlib import Path

import psycopg

from pytest_schema_parity.migrations.apply import Applied, Failure
from pytest_schema_parity.migrations.tree import Tree, load_tree


def tree(root: Path, **files: str | bytes) -> Tree:
    """A tree of files ``<name>.sql``, in the order given."""
    for name, text in files.items():
        data = text if isinstance(text, bytes) else text.encode()
        (root / f"{name}.sql").write_bytes(data)
    return load_tree("t", root=root, files=[f"{name}.sql" for name in files])


def only(applied: Applied) -> Failure:
    (failure,) = applied.failures
    return failure


def value(database: str, query: str) -> object:
    with psycopg.connect(database) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row and row[0]


def exists(database: str, name: str) -> bool:
    return value(database, f"SELECT to_regclass('{name}') IS NOT NULL") is True
