"""Each step of the example's upgrade: no row lost, twice is as once, and undone exactly."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.campaign import in_campaign
from support.upgrade import LATER, Row, State, Step, copy, deployed_files, run, state, steps

from pytest_schema_parity import compare
from pytest_schema_parity.migrations.scanner import split
from pytest_schema_parity.postgres.cluster import Cluster

STEPS = steps()
NAMES = [step.name for step in STEPS]
FILES = [file for step in STEPS for file in (step.up, step.down)]
FILES += [LATER.with_suffix(suffix) for suffix in (".up.sql", ".down.sql")]
REJECTED = {
    # id: the status of before.  una's approved one stays, also vic's though it is the later one; of
    # wes' two the lower id in C order; of x's two approved ones the earlier.
    "learn-una-2": "PENDING",
    "learn-vic-1": "PENDING",
    "learn-wes-b": "PENDING",
    "learn-x-1": "APPROVED",
    "learn-x-3": "PENDING",
}
"""What step 005 rejects, by hand from sql/seed/deployed."""


def before(step: str) -> str:
    """The stage before a step."""
    return ["deployed", *NAMES][NAMES.index(step)]


def assert_same(actual: State, expected: State) -> None:
    assert [str(d.name) for d in compare(expected.schema, actual.schema)] == []
    assert actual.schema == expected.schema
    assert actual.tables == expected.tables
    assert actual.views == expected.views


def test_every_step_has_both_files_and_nothing_else_is_there() -> None:
    files = {file.name for step in STEPS for file in (step.up, step.down)}
    here = {file.name for file in STEPS[0].up.parent.glob("*.sql")}
    assert {name for name in here if name.endswith((".up.sql", ".down.sql"))} == files
    assert [name[:3] for name in NAMES] == [f"{number:03}" for number in range(1, len(NAMES) + 1)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_step_is_one_transaction_that_does_not_wait_for_long(file: Path) -> None:
    statements = split(file.read_text(encoding="utf-8"), file=file.name)
    first, *_, last = [statement.words for statement in statements]
    assert (first, last) == (("begin",), ("commit",))
    assert re.fullmatch(r"SET LOCAL lock_timeout = '[1-9]s'", statements[1].text)
    inside = {statement.words[:1] for statement in statements[1:-1]}
    assert not inside & {("begin",), ("commit",), ("rollback",), ("start",), ("end",)}


def test_the_rows_of_before_break_the_rules_to_come(upgrade_states: dict[str, State]) -> None:
    """Else the tests below would show little."""
    found = upgrade_states["deployed"].tables
    active = [
        row["user_id"]
        for row in found["submissions"]
        if row["activity_code"] == "LEARN" and row["status"] in ("PENDING", "APPROVED")
    ]
    assert len(active) - len(set(active)) == len(REJECTED)
    assert all(table for table in found.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_row_and_value_of_before_is_there(
    upgrade_states: dict[str, State], name: str
) -> None:
    """But for the status of what step 005 rejects, which its note in audit_log has."""
    after = upgrade_states[name].tables
    for table, rows in upgrade_states["deployed"].tables.items():
        key = next(column for column in ("id", "code") if column in rows[0])
        found = {row[key]: row for row in after[table]}
        for row in rows:
            kept = {column: found[row[key]][column] for column in row}
            if table == "submissions" and name >= "005" and row["id"] in REJECTED:
                assert (row["status"], kept["status"]) == (REJECTED[row["id"]], "REJECTED")
                assert noted_status(after["audit_log"], row["id"]) == row["status"]
                kept["status"] = row["status"]
            assert kept == row, table
        added = len(after[table]) - len(rows)
        assert added == (len(REJECTED) if table == "audit_log" and name >= "005" else 0), table


def noted_status(log: list[Row], submission: str) -> str:
    (note,) = [
        row["meta"]
        for row in log
        if row["target_id"] == submission and row["action"] == "learn.deactivate"
    ]
    found = re.search(r'"status": "(\w+)"', note)
    assert found
    return found[1]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_changes_something_and_twice_is_as_once(
    supabase_cluster: Cluster,
    upgrade_databases: dict[str, str],
    upgrade_states: dict[str, State],
    step: Step,
) -> None:
    assert upgrade_states[step.name].schema != upgrade_states[before(step.name)].schema
    with copy(supabase_cluster, upgrade_databases[step.name], "upgrade_twice") as conninfo:
        run(conninfo, step.up)
        assert_same(state(conninfo), upgrade_states[step.name])


def test_all_steps_twice_are_as_once(
    supabase_cluster: Cluster, upgrade_databases: dict[str, str], upgrade_states: dict[str, State]
) -> None:
    with copy(supabase_cluster, upgrade_databases[NAMES[-1]], "upgrade_twice") as conninfo:
        run(conninfo, *(step.up for step in STEPS))
        assert_same(state(conninfo), upgrade_states[NAMES[-1]])


@pytest.mark.parametrize(
    ("last", "twice"),
    [(NAMES[-1], False), *in_campaign((NAMES[at], at == -1) for at in (-1, 6, 4, 2))],
)
def test_each_down_step_brings_back_what_was_there(
    supabase_cluster: Cluster,
    upgrade_databases: dict[str, str],
    upgrade_states: dict[str, State],
    last: str,
    twice: bool,
) -> None:
    """From the end and from the middle: facts and rows, after each."""
    with copy(supabase_cluster, upgrade_databases[last], "upgrade_down") as conninfo:
        for step in reversed(STEPS[: NAMES.index(last) + 1]):
            run(conninfo, step.down)
            assert_same(state(conninfo), upgrade_states[before(step.name)])
            if twice:
                run(conninfo, step.down)
                assert_same(state(conninfo), upgrade_states[before(step.name)])


@pytest.mark.parametrize("last", ["deployed", NAMES[4], *in_campaign(NAMES[:4] + NAMES[5:])])
def test_all_down_steps_bring_back_what_was_deployed_wherever_it_stopped(
    supabase_cluster: Cluster,
    upgrade_databases: dict[str, str],
    upgrade_states: dict[str, State],
    last: str,
) -> None:
    with copy(supabase_cluster, upgrade_databases[last], "upgrade_stopped") as conninfo:
        run(conninfo, *(step.down for step in reversed(STEPS)))
        assert_same(state(conninfo), upgrade_states["deployed"])


def test_there_and_back_and_there_again(
    supabase_cluster: Cluster, upgrade_databases: dict[str, str], upgrade_states: dict[str, State]
) -> None:
    with copy(supabase_cluster, upgrade_databases[NAMES[-1]], "upgrade_again") as conninfo:
        run(conninfo, *(step.down for step in reversed(STEPS)))
        run(conninfo, *(step.up for step in STEPS))
        again, once = state(conninfo), upgrade_states[NAMES[-1]]
        assert again.schema == once.schema
        assert again.views == once.views
        assert {**again.tables, "audit_log": undated(again)} == {
            **once.tables,
            "audit_log": undated(once),
        }


def undated(found: State) -> list[Row]:
    """The audit log; when the upgrade wrote its notes left out."""
    return [
        {**row, "created_at": ""} if row["action"] == "learn.deactivate" else row
        for row in found.tables["audit_log"]
    ]


def test_the_end_of_compatibility_and_back(
    supabase_cluster: Cluster, upgrade_databases: dict[str, str], upgrade_states: dict[str, State]
) -> None:
    with copy(supabase_cluster, upgrade_databases[NAMES[-1]], "upgrade_later") as conninfo:
        run(conninfo, LATER.with_suffix(".up.sql"))
        retired = state(conninfo)
        assert retired.tables == upgrade_states[NAMES[-1]].tables
        run(conninfo, LATER.with_suffix(".up.sql"))
        assert_same(state(conninfo), retired)
        for _ in range(2):
            run(conninfo, LATER.with_suffix(".down.sql"))
            assert_same(state(conninfo), upgrade_states[NAMES[-1]])


def test_the_deployed_files_are_those_that_applied() -> None:
    assert len(deployed_files()) == 8
