"""Change one thing of a schema by one statement, some 290 times, and ask pg_dump whether it shows.

    python tests/campaigns/one_statement.py [BINDIR]

Each change has to be seen in both directions, with nothing that only one direction sees.  pg_dump
is the oracle: what it shows, we must show, and what it does not is listed.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import psycopg

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.databases import clone_database, create_database, drop_database
from pytest_schema_parity.postgres.installation import find_installation
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Difference

SUPPORT = Path(__file__).parents[1] / "support"
BASE = SUPPORT.joinpath("one_statement_base.sql").read_text()
STATEMENTS = SUPPORT.joinpath("one_statement.sql").read_text().splitlines()
MIRRORED = {"missing": "extra", "extra": "missing"}


def main() -> None:
    """Print each statement that falls short, and how many were tried."""
    bindir = Path(sys.argv[1]) if sys.argv[1:] else None
    counts: Counter[str] = Counter()
    with start_cluster(find_installation(bindir=bindir), name="one statement") as cluster:
        with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
            connection.execute("CREATE ROLE reader; CREATE ROLE writer")
        base = create_database(cluster, "base")
        with psycopg.connect(base) as connection:
            connection.execute(BASE.encode())
        before, dumped = read_schema(base), dump(cluster, base)
        for statement in STATEMENTS:
            verdict = judge(cluster, statement, before, dumped)
            counts[verdict] += 1
            if verdict != "seen":
                print(f"{verdict}: {statement}")
    print(dict(counts), f"PostgreSQL {before.version}")


def judge(cluster: Cluster, statement: str, before: object, dumped: list[str]) -> str:
    """What becomes of one statement."""
    try:
        changed = clone_database(cluster, "base", "changed")
        with psycopg.connect(changed, autocommit=True) as connection:
            try:
                connection.execute(statement.encode())
            except psycopg.Error as error:
                return f"refused ({error.sqlstate})"
        after = read_schema(changed)
        there, back = compare(before, after), compare(after, before)  # type: ignore[arg-type]
        shows = dump(cluster, changed) != dumped
        if Counter(map(mirrored, there)) != Counter(map(essence, back)):
            return "one direction only"
        if bool(there) != shows:
            return "MISSED" if shows else "seen by us alone"
        return "seen" if there else "changes nothing"
    finally:
        drop_database(cluster, "changed", force=True)


def dump(cluster: Cluster, conninfo: str) -> list[str]:
    """What pg_dump says."""
    program = str(cluster.installation.binary("pg_dump"))
    done = subprocess.run([program, "-s", "-d", conninfo], check=True, capture_output=True)
    lines = done.stdout.decode().splitlines()
    return [text for text in lines if not text.startswith(("\\restrict", "\\unrestrict"))]


def essence(one: Difference) -> tuple[str, ...]:
    """A difference without its name, which is another from the other side where it is renamed."""
    return one.kind, one.change, one.attribute or "", one.impact, str(one.expected), str(one.actual)


def mirrored(one: Difference) -> tuple[str, ...]:
    """The same, as seen from the other side."""
    kind, change, attribute, impact, expected, actual = essence(one)
    return kind, MIRRORED.get(change, change), attribute, impact, actual, expected


if __name__ == "__main__":
    main()
