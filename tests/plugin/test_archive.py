"""The gate on the plan's drifted trees finds every drift that the plan and its facts name.

Lines are looked up in the files by what stands there, so that the places which the gate tells are
held against something that it did not compute.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PRISMA = "sql/prisma/migrations"
ARCHIVE = "sql/supabase/archive"
EARLY = ("00001_enable_rls", "00002_auth_policies", "00003_submission_policies")
EARLY += ("00004_points_policies",)
Report = dict[str, Any]


@pytest.fixture(params=["archive", "deployed"])
def tree(request: pytest.FixtureRequest) -> str:
    """Either order of the archive's files."""
    return str(request.param)


def at(file: str, text: str) -> str:
    """``file:line`` of the one line that holds a text."""
    lines = ROOT.joinpath(file).read_text().splitlines()
    found = [number for number, line in enumerate(lines, 1) if text in line]
    assert len(found) == 1, f"{text!r} stands on the lines {found} of {file}"
    return f"{file}:{found[0]}"


def place(origin: dict[str, Any] | None) -> str | None:
    """An origin of the report as ``file:line``."""
    return None if origin is None else f"{origin['file']}:{origin['line']}"


def differences(report: Report, tree: str, **wanted: object) -> list[dict[str, Any]]:
    """The differences of a tree that have these values."""
    return [
        difference
        for difference in report["differences"]
        if difference["tree"] == tree
        and all(difference[key] == value for key, value in wanted.items())
    ]


def only(report: Report, tree: str, **wanted: object) -> dict[str, Any]:
    """The one difference of a tree that has these values."""
    (difference,) = differences(report, tree, **wanted)
    return difference


def names(found: list[dict[str, Any]]) -> set[str]:
    """The names of differences."""
    return {difference["name"] for difference in found}


def failures(report: Report, tree: str) -> dict[str, tuple[str, str]]:
    """The place of each failure of a tree, with SQLSTATE and hint."""
    return {
        f"{one['file']}:{one['line']}": (one["sqlstate"], one["hint"] or one["message"])
        for one in report["trees"][tree]["failures"]
    }


def test_the_admin_indexes_name_a_table_that_is_called_otherwise(run, tree) -> None:
    broken = f"{ARCHIVE}/20250903100000_add_admin_query_indexes.sql"
    found = failures(run[1], tree)
    sqlstate, hint = found[at(broken, "idx_submission_status_created_at")]
    assert sqlstate == "42P01"
    assert "submissions" in hint
    assert 'relation "submission" does not exist (42P01) — did you mean submissions?' in run[0]


def test_by_name_four_files_sort_before_their_tables(run) -> None:
    found = failures(run[1], "archive")
    for name in EARLY:
        (where,) = [where for where in found if f"/{name}.sql:" in where]
        assert found[where][0] == "42P01"
        assert f"created later, in {ARCHIVE}/20250902000001_initial_schema.sql" in found[where][1]
    assert len(found) == len(EARLY) + 1


def test_as_deployed_a_view_collides_with_a_materialized_view(run) -> None:
    found = failures(run[1], "deployed")
    file = f"{ARCHIVE}/00004_points_policies.sql"
    collision = at(file, "VIEW leaderboard_totals")
    assert found[collision] == ("42809", '"leaderboard_totals" is not a view')
    assert len(found) == 2


def test_what_fails_is_rolled_back_and_the_rest_is_compared(run) -> None:
    assert names(differences(run[1], "deployed", kind="view")) == {
        "public.public_submission_metrics",
        "public.user_points_summary",
    }
    assert not differences(run[1], "archive", kind="view")


def test_kajabi_contact_id_is_missing(run, tree) -> None:
    column = only(run[1], tree, kind="column", name="public.users.kajabi_contact_id")
    assert (column["change"], column["impact"]) == ("missing", "behavior")
    made = at(f"{PRISMA}/001_init.sql", 'CREATE TABLE "users"')
    assert place(column["origin"]["reference"]) == made
    assert column["origin"]["tree"] is None
    (index,) = column["below"]
    assert (index["kind"], index["name"]) == ("index", "public.users_kajabi_contact_id_key")
    assert (index["change"], index["impact"]) == ("missing", "behavior")


def test_submission_attachments_is_missing_as_one_difference(run, tree) -> None:
    table = only(run[1], tree, kind="table", change="missing")
    assert table["name"] == "public.submission_attachments"
    made = at(f"{PRISMA}/001_init.sql", 'CREATE TABLE "submission_attachments"')
    assert place(table["origin"]["reference"]) == made
    told = names(differences(run[1], tree)) - {table["name"]}
    assert not [name for name in told if "submission_attachments" in name]


@pytest.mark.parametrize("view", ["leaderboard_totals", "leaderboard_30d"])
def test_the_leaderboards_are_defined_otherwise(run, tree, view) -> None:
    name = f"public.{view}"
    definition = only(run[1], tree, kind="materialized view", name=name, attribute="definition")
    assert place(definition["origin"]["reference"]) == at(
        f"{PRISMA}/002_views.sql", f'CREATE MATERIALIZED VIEW "{view}"'
    )
    assert place(definition["origin"]["tree"]) == at(
        f"{ARCHIVE}/20250902000002_materialized_views.sql", f"CREATE MATERIALIZED VIEW {view} "
    )
    columns = differences(run[1], tree, kind="column")
    missing = {d["name"] for d in columns if d["change"] == "missing"}
    extra = {d["name"] for d in columns if d["change"] == "extra"}
    assert {f"{name}.cohort", f"{name}.user_id", f"{name}.last_activity_at"} <= missing
    assert {f"{name}.id", f"{name}.activities_completed", f"{name}.last_activity_date"} <= extra


def test_the_metrics_are_another_view(run, tree) -> None:
    views = differences(run[1], tree, kind="materialized view")
    found = {(d["change"], d["name"]) for d in views if d["attribute"] is None}
    assert found == {("missing", "public.activity_metrics"), ("extra", "public.metric_counts")}


def test_the_leaderboards_give_other_rows(run, tree) -> None:
    rows = {one["subject"]: one for one in run[1]["behavior"] if one["tree"] == tree}
    assert "of them only here" in rows["public.leaderboard_totals"]["tree_outcome"]
    assert "of them only here" in rows["public.leaderboard_30d"]["tree_outcome"]


def test_the_quota_trigger_is_missing(run, tree) -> None:
    trigger = only(run[1], tree, kind="trigger", change="missing")
    assert trigger["name"] == "public.submissions.trg_check_amplify_quota"
    assert place(trigger["origin"]["reference"]) == at(
        f"{PRISMA}/004_amplify_quota.sql", 'CREATE TRIGGER "trg_check_amplify_quota"'
    )
    missing = differences(run[1], tree, kind="function", change="missing")
    assert names(missing) == {"public.check_amplify_quota()"}


def test_learn_uniqueness_is_missing(run, tree) -> None:
    for name in ("uniq_learn_active_submission", "uniq_points_external_event"):
        index = only(run[1], tree, kind="index", name=f"public.{name}")
        assert (index["change"], index["impact"]) == ("missing", "behavior")
        assert place(index["origin"]["reference"]) == at(
            f"{PRISMA}/003_constraints.sql", f'CREATE UNIQUE INDEX "{name}"'
        )


def test_the_updated_at_trigger_is_extra(run, tree) -> None:
    trigger = only(run[1], tree, kind="trigger", change="extra")
    assert trigger["name"] == "public.submissions.update_submissions_updated_at"
    file = f"{ARCHIVE}/20250902000001_initial_schema.sql"
    made = at(file, "CREATE TRIGGER update_submissions_updated_at")
    assert place(trigger["origin"]["tree"]) == made


def test_the_defaults_differ(run, tree) -> None:
    defaults = differences(run[1], tree, kind="column", attribute="default")
    tables = ("audit_log", "earned_badges", "kajabi_events", "points_ledger", "submissions")
    assert {d["name"]: d["actual"] for d in defaults} == {
        **{f"public.{table}.id": "(gen_random_uuid())::text" for table in (*tables, "users")},
        "public.submissions.attachments": "'[]'::jsonb",
        "public.submissions.updated_at": "CURRENT_TIMESTAMP",
    }
    assert {d["expected"] for d in defaults} == {None}


def test_uniqueness_has_another_form(run, tree) -> None:
    forms = differences(run[1], tree, impact="form")
    assert names(forms) == {
        "public.users_email_key",
        "public.users_handle_key",
        "public.points_ledger_external_event_id_key",
        "public.earned_badges_user_id_badge_code_key",
    }
    assert {(d["expected"], d["actual"]) for d in forms} == {("index", "constraint")}


def test_policies_are_doubled_where_the_second_set_applied(run) -> None:
    by_name = names(differences(run[1], "archive", kind="policy", change="extra"))
    deployed = names(differences(run[1], "deployed", kind="policy", change="extra"))
    assert by_name < deployed
    again = deployed - by_name
    assert {"public.users.users_select_own", "public.submissions.submissions_select_own"} <= again
    for table in ("users", "submissions"):
        twice = [name for name in deployed if name.startswith(f"public.{table}.")]
        once = [name for name in by_name if name.startswith(f"public.{table}.")]
        assert len(twice) >= 2 * len(once)


def test_the_helpers_are_doubled_too(run) -> None:
    functions = names(differences(run[1], "deployed", kind="function", change="extra"))
    helpers = {"get_user_role", "is_admin", "is_reviewer", "get_user_id"}
    assert {f"auth.{helper}()" for helper in helpers} < functions
    assert "public.get_user_role(text)" in functions


def test_row_level_security_is_on_nine_tables(run, tree) -> None:
    found = differences(run[1], tree, attribute="row_level_security")
    assert {(d["expected"], d["actual"], d["impact"]) for d in found} == {(False, True, "security")}
    assert len(found) == 8  # and submission_attachments, which is not there at all
    users = only(run[1], tree, kind="table", name="public.users", attribute="row_level_security")
    made = at(f"{PRISMA}/001_init.sql", 'CREATE TABLE "users"')
    assert place(users["origin"]["reference"]) == made  # and not the last key that refers to it
    last = "00001_enable_rls" if tree == "deployed" else "20250902000003_rls_policies"
    enabled = at(f"{ARCHIVE}/{last}.sql", "ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    assert place(users["origin"]["tree"]) == enabled


def test_the_helper_indexes_are_extra(run) -> None:
    made = at(f"{ARCHIVE}/20250903090000_add_core_indexes.sql", "DO $$")
    indexes = differences(run[1], "archive", kind="index", change="extra")
    assert len([d for d in indexes if place(d["origin"]["tree"]) == made]) == 9
    assert {d["impact"] for d in indexes} == {"performance"}


def test_the_verdict_is_broken(run) -> None:
    assert run[1]["verdict"] == "broken"
