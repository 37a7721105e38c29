"""One side's catalog as a document, and which of its tables and views stay in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from importlib.resources import files
from typing import Any

import psycopg

CatalogDocument = dict[str, Any]


def read_document(connection: psycopg.Connection) -> CatalogDocument:
    """Read one side's catalog, names qualified; the connection is in a transaction."""
    query = files(__package__).joinpath("catalog_document.sql").read_text(encoding="utf-8")
    connection.execute("SAVEPOINT reading; SET LOCAL search_path = pg_catalog")
    row = connection.execute(query.encode()).fetchone()
    connection.execute("ROLLBACK TO SAVEPOINT reading")  # which resets the search_path
    assert row is not None  # noqa: S101 - the query has exactly one row
    document: CatalogDocument = row[0] if isinstance(row[0], dict) else json.loads(row[0])
    return document


def leave_out(document: CatalogDocument, omits: Callable[[str], bool]) -> None:
    """Remove tables and views from a document, except tables that the others refer to."""
    tables = document["tables"]
    kept = [name for name in tables if not omits(name)]
    for name in kept:  # grows while it is walked
        targets = (key["target"] for key in tables[name]["foreign_keys"])
        kept += [target for target in targets if target in tables and target not in kept]
    document["tables"] = {name: table for name, table in tables.items() if name in set(kept)}
    views = document["views"].items()
    document["views"] = {name: view for name, view in views if not omits(name)}
    for name, routine in document["functions"].items():
        routine["callable"] = routine["callable"] and not omits(name)


def remove(document: CatalogDocument, names: Container[str]) -> None:
    """Remove tables, views and calls from a document, even if others refer to them."""
    for what in ("tables", "views"):
        kept = {name: each for name, each in document[what].items() if name not in names}
        document[what] = kept
    for name, routine in document["functions"].items():
        routine["callable"] = routine["callable"] and name not in names
