"""Rows that are written after the upgrade: what rolling back loses of them is found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.rehearsals import CONFIGURATION, DEPLOYED_ONLY, FILES, results_of

from pytest_schema_parity.findings.finding import Result
from pytest_schema_parity.postgres.cluster import Cluster

DOWN = "upgrade/4_more.down.sql"
LATER = ", written after the upgrade"


def result(
    cluster: Cluster,
    root: Path,
    up: str,
    down: str,
    configuration: str = "",
    before: Mapping[str, str | None] = DEPLOYED_ONLY,
) -> Result:
    """The result of ``rollback`` with one more step."""
    files = {**before, "upgrade/4_more.up.sql": up, DOWN: down}
    (found,) = results_of(
        cluster, root, files, "rollback", configuration=CONFIGURATION + configuration
    )
    return found


ALLOW = """
[[allow]]
tree = "rehearsal"
kind = "data"
name = "public.log"
attribute = "rollback"
reason = "Nobody reads it"
"""


def test_rows_and_values_that_are_lost(cluster: Cluster, tmp_path: Path) -> None:
    """Each is a finding of its own, with row, column and both values; it is allowed by name."""
    up = "CREATE TABLE names AS SELECT id, name FROM users;"
    down = (
        "DELETE FROM log WHERE line ~ '1';"
        "DELETE FROM attachments; DELETE FROM submissions WHERE id > 1000;"
        "UPDATE users SET email = 'x' WHERE id > 1000;"
        # what was updated has its value of before again
        "UPDATE users AS u SET name = n.name FROM names AS n WHERE n.id = u.id; DROP TABLE names;"
    )
    found = result(cluster, tmp_path, up, down, ALLOW, FILES)
    *lost, note = found.findings
    assert {(each.title, each.allowed) for each in lost} == {
        (f"{DOWN} loses public.log in 2 rows{LATER}", "Nobody reads it"),
        (f"{DOWN} loses public.submissions in 3 rows{LATER}", None),
        (f"{DOWN} changes public.users.email in 3 rows{LATER}", None),
        (f"{DOWN} changes public.users.name in 1 row{LATER}", None),
    }
    assert found.outcome == "failed"
    (finding,) = [each for each in lost if each.name == "public.users.email"]
    assert (finding.kind, finding.attribute, finding.change) == ("data", "rollback", "changed")
    assert str(finding.locations.tree) == f"{DOWN}:1"
    shown = r"value changed public\.users\.email \(id = (\d+)\): email\d+ → x"
    assert re.search(shown, str(finding.evidence))
    assert note.title == (
        "rolled back with 15 rows written after the upgrade, 2 changed;"
        " the old schema cannot store all of their values"
    )
    assert "the old schema has no public.users.contact" in str(note.evidence)
    assert "the old schema has no public.attachments" in str(note.evidence)


def test_where_nothing_is_lost_it_passes(cluster: Cluster, tmp_path: Path) -> None:
    """Also where it was renamed there and back."""
    up = "ALTER TABLE log RENAME TO journal; ALTER TABLE journal RENAME line TO word;"
    down = "ALTER TABLE journal RENAME TO log; ALTER TABLE log RENAME word TO line;"
    found = result(cluster, tmp_path, up, down)
    assert found.outcome == "passed"
    assert [each for each in found.findings if not each.note] == []


@pytest.mark.campaign
@pytest.mark.parametrize(
    "down",
    [
        "TRUNCATE log; INSERT INTO log TABLE old_log; DROP TABLE old_log;",
        "DROP TABLE log; ALTER TABLE old_log RENAME TO log;",
    ],
)
def test_the_rows_of_before_alone_are_not_enough(
    cluster: Cluster, tmp_path: Path, down: str
) -> None:
    found = result(cluster, tmp_path, "CREATE TABLE old_log AS TABLE log;", down)
    (finding,) = found.failing
    # of the three rows written since, one is NULL, as is one of old_log
    assert finding.title == f"{DOWN} loses public.log in 2 rows{LATER}"
    assert found.outcome == "failed"


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
