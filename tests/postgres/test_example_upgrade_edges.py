"""What the upgrade may meet: other people's objects, locks, ends of sessions, newer rows."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors
from support.campaign import in_campaign
from support.upgrade import State, Step, copy, run, state, steps

from pytest_schema_parity import read_schema
from pytest_schema_parity.migrations.scanner import split
from pytest_schema_parity.postgres.cluster import Cluster

STEPS = steps()
SOME = [STEPS[4], STEPS[9], *in_campaign([*STEPS[:4], *STEPS[5:9]])]
"""A long one, the one that locks no table in use, and in the campaign all others."""
UP = [step.up for step in STEPS]
DOWN = [step.down for step in reversed(STEPS)]
ADA = "00000000-0000-4000-8000-000000000001"
BUSY = """
UPDATE users SET name = name;
UPDATE submissions SET visibility = visibility;
UPDATE storage.objects SET metadata = metadata;
SELECT FROM leaderboard_totals;
"""
"""What an application does in a transaction that is still open."""


@pytest.fixture
def deployed(supabase_cluster: Cluster, upgrade_databases: dict[str, str]) -> Iterator[str]:
    with copy(supabase_cluster, upgrade_databases["deployed"], "edges_copy") as conninfo:
        yield conninfo


@pytest.fixture
def upgraded(supabase_cluster: Cluster, upgrade_databases: dict[str, str]) -> Iterator[str]:
    with copy(supabase_cluster, upgrade_databases[STEPS[-1].name], "edges_copy") as conninfo:
        yield conninfo


def execute(conninfo: str, script: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(script.encode())


def before(step: Step) -> str:
    """The stage before a step."""
    return "deployed" if step == STEPS[0] else STEPS[STEPS.index(step) - 1].name


def test_rows_written_since_survive_a_rollback_and_come_back(upgraded: str) -> None:
    """Also those for which the old shape has no place: they wait in audit_log."""
    execute(
        upgraded,
        """
        INSERT INTO users (id, handle, name, email, kajabi_contact_id)
        VALUES ('since', 'since', 'Since', 'since@example.org', 'kj-since 🐘');
        UPDATE users SET kajabi_contact_id = '' WHERE handle = 'ada';
        INSERT INTO submissions (id, user_id, activity_code, payload, attachments, updated_at)
        VALUES ('since', 'since', 'LEARN', '{}', '[]', CURRENT_TIMESTAMP);
        INSERT INTO submission_attachments (id, submission_id, path, hash, created_at)
        VALUES ('since', 'since', 'Ω "a".pdf', NULL, '2026-01-02 03:04:05.678'),
            ('since2', 'learn-una-1', 'x', '', 'infinity');
        """,
    )
    once = state(upgraded)
    run(upgraded, *DOWN)
    back = state(upgraded)
    assert "submission_attachments" not in back.tables
    assert [row["name"] for row in back.tables["users"] if row["id"] == "since"] == ["Since"]
    assert [row["id"] for row in back.tables["submissions"] if row["user_id"] == "since"]
    aside = {row["id"] for row in back.tables["audit_log"] if row["action"].startswith("rollback")}
    assert len(aside) == 4
    run(upgraded, *DOWN)  # again, it puts nothing aside twice
    assert state(upgraded).tables == back.tables
    run(upgraded, *UP)
    again = state(upgraded)
    for table in once.tables.keys() - {"audit_log"}:
        assert again.tables[table] == once.tables[table]
    assert not aside & {row["id"] for row in again.tables["audit_log"]}


def test_what_cannot_come_back_waits_on(upgraded: str) -> None:
    """A contact that somebody else has by now, an attachment whose submission is gone."""
    execute(
        upgraded,
        """
        UPDATE users SET kajabi_contact_id = 'kj' WHERE handle = 'ada';
        INSERT INTO submission_attachments (id, submission_id, path) VALUES ('a', 'sub-ada-5', 'x');
        """,
    )
    run(upgraded, *DOWN)
    execute(upgraded, "DELETE FROM submissions WHERE id = 'sub-ada-5'")
    run(upgraded, UP[0])
    execute(
        upgraded,
        """
        ALTER TABLE users ADD COLUMN kajabi_contact_id text;
        UPDATE users SET kajabi_contact_id = 'kj' WHERE handle = 'ben'
        """,
    )
    run(upgraded, *UP[1:])
    log = state(upgraded).tables["audit_log"]
    waiting = [row["target_id"] for row in log if row["action"].startswith("rollback")]
    assert sorted(waiting) == [ADA, "sub-ada-5"]

    # Once more, when another user has the contact and another submission the attachment's id: what
    # is newer comes back, what is older waits on, and nothing is lost.
    execute(
        upgraded,
        "INSERT INTO submission_attachments (id, submission_id, path)"
        " VALUES ('a', 'sub-ada-1', 'y')",
    )
    run(upgraded, *DOWN)
    run(upgraded, *UP)
    after = state(upgraded).tables
    assert [u["handle"] for u in after["users"] if u["kajabi_contact_id"] == "kj"] == ["ben"]
    assert [a["submission_id"] for a in after["submission_attachments"]] == ["sub-ada-1"]
    waits = [row["target_id"] for row in after["audit_log"] if row["action"].startswith("rollback")]
    assert sorted(waits) == [ADA, "sub-ada-5"]


def test_a_submission_that_was_reviewed_since_keeps_its_status(upgraded: str) -> None:
    execute(
        upgraded,
        """
        UPDATE submissions SET status = 'REJECTED' WHERE id = 'learn-una-1';
        UPDATE submissions SET status = 'APPROVED' WHERE id = 'learn-una-2';
        """,
    )
    run(upgraded, *DOWN)
    found = state(upgraded).tables
    status = {row["id"]: row["status"] for row in found["submissions"]}
    assert (status["learn-una-1"], status["learn-una-2"]) == ("REJECTED", "APPROVED")
    assert status["learn-x-1"] == "APPROVED"
    notes = [row["target_id"] for row in found["audit_log"] if row["action"] == "learn.deactivate"]
    assert notes == ["learn-una-2"]


@pytest.mark.parametrize("each", [False, *in_campaign([True])])
def test_other_peoples_objects_stay_as_they_are(deployed: str, each: bool) -> None:
    """There and back, and in the campaign after each step."""
    execute(
        deployed,
        """
        CREATE TABLE notes (id int PRIMARY KEY, author text REFERENCES users);
        INSERT INTO notes VALUES (1, NULL);
        GRANT UPDATE (author) ON notes TO anon;
        ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
        CREATE POLICY mine ON notes USING (author = auth.uid()::text);
        CREATE VIEW busy AS SELECT user_id, count(*) FROM submissions GROUP BY 1;
        CREATE INDEX hand_made ON users (lower(email));
        CREATE POLICY hand_made ON users FOR SELECT TO authenticated USING (cohort = 'open');
        """,
    )
    before = state(deployed)
    names = ("public.notes", "public.busy", "public.hand_made", "public.users.hand_made")

    def theirs() -> list[tuple[object, ...]]:
        with psycopg.connect(deployed) as connection:
            schema = read_schema(connection)
        branches = [f for f in schema if any(name in f"{f.name} " for name in names)]
        return sorted((f.kind, f.name, f.attributes) for f in branches)

    own = theirs()
    assert len(own) > 9
    for step in STEPS:
        run(deployed, step.up)
        assert not each or theirs() == own, step.name
    assert theirs() == own
    for step in reversed(STEPS):
        run(deployed, step.down)
        assert not each or theirs() == own, step.name
    assert theirs() == own
    assert state(deployed).tables == before.tables
    assert state(deployed).schema == before.schema


def test_a_view_of_somebody_else_stops_the_step_that_would_need_it_dropped(deployed: str) -> None:
    execute(deployed, "CREATE VIEW top AS SELECT handle FROM leaderboard_totals LIMIT 3")
    run(deployed, *UP[:6])
    before = state(deployed)
    with pytest.raises(errors.DependentObjectsStillExist, match="view top depends on"):
        run(deployed, STEPS[6].up)
    assert state(deployed) == before


@pytest.mark.parametrize(
    "change",
    [
        "public = true",
        *in_campaign(["file_size_limit = NULL", "allowed_mime_types = ARRAY['text/html']"]),
    ],
)
def test_a_bucket_that_somebody_changed_stops_the_step(deployed: str, change: str) -> None:
    execute(deployed, f"UPDATE storage.buckets SET {change} WHERE id = 'evidence'")
    run(deployed, *UP[:8])
    before = state(deployed)
    with pytest.raises(errors.RaiseException, match="Bucket evidence is not as it was deployed"):
        run(deployed, STEPS[8].up)
    assert state(deployed) == before


@pytest.mark.parametrize("step", SOME, ids=lambda step: step.name)
def test_a_step_that_waits_for_a_lock_gives_up_and_changes_nothing(
    supabase_cluster: Cluster,
    upgrade_databases: dict[str, str],
    upgrade_states: dict[str, State],
    step: Step,
) -> None:
    script = step.up.read_text(encoding="utf-8")
    assert script.count("lock_timeout = '5s'") == 1
    hasty = script.replace("lock_timeout = '5s'", "lock_timeout = '20ms'")
    expected = upgrade_states[before(step)]
    with copy(supabase_cluster, upgrade_databases[before(step)], "edges_busy") as conninfo:
        with psycopg.connect(conninfo) as busy:
            busy.execute(BUSY.encode())
            if step.name == "010_privileges":  # privileges lock no table that is in use
                execute(conninfo, hasty)
            else:
                with pytest.raises(errors.LockNotAvailable):
                    execute(conninfo, hasty)
                assert state(conninfo) == expected
            busy.rollback()
        run(conninfo, step.up)
        assert read_schema(conninfo) != expected.schema


@pytest.mark.parametrize("step", SOME, ids=lambda step: step.name)
def test_a_step_whose_session_ends_midway_changes_nothing(
    supabase_cluster: Cluster,
    upgrade_databases: dict[str, str],
    upgrade_states: dict[str, State],
    step: Step,
) -> None:
    for file, stage in ((step.up, before(step)), (step.down, step.name)):
        statements = split(file.read_text(encoding="utf-8"), file=file.name)
        with copy(supabase_cluster, upgrade_databases[stage], "edges_killed") as conninfo:
            session = psycopg.connect(conninfo, autocommit=True)
            for statement in statements[:-1]:
                session.execute(statement.text.encode())
            with psycopg.connect(conninfo, autocommit=True) as other:
                pid = session.info.backend_pid
                ended = other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
                assert ended.fetchone() == (True,)
            session.close()
            assert state(conninfo) == upgrade_states[stage]
            run(conninfo, file)
            assert read_schema(conninfo) != upgrade_states[stage].schema
