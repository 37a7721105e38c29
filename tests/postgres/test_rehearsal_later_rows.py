"""Rows that are written after the upgrade: what rolling back loses of them is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.rehearsals import CONFIGURATION, FILES, results_of

from pytest_schema_parity.findings.finding import Result
from pytest_schema_parity.postgres.cluster import Cluster

DOWN = "upgrade/4_more.down.sql"
LATER = ", written after the upgrade"


def result(cluster: Cluster, root: Path, up: str, down: str, configuration: str = "") -> Result:
    """The result of ``rollback`` with one more step."""
    files: dict[str, str | None] = {**FILES, "upgrade/4_more.up.sql": up, DOWN: down}
    (found,) = results_of(
        cluster, root, files, "rollback", configuration=CONFIGURATION + configuration
    )
    return found


LOSSES = [
    (
        "",
        "DELETE FROM log WHERE line LIKE 'line1%';",
        [f"{DOWN} loses public.log in 2 rows{LATER}"],
    ),
    (  # the rows of before are there, the new ones are not
        "CREATE TABLE old_log AS TABLE log;",
        "TRUNCATE log; INSERT INTO log TABLE old_log; DROP TABLE old_log;",
        [f"{DOWN} loses public.log in 2 rows{LATER}"],  # the third is NULL, as is that of old_log
    ),
    (
        "CREATE TABLE old_log AS TABLE log;",
        "DROP TABLE log; ALTER TABLE old_log RENAME TO log;",
        [f"{DOWN} loses public.log in 2 rows{LATER}"],  # the third is NULL, as is that of old_log
    ),
    (
        "",
        "DELETE FROM attachments; DELETE FROM submissions WHERE id > 1000;",
        [f"{DOWN} loses public.submissions in 3 rows{LATER}"],
    ),
    (  # what was updated has its value of before again
        "CREATE TABLE names AS SELECT id, name FROM users;",
        "UPDATE users AS u SET name = n.name FROM names AS n WHERE n.id = u.id; DROP TABLE names;",
        [f"{DOWN} changes public.users.name in 1 row{LATER}"],
    ),
    (
        "",
        "UPDATE users SET email = 'x' WHERE id > 1000;",
        [f"{DOWN} changes public.users.email in 3 rows{LATER}"],
    ),
    (
        "ALTER TABLE users ALTER email DROP NOT NULL;",
        "ALTER TABLE users ALTER email SET NOT NULL; ALTER TABLE users ADD CHECK (id < 1000);"
        " ALTER TABLE users DROP CONSTRAINT users_id_check;",
        [f"{DOWN} fails on rows that were written after the upgrade"],
    ),
    ("", "SELECT 1;", []),
    (  # renamed there and back
        "ALTER TABLE log RENAME TO journal; ALTER TABLE journal RENAME line TO word;",
        "ALTER TABLE journal RENAME TO log; ALTER TABLE log RENAME word TO line;",
        [],
    ),
]


@pytest.mark.parametrize(("up", "down", "expected"), LOSSES)
def test_what_is_lost(
    cluster: Cluster, tmp_path: Path, up: str, down: str, expected: list[str]
) -> None:
    found = result(cluster, tmp_path, up or "SELECT 1;", down)
    assert [finding.title for finding in found.failing] == expected
    assert found.outcome == ("failed" if expected else "passed")


def test_a_loss_names_row_column_and_both_values(cluster: Cluster, tmp_path: Path) -> None:
    down = "UPDATE users SET email = 'x' WHERE id > 1000;"
    found = result(cluster, tmp_path, "SELECT 1;", down)
    (finding,) = found.failing
    assert (finding.kind, finding.name, finding.attribute, finding.change) == (
        "data",
        "public.users.email",
        "rollback",
        "changed",
    )
    assert str(finding.locations.tree) == f"{DOWN}:1"
    shown = r"value changed public\.users\.email \(id = (\d+)\): email\d+ → x"
    assert re.search(shown, str(finding.evidence))


def test_it_is_allowed_by_name_and_the_old_shape_is_noted(cluster: Cluster, tmp_path: Path) -> None:
    allow = """
[[allow]]
tree = "rehearsal"
kind = "data"
name = "public.log"
attribute = "rollback"
reason = "Nobody reads it"
"""
    found = result(cluster, tmp_path, "SELECT 1;", "DELETE FROM log WHERE line ~ '1';", allow)
    assert [(each.title, each.allowed) for each in found.findings] == [
        (f"{DOWN} loses public.log in 2 rows{LATER}", "Nobody reads it"),
        (
            "rolled back with 12 rows written after the upgrade, 2 changed;"
            " the old schema cannot store all of their values",
            None,
        ),
    ]
    assert "the old schema has no public.users.contact" in str(found.findings[-1].evidence)
    assert "the old schema has no public.attachments" in str(found.findings[-1].evidence)


def test_a_small_fault_does_not_hide_that_rolling_back_fails(
    cluster: Cluster, tmp_path: Path
) -> None:
    up = "ALTER TABLE users ALTER email DROP NOT NULL;"
    down = (
        "COMMENT ON TABLE users IS 'back'; ALTER TABLE users ALTER email SET NOT NULL;"
        " ALTER TABLE users ADD CHECK (id < 1000);"
        " ALTER TABLE users DROP CONSTRAINT users_id_check;"
    )
    allow = """
[[allow]]
tree = "rehearsal"
kind = "step"
name = "4_more"
attribute = "rollback"
reason = "A comment does no harm"
"""
    found = result(cluster, tmp_path, up, down, allow)
    assert [(each.title, each.attribute, each.allowed) for each in found.findings[:2]] == [
        (
            f"{DOWN} does not restore the previous state: 1 fact changed",
            "rollback",
            "A comment does no harm",
        ),
        (f"{DOWN} fails on rows that were written after the upgrade", "later rows", None),
    ]
    assert found.outcome == "failed"
