"""Reading and comparing two databases of 1,000 tables, against ``pg_dump -s`` of both.

Run it from the project's directory: ``python tests/benchmarks/bench_catalog.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

import psycopg
from big_schema import big_schema
from measuring import medians, show, verdict

from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.databases import create_database
from pytest_schema_parity.postgres.installation import find_installation
from pytest_schema_parity.schema.compare import compare

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SMALL, LARGE = 200, 1000


def make(cluster: Cluster, name: str, tables: int) -> str:
    """A database with a big schema; its conninfo."""
    conninfo = create_database(cluster, name)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(big_schema(tables).encode())
        connection.execute("VACUUM ANALYZE")
    return conninfo


def read_and_compare(first: str, second: str) -> None:
    """What this package does."""
    comparison = compare(read_schema(first), read_schema(second))
    assert not comparison, list(comparison)[:3]


def dump(program: str, *conninfos: str) -> None:
    """What a user does without it."""
    for conninfo in conninfos:
        subprocess.run([program, "-s", "-d", conninfo], check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Measure and print; 1 when a target is missed."""
    installation = find_installation()
    with start_cluster(installation, name="benchmark") as cluster:
        large = [make(cluster, f"large_{n}", LARGE) for n in (1, 2)]
        small = [make(cluster, f"small_{n}", SMALL) for n in (1, 2)]
        ours, theirs = f"read and compare {LARGE}", f"pg_dump -s {LARGE}"
        less = f"read and compare {SMALL}"
        times = medians(
            {
                theirs: partial(dump, str(installation.binary("pg_dump")), *large),
                ours: partial(read_and_compare, *large),
                less: partial(read_and_compare, *small),
            },
            ROUNDS,
        )
    print(f"PostgreSQL {installation.version}, two databases, median of {ROUNDS} rounds")
    show(times, theirs)
    kept = [
        verdict("against pg_dump -s of both", times[ours] / times[theirs], 1.0),
        verdict(f"{LARGE} tables against {SMALL}", times[ours] / times[less], 5.5),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
