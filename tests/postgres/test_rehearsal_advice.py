"""The advice below findings of a rehearsal: its allowance can be pasted and accepts the first."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.campaign import in_campaign
from support.rehearsals import CONFIGURATION, DEPLOYED_ONLY, FILES, results_of

from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.report.terminal_text import result_lines

CHECKS = ("upgrade", "data", "idempotent", "rollback", "interrupted", "locks")


@pytest.mark.parametrize("checks", [("data", "locks"), *in_campaign([(CHECKS,)])])
def test_the_advice_can_be_pasted(
    cluster: Cluster, tmp_path: Path, checks: tuple[str, ...]
) -> None:
    files = dict(DEPLOYED_ONLY)
    files["upgrade/4_faults.up.sql"] = (
        'COMMIT; CREATE INDEX "a ""name""" ON log (line);'
        "UPDATE users SET name = 'x' WHERE id = 1; ALTER TABLE log SET UNLOGGED;"
    )
    files["upgrade/4_faults.down.sql"] = (
        'DROP INDEX "a ""name"""; UPDATE users SET name = \'Ada\' WHERE id = 1;'
        "ALTER TABLE log SET LOGGED; DELETE FROM log WHERE line ~ '1';"
    )
    root = tmp_path / "found"
    root.mkdir()
    found = results_of(cluster, root, files, *checks)
    assert all(result.outcome == "failed" for result in found)
    allowances = []
    for result in found:
        text = "\n".join(result_lines(result, reference="main"))
        assert "Fix the steps of rehearsal; or accept a finding, with a reason" in text
        start = result.advice.index("    [[allow]]")
        allowances.append(result.advice[start:].replace("    ", ""))
        assert allowances[-1].splitlines()[-1] in text
    root = tmp_path / "accepted"
    root.mkdir()
    accepting = "\n\n".join([CONFIGURATION, *dict.fromkeys(allowances)])
    again = results_of(cluster, root, files, *checks, configuration=accepting)
    for before, after in zip(found, again, strict=True):
        assert len(after.failing) < len(before.failing), (before, after)


def test_there_is_none_where_nothing_can_be_accepted(cluster: Cluster, tmp_path: Path) -> None:
    files: dict[str, str | None] = {**FILES, "upgrade/4_fails.up.sql": "SELECT 1 FROM nowhere;"}
    (result,) = results_of(cluster, tmp_path, files, "upgrade")
    assert result.outcome == "failed"
    assert result.advice == ""
