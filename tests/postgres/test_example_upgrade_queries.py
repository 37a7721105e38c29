"""After each step, clients of before are given what they were (upgrade/queries.toml)."""

from __future__ import annotations

import json
import tomllib
from typing import Any, TypeAlias

import psycopg
import pytest
from support.upgrade import UPGRADE, steps

from pytest_schema_parity.postgres.cluster import Cluster

ASKED = tomllib.loads((UPGRADE / "queries.toml").read_text(encoding="utf-8"))
NAMES = [step.name for step in steps()]

Query: TypeAlias = dict[str, str]
Answer: TypeAlias = tuple[list[tuple[str, int]], list[tuple[Any, ...]]] | str
"""Columns with their types, and rows; or the SQLSTATE."""


@pytest.fixture(scope="module")
def conninfos(supabase_cluster: Cluster, upgrade_databases: dict[str, str]) -> dict[str, str]:
    return {
        step: supabase_cluster.conninfo(name, user="postgres")
        for step, name in upgrade_databases.items()
    }


def ask(conninfo: str, who: str, query: str) -> Answer:
    """What somebody is given, as the API or a server asks; undone again."""
    claims = {"sub": ASKED["people"].get(who), "email": f"{who}@example.org"}
    for name, subject in ASKED["people"].items():
        query = query.replace(f":{name}", f"'{subject}'")
    role = "authenticated" if who in ASKED["people"] else who
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "SELECT set_config('request.jwt.claims', %s, true), set_config('role', %s, true)",
            [json.dumps(claims), role],
        )
        try:
            found = connection.execute(query.encode())
        except psycopg.Error as error:
            return str(error.sqlstate)
        finally:
            if connection.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
                columns = [(column.name, column.type_code) for column in found.description or ()]
                rows = found.fetchall() if columns else [(found.rowcount,)]
            connection.rollback()
        return columns, rows


def test_there_are_a_dozen_and_more() -> None:
    assert len(ASKED["query"]) >= 12
    names = [query["name"] for query in ASKED["query"] + ASKED["closed"]]
    assert len(set(names)) == len(names)
    assert {query["from"] for query in ASKED["closed"]} < set(NAMES)
    for query in ASKED["query"]:
        assert ("from" in query) == ("then" in query) == ("because" in query)


@pytest.mark.parametrize("query", ASKED["query"], ids=lambda query: query["name"])
def test_it_gives_what_it_gave(conninfos: dict[str, str], query: Query) -> None:
    given = ask(conninfos["deployed"], query["as"], query["sql"])
    assert not isinstance(given, str), f"it never worked: {given}"
    columns, rows = given
    assert rows, "it gives nothing, so it shows nothing"
    for name in NAMES:
        if name < query.get("from", "~"):
            assert ask(conninfos[name], query["as"], query["sql"]) == (columns, rows), name
            continue
        right = ask(conninfos[name], "postgres", query["then"])
        assert ask(conninfos[name], query["as"], query["sql"]) == right, name
        assert right[0] == columns, name
        assert right[1] != rows, f"it gives what it gave: {name} changes nothing"


@pytest.mark.parametrize("query", ASKED["closed"], ids=lambda query: query["name"])
def test_what_is_taken_away_is_taken_away_from_that_step_on(
    conninfos: dict[str, str], query: Query
) -> None:
    for name in ["deployed", *NAMES]:
        found = ask(conninfos[name], query["as"], query["sql"])
        reached = not isinstance(found, str) and found[1] not in ([], [(0,)])
        assert reached == (name == "deployed" or name < query["from"]), (name, found)
