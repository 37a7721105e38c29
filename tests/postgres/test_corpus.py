"""Pairs of schemas, with what sets them apart; and ``pg_dump`` as an oracle for each of them.

A case is a directory of ``tests/corpus`` with ``a.sql``, ``b.sql`` and ``expected``, one line a
difference of ``compare(a, b)``: ``change kind name [attribute] impact``.  No line: at parity.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from support.campaign import in_campaign
from support.dumps import Seen, differing, dump

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import create_database, drop_database
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Schema

CORPUS = Path(__file__).parents[1] / "corpus"
ROLES = ("reader", "writer", "Odd Role")
EMPTY = "corpus empty"
UNDONE = "corpus undone"
CASES = sorted(path.name for path in CORPUS.iterdir())
MIRRORED = {"missing": "extra", "extra": "missing"}

PG_DUMP_IS_BLIND = {
    "database_connection_limit": "it belongs to the database, dumped only with -C",
    "foreign_key_switched_off": "the triggers that check a foreign key are never dumped",
    "made_in_pg_catalog": "it takes all of pg_catalog for PostgreSQL's own",
    "extension_missing": "it takes for granted what is in a database from the beginning",
    "range_operator_class_of_another_type": "it passes over the default class of any type",
    "role_settings": "roles and settings are pg_dumpall's; with -C only the database's are dumped",
}
"""Cases in which we see more than ``pg_dump -s`` shows, and why."""

PG_DUMP_IS_PICKY = {
    "equal_defaults": "a default is dumped in the words in which it was given",
    "equal_foreign_key_of_partition_off": "the triggers of a foreign key are dumped by their oids",
    "equal_lists_reloaded": "a list is deparsed in one way at first, and in another after a reload",
    "equal_not_null_after_rename": "NOT NULL is dumped with the name that it was made with",
    "equal_option_order": "options are dumped in the order in which they were given",
    "equal_option_values": "options are dumped in the words in which they were given",
    "equal_partition_attached": "NOT NULL is dumped with the name that it does not inherit",
    "equal_partition_index_attached": "as above, and what is attached is dumped as it was made",
    "equal_partition_index_long_names": "names that PostgreSQL made end in numbers",
    "equal_switched_off_partition": "triggers of a foreign key are dumped by their oid",
    "equal_view_options": "options are dumped even where they say what is so anyway",
}
"""Cases in which ``pg_dump -s`` shows two spellings of one thing, and why."""

CANNOT_BE_RELOADED = {
    **PG_DUMP_IS_BLIND,
    "equal_foreign_key_of_partition_off": "it names triggers by their oids",
    "foreign_key_of_partition_off": "it names triggers by their oids",
    "key_switched_off": "it names triggers by their oids",
    "equal_switched_off_partition": "it names triggers by their oids",
    "child_constraint_says_more": "comments on inherited constraints are not dumped",
    "partition_constraint_says_more": "comments on inherited constraints are not dumped",
    "hung_on_what_an_extension_made": "tables that an extension adopted are not dumped",
    "privileges_on_what_others_made": "privileges on what PostgreSQL made are dumped in part",
}
"""Cases whose dump does not make the same database, and why."""

_OF_A_PARTITION = r"(INDEX |\w+ )?\w+_(idx|key|pkey)"
_OF_A_FOREIGN_KEY = r"m\d RI_ConstraintTrigger_c_\d+"
SEEN_ELSEWHERE = {
    "base_type": r"box2",  # a shell type has no heading of its own: it stands below this one
    "detached_partition": _OF_A_PARTITION,
    "identity": r"t_id_seq",  # the sequence of an identity is seen at its column
    "foreign_key_of_partition_off": _OF_A_FOREIGN_KEY,
    "key_switched_off": _OF_A_FOREIGN_KEY,
    "partition_index_named": rf"{_OF_A_PARTITION}|reading_25_2 R 25",
    "partition_index_not_everywhere": _OF_A_PARTITION,
    "partition_index_says_more": _OF_A_PARTITION,
    "partition_missing": _OF_A_PARTITION,
    "partition_named_by_date": _OF_A_PARTITION,
    "partitioned_trigger_missing": r"t_\d.*",  # a partition's trigger is seen at the parent's
    "rename_table_mentioned": r"newest|new_\w+",
    "table_rename": r"new_id_seq",
}
"""Titles of dumped objects that are seen at another one: an index at that of the partitioned table,
a trigger that checks a foreign key at that key, what only mentions or is named after a renamed
table at that table."""


@dataclass(frozen=True)
class Pair:
    """What a database holds that is made by the one file of a case, and by the other."""

    case: str
    a: Schema
    b: Schema


@dataclass(frozen=True)
class Databases:
    """Makes databases on a cluster by one connection to it, which is cheaper than one for each.

    Cheaper still is a script that is rolled back, by a connection to a database for that.
    """

    cluster: Cluster
    connection: psycopg.Connection
    undone: psycopg.Connection

    def rolled_back(self, script: str) -> Schema:
        """What a script makes, which is rolled back."""
        with self.undone.transaction(force_rollback=True):
            self.undone.execute(script.encode())
            self.undone.execute("RESET SESSION AUTHORIZATION; RESET ALL")
            return read_schema(self.undone)

    @contextmanager
    def made_by(self, name: str, script: str) -> Iterator[tuple[str, Schema]]:
        """A database made by a script, dropped afterwards: its conninfo, and what it holds."""
        self.connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}").format(
                sql.Identifier(name), sql.Identifier(EMPTY), sql.SQL(self.cluster.strategy)
            )
        )
        try:
            conninfo = self.cluster.conninfo(name)
            with psycopg.connect(conninfo, autocommit=True) as connection:
                connection.execute(script.encode())
                connection.execute("DISCARD ALL")  # what the script set is none of the database's
                schema = read_schema(connection)
            yield conninfo, schema
        finally:
            self.connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


@pytest.fixture(scope="module")
def databases(cluster: Cluster) -> Iterator[Databases]:
    """The cluster with the roles that the cases speak of."""
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        for role in ROLES:
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        # Its first connection writes a cache file, which is copied with it.
        psycopg.connect(create_database(cluster, EMPTY)).close()
        with psycopg.connect(create_database(cluster, UNDONE), autocommit=True) as undone:
            yield Databases(cluster, connection, undone)
        for name in (UNDONE, EMPTY):
            drop_database(cluster, name, force=True)
        for role in ROLES:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.fixture(scope="module", params=CASES)
def pair(request: pytest.FixtureRequest, databases: Databases) -> Pair:
    """The schemas of each case in turn."""
    a, b = map(databases.rolled_back, scripts(request.param, databases.cluster))
    return Pair(request.param, a, b)


def scripts(case: str, cluster: Cluster) -> list[str]:
    """The two files of a case; skips the test where the server is too old for them."""
    found = [(CORPUS / case / f"{side}.sql").read_text(encoding="utf-8") for side in "ab"]
    since = re.match(r"-- since (\d+)\n", found[0])
    if since and cluster.installation.major < int(since[1]):
        pytest.skip(f"what the case is about came with PostgreSQL {since[1]}")
    return found


def expected(case: str) -> list[str]:
    return (CORPUS / case / "expected").read_text(encoding="utf-8").splitlines()


def test_tells_what_sets_a_pair_apart(pair: Pair) -> None:
    assert list(map(line, compare(pair.a, pair.b))) == expected(pair.case)


def test_tells_the_same_from_the_other_side(pair: Pair) -> None:
    there, back = compare(pair.a, pair.b), compare(pair.b, pair.a)
    assert Counter(map(mirrored, there)) == Counter(map(essence, back))


DUMPED = [*PG_DUMP_IS_BLIND, *in_campaign(case for case in CASES if case not in PG_DUMP_IS_BLIND)]


@pytest.mark.parametrize("case", DUMPED)
def test_sees_what_pg_dump_sees(case: str, databases: Databases) -> None:
    """In two databases whose changes are committed."""
    script_a, script_b = scripts(case, databases.cluster)
    with (
        databases.made_by(f"corpus {case} a", script_a) as (conninfo_a, schema_a),
        databases.made_by(f"corpus {case} b", script_b) as (conninfo_b, schema_b),
    ):
        a, b = (dump(databases.cluster, conninfo) for conninfo in (conninfo_a, conninfo_b))
    found = compare(schema_a, schema_b)
    assert list(map(line, found)) == expected(case)
    if case in PG_DUMP_IS_PICKY:
        assert not found
    elif case in PG_DUMP_IS_BLIND:
        assert a == b
        assert found
    elif found:
        seen = Seen(found)
        for kind, title in differing(a, b):
            elsewhere = re.fullmatch(SEEN_ELSEWHERE.get(case, "(?!)"), title)
            assert seen.shows(kind, title) or elsewhere, f"{kind} {title!r} is not seen"
    else:
        assert sorted(a) == sorted(b)


@pytest.mark.campaign
@pytest.mark.parametrize("case", [case for case in CASES if case not in CANNOT_BE_RELOADED])
def test_a_dump_and_reload_is_at_parity(case: str, databases: Databases) -> None:
    _, script = scripts(case, databases.cluster)
    with databases.made_by(f"corpus {case} b", script) as (conninfo, schema):
        dumped = "\n".join(dump(databases.cluster, conninfo))
    with databases.made_by("corpus reloaded", dumped) as (_, reloaded):
        found = [one for one in compare(schema, reloaded) if not is_lost(one)]
    assert list(map(line, found)) == []


def is_lost(one: Difference) -> bool:
    """Whether ``pg_dump -s`` does not dump it: the rows of a materialized view, plpgsql itself."""
    return one.attribute == "populated" or one.name == "plpgsql"


def test_a_schema_survives_json(pair: Pair) -> None:
    for schema in (pair.a, pair.b):
        assert Schema.from_json(schema.to_json()) == schema


HANGING = [("CONSTRAINT", "t t_b_key"), ("POLICY", "t own"), ("TRIGGER", "t audit")]


@pytest.mark.parametrize(
    ("kind", "name", "seen"),
    [
        ("column", "public.t.b", [("TABLE", "t")]),
        ("constraint", "public.t.t_b_key", [("TABLE", "t"), HANGING[0]]),
        ("policy", "public.t.own", [HANGING[1]]),
        ("trigger", "public.t.audit", [HANGING[2]]),
        ("policy", 'public."t own".p', []),
    ],
)
def test_what_hangs_on_a_table_is_not_seen_by_the_name_of_that(
    kind: str, name: str, seen: list[tuple[str, str]]
) -> None:
    found = Seen([Difference(kind=kind, name=name, change="missing", impact="behavior")])
    assert [each for each in [("TABLE", "t"), *HANGING] if found.shows(*each)] == seen


def line(one: Difference) -> str:
    return " ".join(filter(None, (one.change, one.kind, one.name, one.attribute, one.impact)))


def essence(one: Difference) -> tuple[str, ...]:
    return one.kind, one.change, one.attribute or "", one.impact, str(one.expected), str(one.actual)


def mirrored(one: Difference) -> tuple[str, ...]:
    kind, change, attribute, impact, expected, actual = essence(one)
    return kind, MIRRORED.get(change, change), attribute, impact, actual, expected
