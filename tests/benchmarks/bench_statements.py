"""The statement search on the worked example: statements a second, and time to find and shrink.

Run it from the project's directory: ``python tests/benchmarks/bench_statements.py``.
"""

from __future__ import annotations

import sys
import time
from itertools import islice
from pathlib import Path

import psycopg

from pytest_schema_parity.behavior.statements.counterexample import Budget, DatabaseCopy
from pytest_schema_parity.behavior.statements.open_runner import open_runner
from pytest_schema_parity.behavior.statements.runner import Runner
from pytest_schema_parity.behavior.statements.search import search
from pytest_schema_parity.behavior.statements.search_loop import SearchLoop
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.databases import create_database
from pytest_schema_parity.postgres.installation import find_installation

SQL = Path(__file__).parents[2] / "sql"
MIGRATIONS = sorted((SQL / "supabase/migrations").glob("*.sql"))[:4]
ARCHIVE = sorted((SQL / "supabase/archive").glob("2025*.sql"))[:2]
EXAMPLES = 2_000
STATEMENTS_A_SECOND, GENERATED_A_SECOND, SECONDS = 2_000, 10_000, 5.0


def make(cluster: Cluster, name: str, files: list[Path]) -> DatabaseCopy:
    """A database that holds some of the example's files."""
    conninfo = create_database(cluster, name)
    with psycopg.connect(conninfo) as connection:
        for file in files:
            text = file.read_text().replace('CREATE EXTENSION IF NOT EXISTS "uuid-ossp";', "")
            connection.execute(
                text.replace('CREATE EXTENSION IF NOT EXISTS "pgcrypto";', "").encode()
            )
    return DatabaseCopy(name, conninfo)


def rates(runner: Runner) -> tuple[float, float]:
    """Statements a second that are generated, and that are run on both sides and read after.

    What is done once (literals are mined, values asked of the servers) counts as well.
    """
    searching = SearchLoop(runner, (), Budget(), 0)
    start = time.perf_counter()
    examples = list(islice(searching.source.all(()), EXAMPLES))
    generated = time.perf_counter() - start
    count = sum(len(example.statements) for example in examples)
    start = time.perf_counter()
    runner.results(examples)
    return count / generated, count / (time.perf_counter() - start)


def kept(what: str, value: float, target: float, *, least: bool) -> bool:
    """Print whether a figure keeps to its target."""
    good = value >= target if least else value <= target
    bound = "at least" if least else "at most"
    print(f"{'kept  ' if good else 'MISSED'}  {what}: {value:,.1f} ({bound} {target:,})")
    return good


def main() -> int:
    """Measure and print; 1 when a target is missed."""
    with start_cluster(find_installation(), name="benchmark") as cluster:
        sides = [make(cluster, name, MIGRATIONS) for name in ("one", "two")]
        drifted = make(cluster, "drifted", ARCHIVE)
        pair = [(side.tree, side.conninfo) for side in (sides[0], drifted)]
        with open_runner(pair[0], pair[1]) as runner:
            generated, run = rates(runner)
        start = time.perf_counter()
        parity = search(*sides)
        at_parity = time.perf_counter() - start
        start = time.perf_counter()
        drift = search(sides[0], drifted)
        drifting = time.perf_counter() - start
    assert not parity.counterexamples
    print(f"{len(drift.counterexamples)} counterexamples, {drift.statements:,} statements run")
    good = [
        kept("statements generated a second", generated, GENERATED_A_SECOND, least=True),
        kept("statements run a second, views read", run, STATEMENTS_A_SECOND, least=True),
        kept("seconds at parity", at_parity, SECONDS, least=False),
        kept("seconds to find and shrink all drift", drifting, 2 * SECONDS, least=False),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
