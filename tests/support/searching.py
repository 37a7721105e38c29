"""Pairs of databases that are searched for statements that they answer differently."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg

from pytest_schema_parity.behavior.statements.counterexample import Budget, DatabaseCopy, Search
from pytest_schema_parity.behavior.statements.search import search
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import create_database, drop_database

_numbers = count(1)


class Searcher:
    """Builds two databases from SQL and searches them: ``searcher(one, other)``."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def __call__(self, reference: str, candidate: str, **options: Any) -> Search:
        with self.built(reference) as side:
            return self.against(side, candidate, **options)

    @contextmanager
    def built(self, script: str) -> Iterator[DatabaseCopy]:
        """A database, dropped afterwards; a search leaves it as it is."""
        name = f"search_{next(_numbers)}"
        try:
            conninfo = create_database(self.cluster, name)
            with psycopg.connect(conninfo) as connection:
                connection.execute(script.encode())
            yield DatabaseCopy(name, conninfo)
        finally:
            drop_database(self.cluster, name, force=True)

    def against(self, reference: DatabaseCopy, candidate: str, **options: Any) -> Search:
        """Search a reference that was built and another script."""
        options.setdefault("budget", Budget(seconds=300))
        with self.built(candidate) as side:
            return search(reference, side, **options)


def causes(found: Search) -> list[tuple[str, ...]]:
    return [each.cause for each in found.counterexamples]


def scripts(found: Search) -> str:
    """The statements of all counterexamples, to be shown where a test fails."""
    return "\n\n".join("\n".join(each.statements) for each in found.counterexamples)
