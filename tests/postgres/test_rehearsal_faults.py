"""Faults planted into the steps of a good upgrade, one at a time: each is found by its check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.errors import UndefinedTable
from support.rehearsals import (
    CONFIGURATION,
    DEPLOYED,
    FILES,
    SEED,
    TIMEOUT,
    UPGRADED,
    open_on,
    results_of,
)

from pytest_schema_parity.checks import registry
from pytest_schema_parity.checks.parity import Parity
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.rehearsal.rehearse import StepOutcome

UP, DOWN = "3_rules.up.sql", "3_rules.down.sql"
FAULTS: list[tuple[str, str, str, str]] = [
    # the check, the file, what stands there (nothing: the end of the file), what stands there now
    ("upgrade", UP, "", "DROP INDEX submissions_status;"),
    ("upgrade", UP, "", "ALTER TABLE users ALTER email DROP DEFAULT;"),
    ("upgrade", UP, "", "ALTER TABLE users ALTER email DROP NOT NULL;"),
    ("upgrade", UP, "", "GRANT SELECT ON users TO PUBLIC;"),
    ("upgrade", UP, "", "ALTER TABLE users ENABLE ROW LEVEL SECURITY;"),
    ("upgrade", UP, "", "ALTER TABLE users ALTER name SET NOT NULL;"),
    ("upgrade", UP, ", 'APPROVED'))", ", 'APPROVED', 'X'))"),
    ("upgrade", UP, "max(id)", "min(id)"),
    ("upgrade", "1_contact.up.sql", "contact text", "contact varchar(9)"),
    ("upgrade", "1_contact.up.sql", "UNIQUE ", ""),
    ("upgrade", "2_attachments.up.sql", " REFERENCES submissions", ""),
    ("upgrade", "2_attachments.up.sql", "REFERENCES submissions", "REFERENCES users"),
    ("upgrade", "2_attachments.up.sql", "path text NOT NULL", "path text"),
    ("upgrade", "2_attachments.up.sql", "CREATE TABLE IF", "CREATE TABEL IF"),
    ("data", UP, "", "DROP TABLE log;"),
    ("data", UP, "", "ALTER TABLE users DROP COLUMN name;"),
    ("data", UP, "", "ALTER TABLE users RENAME name TO full_name;"),
    ("data", UP, "", "ALTER TABLE log RENAME TO journal;"),
    ("data", UP, "", "DELETE FROM submissions WHERE id = 3;"),
    ("data", UP, "", "UPDATE submissions SET status = 'APPROVED' WHERE id = 1;"),
    ("data", UP, "", "UPDATE users SET name = '' WHERE name IS NULL;"),
    ("data", UP, "", "UPDATE users SET email = upper(email);"),
    ("data", UP, "", "ALTER TABLE users ALTER name TYPE varchar(2) USING left(name, 2);"),
    ("data", UP, "", "TRUNCATE log;"),
    ("data", UP, "", "DELETE FROM log WHERE ctid = '(0,1)';"),
    ("data", UP, "", "UPDATE log SET line = 'b' WHERE line IS NULL;"),
    ("data", UP, "", "SELECT setval('submissions_id_seq', 1);"),
    ("data", UP, "", "INSERT INTO submissions (id) VALUES (7);"),
    ("data", UP, "", "ALTER TABLE submissions DROP CONSTRAINT submissions_user_id_fkey;"
     "INSERT INTO submissions (user_id) VALUES (9); ALTER TABLE submissions ADD CONSTRAINT"
     " submissions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users NOT VALID;"),
    ("idempotent", "1_contact.up.sql", "COLUMN IF NOT EXISTS", "COLUMN"),
    ("idempotent", "1_contact.up.sql", "INDEX IF NOT EXISTS", "INDEX"),
    ("idempotent", "2_attachments.up.sql", "IF NOT EXISTS ", ""),
    ("idempotent", UP, "ALTER TABLE submissions DROP CONSTRAINT IF EXISTS known;", ""),
    ("idempotent", UP, "", "INSERT INTO log VALUES ('upgraded');"),
    ("idempotent", UP, "", "UPDATE users SET name = name || '!';"),
    ("idempotent", UP, "", "CREATE INDEX ON log (line);"),
    ("idempotent", UP, "", "ALTER TABLE log ADD CHECK (line <> 'x');"),
    ("idempotent", UP, "", "DO $$ BEGIN EXECUTE format('COMMENT ON TABLE log IS %L',"
     " coalesce(obj_description('log'::regclass), '') || 'x'); END $$;"),
    ("rollback", DOWN, "*", "SELECT 1;"),
    ("rollback", DOWN, "*", ""),
    ("rollback", DOWN, "n FROM", "n, 1 AS one FROM"),
    ("rollback", DOWN, "ALTER TABLE submissions DROP CONSTRAINT IF EXISTS known;", ""),
    ("rollback", DOWN, "", "DELETE FROM log WHERE line IS NULL;"),
    ("rollback", DOWN, "", "UPDATE users SET name = 'A' WHERE id = 1;"),
    ("rollback", DOWN, "", "INSERT INTO log VALUES ('rolled back');"),
    ("rollback", DOWN, "", "DROP TABLE log;"),
    ("rollback", DOWN, "", "ALTER TABLE users ALTER email DROP DEFAULT;"),
    ("rollback", DOWN, "", "DROP INDEX submissions_status;"),
    ("rollback", DOWN, "", "ALTER TABLE users DROP COLUMN mail;"),
    ("rollback", "2_attachments.down.sql", "DROP TABLE IF EXISTS attachments", "SELECT 1"),
    ("rollback", "1_contact.down.sql", "DROP COLUMN IF EXISTS", "ALTER COLUMN"),
    ("rollback", UP, "", "ALTER TABLE log ADD COLUMN at date;"),
    ("interrupted", UP, TIMEOUT, "BEGIN; SELECT 1; COMMIT;\n"),
    ("interrupted", UP, "CREATE OR", "COMMIT; CREATE OR"),
    ("interrupted", UP, "", "CREATE INDEX CONCURRENTLY log_line ON log (line); SELECT 1;"),
    ("interrupted", UP, "", "VACUUM log; SELECT 1;"),
    ("locks", UP, TIMEOUT, ""),
    ("locks", UP, "'1s'", "0"),
    ("locks", UP, "", "ALTER TABLE users ALTER id TYPE bigint;"),
    ("locks", UP, "", "ALTER TABLE log ADD COLUMN at uuid DEFAULT gen_random_uuid();"),
    ("locks", UP, "", "ALTER TABLE log SET UNLOGGED;"),
    ("locks", UP, "", "CLUSTER submissions USING submissions_status;"),
    ("locks", "1_contact.up.sql", TIMEOUT, "SET lock_timeout = DEFAULT;"),
]  # fmt: skip


@pytest.fixture
def good(cluster: Cluster, tmp_path: Path) -> Iterator[Parity]:
    parity = open_on(cluster, tmp_path, dict(FILES))
    yield parity
    parity.trees.close()


@pytest.mark.parametrize("check", [c for c in registry.names("rehearsal") if c != "allowances"])
def test_the_good_upgrade_has_no_fault(good: Parity, check: str) -> None:
    result = good.result("rehearsal", check)
    assert [finding.title for finding in result.failing] == []


@pytest.mark.campaign
@pytest.mark.parametrize(("check", "file", "before", "after"), FAULTS)
def test_each_fault_is_found(
    cluster: Cluster, tmp_path: Path, check: str, file: str, before: str, after: str
) -> None:
    files: dict[str, str | None] = dict(FILES)
    name = f"upgrade/{file}"
    text = files[name] or ""
    assert before in text or before == "*"
    if before == "*":
        files[name] = after or None
    else:
        files[name] = text.replace(before, after, 1) if before else f"{text}{after}\n"
    parity = open_on(cluster, tmp_path, files)
    try:
        result = parity.result("rehearsal", check)
    finally:
        parity.trees.close()
    assert result.outcome == "failed", result
    assert result.failing


def test_an_enum_whose_new_value_is_used_at_once(cluster: Cluster, tmp_path: Path) -> None:
    """The file is run statement by statement, and so its locks and rewrites are measured."""
    files: dict[str, str | None] = dict(FILES)
    mood = "CREATE TYPE mood AS ENUM ('sad'{});CREATE TABLE moods (id {}, mood mood);"
    files["deployed.sql"] = DEPLOYED + mood.format("", "int")
    files["main.sql"] = DEPLOYED + UPGRADED + mood.format(", 'new'", "bigint")
    files["seed.sql"] = SEED + "INSERT INTO moods VALUES (1, 'sad');"
    files["upgrade/4_mood.up.sql"] = (
        "SET lock_timeout = '1s';\nALTER TYPE mood ADD VALUE IF NOT EXISTS 'new';\n"
        "UPDATE moods SET mood = 'new';\nALTER TABLE moods ALTER id TYPE bigint;\n"
    )
    parity = open_on(cluster, tmp_path, files)
    try:
        found = {check: parity.result("rehearsal", check) for check in ("upgrade", "locks")}
    finally:
        parity.trees.close()
    assert found["upgrade"].outcome == "passed", found
    assert [finding.title for finding in found["locks"].failing] == [
        "upgrade/4_mood.up.sql:4: rewrites public.moods, which no_rewrite forbids",
        "upgrade/4_mood.up.sql:3: gives up after lock_timeout and leaves the step half done:"
        " 1 fact changed",
    ]


@pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED VIEW"])
def test_a_step_waits_for_readers_of_a_view(cluster: Cluster, tmp_path: Path, kind: str) -> None:
    files: dict[str, str | None] = dict(FILES)
    view = f"\nCREATE {kind} others AS SELECT 1 AS one{' WITH NO DATA' * (kind != 'VIEW')};\n"
    for name in ("deployed.sql", "main.sql"):
        files[name] = f"{files[name]}{view}"
    name = "upgrade/4_view.up.sql"
    files[name] = f"SELECT 1;\nDROP {kind} others;{view}"
    limits = 'no_rewrite = true\nmax_lock = "SHARE"'
    configuration = CONFIGURATION.replace("no_rewrite = true", limits)
    (found,) = results_of(cluster, tmp_path, files, "locks", configuration=configuration)
    titles = [finding.title for finding in found.failing if name in finding.title]
    assert titles == [
        f"{name}:2: takes ACCESS EXCLUSIVE on public.others, beyond SHARE",
        f"{name}:2: waits for ever behind a session that reads and writes, and all others behind"
        " it: SET lock_timeout first",
    ]


def test_locks_that_cannot_be_seen_are_not_checked_against_a_limit(
    cluster: Cluster, tmp_path: Path
) -> None:
    files: dict[str, str | None] = dict(FILES)
    name = "upgrade/4_index.up.sql"
    files[name] = "SET lock_timeout = '1s';\nCREATE INDEX CONCURRENTLY log_line ON log (line);\n"
    limits = 'no_rewrite = true\nmax_lock = "ACCESS EXCLUSIVE"'
    parity = open_on(cluster, tmp_path, files, CONFIGURATION.replace("no_rewrite = true", limits))
    try:
        titles = [finding.title for finding in parity.result("rehearsal", "locks").failing]
    finally:
        parity.trees.close()
    unchecked = [title for title in titles if "not checked" in title]
    assert len(unchecked) == 1, titles
    assert unchecked[0].startswith(f"{name}:2: not checked: ACCESS EXCLUSIVE is the limit")


def test_what_cannot_be_observed_is_a_failure(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UndefinedTable("no such table")

    module = "pytest_schema_parity.checks.rehearsal_locks"
    monkeypatch.setattr(f"{module}.observe", refuse)
    monkeypatch.setattr(f"{module}.run_beside_a_writer", refuse)
    parity = open_on(cluster, tmp_path, dict(FILES))
    try:
        titles = [finding.title for finding in parity.result("rehearsal", "locks").failing]
    finally:
        parity.trees.close()
    assert len(titles) == 6
    assert all("not checked: what it" in title and "no such table" in title for title in titles)


UNSEEDED = CONFIGURATION.replace('seed = "seed.sql"\n', "")
FOUND_WITHOUT_A_SEED = [
    ("data", UP, "DROP TABLE log;"),
    ("data", UP, "DELETE FROM submissions;"),
    ("data", UP, "UPDATE users SET email = upper(email);"),
    ("idempotent", UP, "UPDATE users SET name = name || '!';"),
    ("rollback", DOWN, "TRUNCATE log;"),
    ("interrupted", UP, "COMMIT; UPDATE users SET name = 'x' WHERE name <> 'x';"),
]


@pytest.mark.parametrize(("check", "file", "fault"), FOUND_WITHOUT_A_SEED)
def test_faults_are_found_on_generated_rows(
    cluster: Cluster, tmp_path: Path, check: str, file: str, fault: str
) -> None:
    files: dict[str, str | None] = dict(FILES)
    files[f"upgrade/{file}"] = f"{files[f'upgrade/{file}']}{fault}\n"
    parity = open_on(cluster, tmp_path, files, UNSEEDED)
    try:
        result = parity.result("rehearsal", check)
    finally:
        parity.trees.close()
    assert result.outcome == "failed", result


def test_generated_rows_are_noted(cluster: Cluster, tmp_path: Path) -> None:
    files: dict[str, str | None] = dict(FILES)
    for name in ("deployed.sql", "main.sql"):
        files[name] = (
            f"{files[name]}CREATE TABLE never (id int CHECK (id > 0 AND id < 0) NOT NULL);"
        )
    parity = open_on(cluster, tmp_path, files, UNSEEDED)
    try:
        checks = [name for name in registry.names("rehearsal") if name != "allowances"]
        found = {check: parity.result("rehearsal", check) for check in checks}
    finally:
        parity.trees.close()
    assert {name: result.failing for name, result in found.items()} == dict.fromkeys(checks, ())
    assert [note.title for note in found["data"].notes] == [
        "no seed is named: 9 rows in 3 tables are generated",
        "no generated row entered public.never: no value was found for"
        " CHECK ((id > 0) AND (id < 0))",
    ]


def test_the_upgraded_database_behaves_as_the_target(cluster: Cluster, tmp_path: Path) -> None:
    """A trigger's text is not all that makes a difference: what statements do is compared too."""
    files: dict[str, str | None] = dict(FILES)
    function = (
        "CREATE OR REPLACE FUNCTION lower_email() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN NEW.email := {}(NEW.email); RETURN NEW; END$$;"
        "CREATE OR REPLACE TRIGGER t BEFORE INSERT ON users FOR EACH ROW"
        " EXECUTE FUNCTION lower_email();\n"
    )
    files["main.sql"] = f"{files['main.sql']}{function.format('lower')}"
    files[f"upgrade/{UP}"] = f"{files[f'upgrade/{UP}']}{function.format('upper')}"
    allow = '[[allow]]\ntree = "rehearsal"\nkind = "{}"\nreason = "So be it"\n'
    for kind, expected in (("behavior", ["function"]), ("function", ["behavior"])):
        root = tmp_path / kind
        root.mkdir()
        with_it = CONFIGURATION + allow.format(kind)
        (found,) = results_of(cluster, root, files, "upgrade", configuration=with_it)
        assert [finding.kind for finding in found.failing] == expected, found
        assert any(finding.allowed for finding in found.findings)
    root = tmp_path / "without"
    root.mkdir()
    without = f"{CONFIGURATION}examples = 0\n"
    (found,) = results_of(cluster, root, files, "upgrade", configuration=without)
    assert [finding.kind for finding in found.findings] == ["function"]


CHECKS = [name for name in registry.names("rehearsal") if name != "allowances"]


def test_a_step_that_fails_hides_no_fault_of_those_before(cluster: Cluster, tmp_path: Path) -> None:
    files: dict[str, str | None] = dict(FILES)
    files["upgrade/1_contact.up.sql"] = (
        "ALTER TABLE users ADD contact text; UPDATE users SET name = 'x' WHERE id = 1;\n"
    )
    files["upgrade/1_contact.down.sql"] = "ALTER TABLE users DROP contact;\n"
    files["upgrade/2_attachments.up.sql"] = "SELECT 1 FROM nowhere;\n"
    found = dict(zip(CHECKS, results_of(cluster, tmp_path, files, *CHECKS), strict=True))
    missed = "not reached: 2_attachments, 3_rules, as 2_attachments fails, see its `upgrade`"
    for name in ("data", "idempotent", "rollback", "locks"):
        first, *_, last = [finding.title for finding in found[name].failing]
        assert "1_contact" in first
        assert last.startswith(missed)
        assert found[name].outcome == "failed"
    assert found["upgrade"].outcome == "failed"
    assert found["interrupted"].outcome == "error"
    assert found["interrupted"].headline.startswith(missed)
    assert found["interrupted"].headline.endswith("nothing was found in the 1 step before")
    assert found["backup"].outcome in ("passed", "skipped")  # it may find no pg_dump


def test_the_first_step_fails(cluster: Cluster, tmp_path: Path) -> None:
    files: dict[str, str | None] = dict(FILES)
    files["upgrade/1_contact.up.sql"] = "SELECT 1 FROM nowhere;\n"
    found = dict(zip(CHECKS, results_of(cluster, tmp_path, files, *CHECKS), strict=True))
    outcomes = {name: result.outcome for name, result in found.items()}
    del outcomes["backup"]  # it needs no step
    assert outcomes == dict.fromkeys(outcomes, "error") | {"upgrade": "failed"}
    assert "1_contact, 2_attachments, 3_rules" in found["data"].headline


def test_with_an_empty_seed_there_are_no_rows(cluster: Cluster, tmp_path: Path) -> None:
    files: dict[str, str | None] = dict(FILES)
    files[f"upgrade/{UP}"] = f"{files[f'upgrade/{UP}']}DELETE FROM log;\n"
    parity = open_on(cluster, tmp_path, files, CONFIGURATION.replace('"seed.sql"', "[]"))
    try:
        assert parity.result("rehearsal", "data").findings == ()
    finally:
        parity.trees.close()


def test_there_are_sixty_of_them() -> None:
    assert len({(file, before, after) for _, file, before, after in FAULTS}) >= 60


def test_what_a_killed_server_leaves_is_reported(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pytest_schema_parity.checks.rehearsal_faults._crashes",
        lambda rehearsed: [StepOutcome(rehearsed.steps[0], unchecked="the disk is full")],
    )
    (result,) = results_of(cluster, tmp_path, dict(FILES), "interrupted")
    (failing,) = result.failing
    assert failing.title == "upgrade/1_contact.up.sql:1: not checked: the disk is full"
