"""Rehearsals as items beside the trees: what they find, in every report, and bad input."""

from __future__ import annotations

import json
import os

import pytest
from support.rehearsing_project import CONFIGURATION, run, write

CHECKS = ("upgrade", "data", "idempotent", "rollback", "interrupted", "backup", "locks")


def report_of(pytester: pytest.Pytester) -> dict[str, object]:
    found: dict[str, object] = json.loads((pytester.path / "report.json").read_text())
    return found


def test_it_is_collected_without_a_server(pytester: pytest.Pytester) -> None:
    result = run(write(pytester), "--collect-only", "-q")
    ids = [f"pyproject.toml::rehearsal::{check}" for check in CHECKS]
    expected = ["pyproject.toml::main::applies", "pyproject.toml::deployed::applies", *ids]
    assert [line for line in result.outlines if "::" in line] == expected


def test_a_good_upgrade_passes_every_check(pytester: pytest.Pytester) -> None:
    result = run(write(pytester), "--schema-parity-report=json:report.json")
    assert result.ret == 0, result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            "schema-parity: not compared deployed: 1 file*",
            "schema-parity: rehearsal: 2 steps from deployed to main",
            "*rehearsal::locks: 1 note*",
            "*line 2: ACCESS EXCLUSIVE on public.users*",
        ]
    )
    report = report_of(pytester)
    assert report["verdict"] == "parity"
    checks = report["checks"]
    assert isinstance(checks, dict)
    assert set(checks["rehearsal"]) == set(CHECKS)
    locks = report["locks"]
    assert isinstance(locks, list)
    (locked,) = (row for row in locks if row["locks"] == {"public.users": "ACCESS EXCLUSIVE"})
    assert (locked["tree"], locked["step"], locked["line"]) == ("rehearsal", "001_email", 2)
    assert (locked["file"], locked["measured"]) == ("upgrade/001_email.up.sql", True)
    assert locked["milliseconds"] > 0
    assert [row["scanned"] for row in locks if row["scanned"]] == [["public.users"]]
    trees = report["trees"]
    assert isinstance(trees, dict)
    assert trees["rehearsal"]["files"] == ["upgrade/001_email.up.sql", "upgrade/002_index.up.sql"]


@pytest.mark.campaign
def test_one_check_alone(pytester: pytest.Pytester) -> None:
    run(write(pytester), "pyproject.toml::rehearsal::data").assert_outcomes(passed=1)


def test_what_workers_find_is_in_the_reports(pytester: pytest.Pytester) -> None:
    up = (
        "ALTER TABLE users ADD COLUMN email varchar;\nUPDATE users SET name = 'A' WHERE id = 1;\n"
        "INSERT INTO users VALUES (3, 'new', NULL);\n"
    )
    write(pytester, upgrade__001_email__up_sql=None)
    (pytester.path / "upgrade/001_email.up.sql").write_text(up)
    (pytester.path / "upgrade/001_email.down.sql").unlink()
    reports = ("--schema-parity-report=json:report.json", "--schema-parity-report=markdown:r.md")
    result = run(pytester, "-n2", *reports)
    result.assert_outcomes(failed=5, passed=4)
    result.stdout.fnmatch_lines_random(
        [
            "1 changed column type in rehearsal: public.users.email",
            "rehearsal: 001_email changes public.users.name in 1 row",
            "rehearsal: upgrade/001_email.up.sql is not idempotent: in a second run 1*",
            "rehearsal: upgrade/001_email.up.sql has no down file*",
            "rehearsal: upgrade/001_email.up.sql:1: waits without limit for*",
        ]
    )
    report = report_of(pytester)
    assert report["verdict"] == "drift"
    differences = report["differences"]
    assert isinstance(differences, list)
    assert [(each["tree"], each["name"], each["attribute"]) for each in differences] == [
        ("rehearsal", "public.users.email", "type")
    ]
    findings = report["findings"]
    assert isinstance(findings, list)
    assert {each["check"] for each in findings} == {"data", "idempotent", "rollback", "locks"}
    markdown = (pytester.path / "r.md").read_text()
    assert "value changed public.users.name (id = 1): Ada → A" in markdown


def test_allowances_of_which_one_is_stale_and_limits(
    pytester: pytest.Pytester,
) -> None:
    allow = """
[[tool.pytest-schema-parity.allow]]
tree = "rehearsal"
kind = "data"
name = "public.users.name"
reason = "Nobody needs it"

[[tool.pytest-schema-parity.allow]]
tree = "rehearsal"
kind = "data"
name = "public.users.email"
reason = "Nobody has it"
"""
    limits = 'max_lock = "SHARE"\nno_rewrite = true\n'
    write(pytester, **{"pyproject.toml": CONFIGURATION + limits + allow})
    (pytester.path / "upgrade/004_type.up.sql").write_text(
        "SET LOCAL lock_timeout = '1s';\nALTER TABLE users ALTER id TYPE bigint;\n"
    )
    up = "SET LOCAL lock_timeout = '1s';\nUPDATE users SET name = 'A' WHERE id = 1;\n"
    (pytester.path / "upgrade/003_name.up.sql").write_text(up)
    (pytester.path / "upgrade/003_name.down.sql").write_text(
        "UPDATE users SET name = 'Ada' WHERE id = 1;\n"
    )
    result = run(pytester, "-k", "rehearsal and (data or allowances or locks)")
    result.assert_outcomes(failed=2, passed=1, deselected=7)
    result.stdout.fnmatch_lines(["1 allowance matches nothing in rehearsal: pyproject.toml:24"])
    result.stdout.fnmatch_lines(["*changes public.users.name in 1 row, allowed: Nobody needs it"])
    result.stdout.fnmatch_lines(
        [
            "upgrade/001_email.up.sql:2: takes ACCESS EXCLUSIVE on public.users; max_lock is SHARE",
            "upgrade/004_type.up.sql:2: takes ACCESS EXCLUSIVE on public.users; max_lock is SHARE",
            "upgrade/004_type.up.sql:2: rewrites public.users, which no_rewrite forbids",
        ]
    )
    result.stdout.no_fnmatch_line("*002_index*beyond*")


@pytest.mark.campaign
def test_two_rehearsals(pytester: pytest.Pytester) -> None:
    other = CONFIGURATION[CONFIGURATION.index("[tool.pytest-schema-parity.rehearsal]") :]
    both = CONFIGURATION + other.replace("\n", '\nname = "again"\n', 1)
    both = both.replace(
        "[tool.pytest-schema-parity.rehearsal]", "[[tool.pytest-schema-parity.rehearsal]]"
    )
    result = run(write(pytester, **{"pyproject.toml": both}), "-k", "applies or upgrade or data")
    result.assert_outcomes(passed=6, deselected=10)
    result.stdout.fnmatch_lines(["*main  deployed  rehearsal  rehearsal-again*"])


@pytest.mark.campaign
def test_without_pg_dump_the_backup_is_skipped(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No pg_dump is newer than a server that says it is of version 99."""
    write(pytester)
    pytester.makeconftest(
        "from pytest_schema_parity.building import Trees\nTrees.major = property(lambda self: 99)\n"
    )
    monkeypatch.setenv("PYTEST_ADDOPTS", os.environ.get("PYTEST_ADDOPTS", ""))
    result = run(
        pytester, "-rs", "-k", "upgrade or backup", "--schema-parity-report=json:report.json"
    )
    result.assert_outcomes(passed=1, skipped=1, deselected=7)
    result.stdout.fnmatch_lines(["SKIPPED*pg_dump of PostgreSQL 99 or newer was not found*"])
    assert report_of(pytester)["verdict"] == "parity"


@pytest.mark.campaign
def test_an_allowance_is_about_one_check(pytester: pytest.Pytester) -> None:
    """A step that cannot be run twice, and has no down file; one of both is accepted."""
    allow = """
[[tool.pytest-schema-parity.allow]]
tree = "rehearsal"
kind = "step"
name = "001_email"
attribute = "idempotent"
reason = "It is run once"
"""
    up = "SET LOCAL lock_timeout = '1s';\nALTER TABLE users ADD COLUMN email text;\n"
    files: dict[str, str | None] = {
        "pyproject.toml": CONFIGURATION + allow,
        "upgrade/001_email.up.sql": up,
        "upgrade/001_email.down.sql": None,
    }
    result = run(write(pytester, **files), "-k", "rehearsal and (idempotent or rollback)")
    result.assert_outcomes(passed=1, failed=1, deselected=8)
    result.stdout.fnmatch_lines(["rehearsal: upgrade/001_email.up.sql has no down file*"])
