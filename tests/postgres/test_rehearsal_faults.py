"""Faults planted into the steps of a good upgrade, one at a time: each is found by its check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.rehearsals import (
    DEPLOYED_ONLY,
    FILES,
    TIMEOUT,
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


@pytest.fixture(scope="module")
def good(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parity]:
    parity = open_on(cluster, tmp_path_factory.mktemp("good"), dict(FILES))
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


def test_there_are_sixty_of_them() -> None:
    assert len({(file, before, after) for _, file, before, after in FAULTS}) >= 60


def test_what_a_killed_server_leaves_is_reported(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pytest_schema_parity.checks.rehearsal_faults._crashes",
        lambda rehearsed: [StepOutcome(rehearsed.steps[0], unchecked="the disk is full")],
    )
    one = "upgrade/1_contact.up.sql"
    files = {**DEPLOYED_ONLY, one: FILES[one]}
    (result,) = results_of(cluster, tmp_path, files, "interrupted")
    (failing,) = result.failing
    assert failing.title == "upgrade/1_contact.up.sql:1: not checked: the disk is full"
