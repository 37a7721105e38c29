"""What the plan's drifted trees do, beyond what their catalogs say; see ``test_archive.py``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

Report = dict[str, Any]
pytestmark = pytest.mark.campaign


@pytest.fixture(params=["archive", "deployed"])
def tree(request: pytest.FixtureRequest) -> str:
    """Either order of the archive's files."""
    return str(request.param)


def test_the_report_is_the_one_that_tools_rely_on(whole_run: tuple[str, Report]) -> None:
    """It is kept beside this file, and written anew only where the report is meant to change:

    pytest --schema-parity sql/archive.toml --schema-parity-report=json:tests/plugin/archive.json
    """
    kept = json.loads(Path(__file__).with_name("archive.json").read_text(encoding="utf-8"))
    assert steady(whole_run[1]) == steady(kept)


def steady(report: Report) -> str:
    """A report without what depends on the server, and on how busy the machine is.

    Where two databases cannot begin in one microsecond, other examples are tried first.
    """
    behavior = sorted({(entry["tree"], entry["subject"]) for entry in report["behavior"]})
    postgres = {**report["postgres"], "version": None}
    differences = [
        {**entry, "counterexample": "counterexample" in entry} for entry in report["differences"]
    ]
    steadied = {"differences": differences, "behavior": behavior, "postgres": postgres}
    return json.dumps({**report, **steadied}, indent=2)


def test_a_refresh_cannot_be_concurrent_without_a_unique_index(whole_run, tree) -> None:
    calls = [one for one in whole_run[1]["behavior"] if one["tree"] == tree]
    (call,) = [one for one in calls if "refresh_leaderboards_concurrent" in one["subject"]]
    assert "cannot refresh materialized view" in call["tree_outcome"]
    assert "(55000)" in call["tree_outcome"]


@pytest.mark.parametrize(
    ("subject", "outcome", "statement"),
    [
        ("public.submissions", "Peer training limit exceeded: 51", '{"peersTrained": 51}'),
        ("public.submissions", "Student training limit exceeded: 201", '{"studentsTrained": 201}'),
        ("public.submissions", "uniq_learn_active_submission", "'LEARN'"),
        ("public.users", 'null value in column "id"', "INSERT INTO public.users"),
        ("public.submissions", "1 row, 1 of them only here", "UPDATE public."),
        ("public.leaderboard_totals", "0 rows, 0 of them only here", "INSERT INTO public.users"),
        (
            "public.leaderboard_30d",
            "0 rows, 0 of them only here",
            "INSERT INTO public.points_ledger",
        ),
    ],
)
def test_the_drift_of_behavior(whole_run, subject: str, outcome: str, statement: str) -> None:
    deployed = [entry for entry in whole_run[1]["behavior"] if entry["tree"] == "deployed"]
    found = [
        entry
        for entry in deployed
        if entry["subject"] == subject
        and outcome in entry["reference"]
        and any(statement in each for each in entry["statements"])
    ]
    assert found, [(each["subject"], each["reference"]) for each in deployed]
    assert any(entry["tree_outcome"].startswith("1 row") for entry in found)
    assert max(len(entry["statements"]) for entry in found) <= 5


@pytest.mark.parametrize(
    "line",
    [
        "explained by: trigger public.submissions.trg_check_amplify_quota is missing",
        "explained by: index public.uniq_learn_active_submission is missing",
        "explained by: materialized view public.leaderboard_30d differs in definition",
        "explained by: column public.users.id differs in default: not set / ",
        "(trigger public.submissions.trg_check_amplify_quota, "
        "sql/prisma/migrations/004_amplify_quota.sql:",
    ],
)
def test_the_drift_of_behavior_is_explained(whole_run, line: str) -> None:
    assert line in whole_run[0]
