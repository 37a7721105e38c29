"""Rolling back: each down file is run, wherever one is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.campaign import one_in
from support.rehearsals import CONFIGURATION, FILES, results_of

from pytest_schema_parity.postgres.cluster import Cluster

NO_DOWN_FILE = """
[[allow]]
tree = "rehearsal"
kind = "step"
change = "missing"
reason = "it cannot be rolled back"
"""
LAST = "upgrade/3_rules.down.sql"
MIDDLE = "upgrade/2_attachments.down.sql"
FIRST = "upgrade/1_contact.down.sql"


@pytest.mark.parametrize(
    ("without", "broken"),
    one_in(3, [(LAST, MIDDLE), (LAST, FIRST), (MIDDLE, LAST), (MIDDLE, FIRST)]),
)
def test_a_missing_down_file_hides_no_other(
    cluster: Cluster, tmp_path: Path, without: str, broken: str
) -> None:
    files: dict[str, str | None] = {**FILES, without: None, broken: "DROP TABLE log;"}
    configuration = CONFIGURATION + NO_DOWN_FILE
    (result,) = results_of(cluster, tmp_path, files, "rollback", configuration=configuration)
    failing = [finding.name for finding in result.failing]
    assert failing[0] == Path(broken).name.split(".")[0]
    assert set(failing[1:]) <= {"public.log"}  # later rows, if it is their down file, too
    notes = [finding.title for finding in result.findings if finding.note]
    tried = not any("not tested with rows that were written after" in title for title in notes)
    assert tried == (without != LAST)
