"""Usual weakenings of a policy: one of its conditions is gone, or has one more value."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import psycopg
import pytest
from support.campaign import in_campaign
from support.searching import Searcher, scripts

from pytest_schema_parity.postgres.cluster import Cluster

NOTES = """
CREATE SCHEMA auth;
GRANT USAGE ON SCHEMA auth TO PUBLIC;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
CREATE TYPE kind AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
CREATE TABLE note (
    id bigint PRIMARY KEY, owner uuid, pub boolean NOT NULL DEFAULT false,
    state text NOT NULL CHECK (state IN ('draft', 'live', 'gone')), kind kind NOT NULL,
    size int NOT NULL, until timestamptz, body text
);
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON note FOR {} TO authenticated {};
{}
GRANT SELECT, INSERT, UPDATE, DELETE ON note TO authenticated;
"""
SEEN = "CREATE POLICY seen ON note FOR SELECT TO authenticated USING (true);"
MINE = "owner = auth.uid()"

WEAKENED = {
    "not pub": (f"{MINE} AND NOT pub", MINE),
    "pub": (f"{MINE} AND pub", MINE),
    "a value of a CHECK": (f"{MINE} AND state = 'draft'", MINE),
    "one more value of a CHECK": (
        f"{MINE} AND state = 'draft'",
        f"{MINE} AND state IN ('draft', 'gone')",
    ),
    "a value of a CHECK and a flag": (
        f"{MINE} AND state = 'live' AND NOT pub",
        f"{MINE} AND NOT pub",
    ),
    "a label": (f"{MINE} AND kind = 'a'", MINE),
    "one more label": (f"{MINE} AND kind = 'a'", f"{MINE} AND kind IN ('a', 'h')"),
    "no owner": (MINE, f"{MINE} OR owner IS NULL"),
    "no owner, where it is live": (MINE, f"{MINE} OR (owner IS NULL AND state = 'live')"),
    "a limit": (f"{MINE} AND size < 100", f"{MINE} AND size <= 100"),
    "no limit": (f"{MINE} AND size < 100", MINE),
    "a time": (f"{MINE} AND until > now()", MINE),
    "no time": (f"{MINE} AND until > now()", f"{MINE} AND (until IS NULL OR until > now())"),
    "a condition of four": (
        f"{MINE} AND state = 'live' AND NOT pub AND kind = 'c' AND size < 10",
        f"{MINE} AND state = 'live' AND NOT pub AND kind = 'c'",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _role(cluster: Cluster) -> Iterator[None]:
    with psycopg.connect(cluster.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE authenticated NOLOGIN")
        yield
        connection.execute("DROP ROLE authenticated")


@pytest.fixture(scope="module")
def searcher(cluster: Cluster) -> Searcher:
    return Searcher(cluster)


COMMANDS = {
    "INSERT": ("INSERT", "WITH CHECK ({})", SEEN),
    "SELECT": ("SELECT", "USING ({})", ""),
    "UPDATE": ("UPDATE", "USING ({}) WITH CHECK (true)", SEEN),
    "DELETE": ("DELETE", "USING ({})", SEEN),
}


PAIRS = list(itertools.product(WEAKENED, COMMANDS))
BY_DEFAULT = PAIRS[::5]
"""Each command with some of the changes; the campaign has every one with every other."""


@pytest.mark.parametrize(
    ("change", "command"),
    BY_DEFAULT + in_campaign(pair for pair in PAIRS if pair not in BY_DEFAULT),
)
def test_a_weaker_policy_is_found(searcher: Searcher, change: str, command: str) -> None:
    kind, clause, more = COMMANDS[command]
    scripts_ = [NOTES.format(kind, clause.format(text), more) for text in WEAKENED[change]]
    found = searcher(*scripts_, roles=("authenticated",))
    assert {each.role for each in found.counterexamples} == {"authenticated"}, scripts(found)
    kinds = {part.kind for each in found.counterexamples for part in each.parts}
    assert command == "SELECT" or command.lower() in kinds, scripts(found)


def test_nothing_is_found_of_a_policy_that_is_the_same(searcher: Searcher) -> None:
    text = NOTES.format("ALL", f"USING ({WEAKENED['a condition of four'][0]})", "")
    found = searcher(text, text, roles=("authenticated",))
    assert found.counterexamples == (), scripts(found)
