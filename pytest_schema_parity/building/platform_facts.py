"""The facts of a platform, read from a cluster without any tree, and cached."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.catalog.queries import hash_of_queries
from pytest_schema_parity.errors import SchemaFormatError
from pytest_schema_parity.migrations.origins import Marks
from pytest_schema_parity.postgres.cache import cache_directory, locked, prune
from pytest_schema_parity.schema.facts import Schema


def platform_schema(conninfo: str, template: str) -> Schema:
    """The facts of a database with a platform and no tree; from the cache if it has them.

    The key in the cache depends on the template that created them, and on the queries that read
    them.
    """
    key = f"{template}-{hash_of_queries()}"
    file = cache_directory() / "platforms" / f"{key}.json"
    try:
        schema = Schema.from_json(file.read_bytes())
    except (OSError, SchemaFormatError):  # none yet, or one that was damaged
        schema = read_schema(conninfo, marks=Marks().place)
        with suppress(OSError):  # a cache that is full or read-only: then it is read each time
            _write_to_cache(file, schema)
    with suppress(OSError):
        os.utime(file)
        prune(file.parent)
    return schema


def _write_to_cache(file: Path, schema: Schema) -> None:
    """Write a schema atomically; two runs may do so at once."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    new = file.with_suffix(".new")
    with locked(file.with_suffix(".lock")):
        try:
            new.write_text(schema.to_json(), encoding="utf-8")
            new.replace(file)
        finally:
            new.unlink(missing_ok=True)
