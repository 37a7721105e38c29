"""Kill the server in the middle of each step, and check it after its recovery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg

from pytest_schema_parity.migrations.apply import apply_tree
from pytest_schema_parity.migrations.tree import load_tree
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.conninfo import open_connection
from pytest_schema_parity.rehearsal.fingerprint import fingerprint
from pytest_schema_parity.rehearsal.interrupt import interruptions
from pytest_schema_parity.rehearsal.rehearse import Outcome, Rehearsal
from pytest_schema_parity.rehearsal.script import execute, read_script
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.facts import Schema


def crashed(
    rehearsal: Rehearsal,
    cluster: Cluster,
    database: str,
    read: Callable[[str], Schema],
    *,
    role: str,
) -> Iterator[Outcome]:
    """Kill a server in the middle of each step; report steps that are half done after recovery.

    The ``cluster`` is a durable one, ``database`` one like the first stage, and ``read`` reads the
    facts of a database there. The steps are carried out in it, one after the other.
    """
    rehearsal.carry_out()
    for number, step in enumerate(rehearsal.steps):
        before = fingerprint(cluster.conninfo(database))
        places = interruptions(step.up, 2) or [0]
        middle = places[(len(places) - 1) // 2]
        try:
            _crash_after(step.up, middle, cluster, database, role)
        except psycopg.Error:  # a step that fails: `upgrade` reports it
            return
        point = f"the server was killed after {middle} of its statements, and has recovered"
        if fingerprint(cluster.conninfo(database)) != before:
            found = read(database)
            changed = [
                tuple(compare(rehearsal.schema_of(stage), found))
                for stage in rehearsal.stages[number : number + 2]
            ]
            if all(changed):
                yield Outcome(step, (), changed[0], point=point)
        else:
            yield Outcome(step, point=point)
        tree = load_tree(step.name, root=step.up.parent, files=[step.up])
        failures = apply_tree(tree, cluster.conninfo(database, role)).failures
        if failures:
            yield Outcome(step, failures, point=f"it was run again after {point}")
            return


def _crash_after(file: Path, count: int, cluster: Cluster, database: str, role: str) -> None:
    """Execute the first ``count`` statements of a file, then kill the server."""
    script = read_script(file)
    with closing(open_connection(cluster.conninfo(database, role))) as session:
        script.begin(session)
        for statement in script.statements[:count]:
            execute(session, statement)
        cluster.crash()
