"""Pairs of databases that are searched for statements that they answer differently."""

from __future__ import annotations

from itertools import count
from typing import Any

import psycopg

from pytest_schema_parity.behavior.statements.search import Budget, Search, Side, search
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import create_database, drop_database

_numbers = count(1)


class Searcher:
    """Builds two databases from SQL and searches them: ``searcher(one, other)``."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def __call__(self, reference: str, candidate: str, **options: Any) -> Search:
        names = [f"search_{next(_numbers)}" for _ in range(2)]
        try:
            sides = []
            for name, script in zip(names, (reference, candidate), strict=True):
                with psycopg.connect(create_database(self.cluster, name)) as connection:
                    connection.execute(script.encode())
                sides.append(Side(name, self.cluster.conninfo(name)))
            options.setdefault("budget", Budget(seconds=300))
            return search(*sides, **options)
        finally:
            for name in names:
                drop_database(self.cluster, name, force=True)


def causes(found: Search) -> list[tuple[str, ...]]:
    return [each.cause for each in found.counterexamples]


def scripts(found: Search) -> str:
    """The statements of all counterexamples, to be shown where a test fails."""
    return "\n\n".join("\n".join(each.statements) for each in found.counterexamples)
