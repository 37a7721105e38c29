"""The checks of a rehearsal of which the seed or a step fails."""

from __future__ import annotations

from pathlib import Path

from support.rehearsals import (
    FILES,
    results_of,
)

from pytest_schema_parity.checks import registry
from pytest_schema_parity.postgres.cluster import Cluster

UP = "3_rules.up.sql"
CHECKS = [name for name in registry.names("rehearsal") if name != "allowances"]


def test_a_step_that_fails_hides_no_fault_of_those_before(cluster: Cluster, tmp_path: Path) -> None:
    files: dict[str, str | None] = dict(FILES)
    files["upgrade/1_contact.up.sql"] = (
        "ALTER TABLE users ADD contact text; UPDATE users SET name = 'x' WHERE id = 1;\n"
    )
    files["upgrade/1_contact.down.sql"] = "ALTER TABLE users DROP contact;\n"
    files["upgrade/2_attachments.up.sql"] = "SELECT 1 FROM nowhere;\n"
    found = dict(zip(CHECKS, results_of(cluster, tmp_path, files, *CHECKS), strict=True))
    missed = "not checked: 2_attachments, 3_rules, because 2_attachments fails; see `upgrade`"
    for name in ("data", "idempotent", "rollback", "locks"):
        first, *_, last = [finding.title for finding in found[name].failing]
        assert "1_contact" in first
        assert last.startswith(missed)
        assert found[name].outcome == "failed"
    assert found["upgrade"].outcome == "failed"
    assert found["interrupted"].outcome == "error"
    assert found["interrupted"].headline.startswith(missed)
    assert found["interrupted"].headline.endswith("no problem in the 1 step before")
    assert found["backup"].outcome in ("passed", "skipped")  # it may find no pg_dump


def test_the_first_step_fails(cluster: Cluster, tmp_path: Path) -> None:
    files: dict[str, str | None] = dict(FILES)
    files["upgrade/1_contact.up.sql"] = "SELECT 1 FROM nowhere;\n"
    found = dict(zip(CHECKS, results_of(cluster, tmp_path, files, *CHECKS), strict=True))
    outcomes = {name: result.outcome for name, result in found.items()}
    del outcomes["backup"]  # it needs no step
    assert outcomes == dict.fromkeys(outcomes, "error") | {"upgrade": "failed"}
    assert "1_contact, 2_attachments, 3_rules" in found["data"].headline


def test_a_seed_that_fails_is_an_error_of_every_check(cluster: Cluster, tmp_path: Path) -> None:
    files = dict(FILES) | {"seed.sql": "INSERT INTO nowhere VALUES (1);\n"}
    found = dict(zip(CHECKS, results_of(cluster, tmp_path, files, *CHECKS), strict=True))
    outcomes = {name: result.outcome for name, result in found.items()}
    assert outcomes == dict.fromkeys(outcomes, "error") | {"upgrade": "failed"}
    assert "see `upgrade` (seed.sql:1:13" in found["backup"].headline
