"""The gate on the worked example fails for each hole that one more migration may tear.

All holes of a kind are torn in one migration, as each of them is told by its own name.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.campaign

ROOT = Path(__file__).parents[2]
MIGRATION = "sql/supabase/migrations/20991231000000_hole.sql"

DIFFERENCES = {
    "CREATE POLICY all_of_them ON users FOR SELECT TO anon USING (true)": (
        "extra policy public.users.all_of_them"
    ),
    "GRANT INSERT ON users TO anon": "changed privilege ON TABLE public.users TO anon",
    "GRANT SELECT (email) ON users TO anon": (
        "extra privilege ON COLUMN public.users.email TO anon"
    ),
    "GRANT UPDATE (role) ON users TO authenticated": (
        "extra privilege ON COLUMN public.users.role TO authenticated"
    ),
    "GRANT UPDATE (email) ON users TO authenticated": (
        "extra privilege ON COLUMN public.users.email TO authenticated"
    ),
    "GRANT TRUNCATE ON badges TO authenticated": (
        "changed privilege ON TABLE public.badges TO authenticated"
    ),
    "GRANT SELECT ON leaderboard_totals TO anon": (
        "changed privilege ON TABLE public.leaderboard_totals TO anon"
    ),
    "GRANT USAGE ON SCHEMA private TO anon": "extra privilege ON SCHEMA private TO anon",
    "GRANT EXECUTE ON FUNCTION private.user_id() TO PUBLIC": (
        "extra privilege ON FUNCTION private.user_id() TO PUBLIC"
    ),
    "GRANT EXECUTE ON FUNCTION evidence_signing_path(text) TO anon": (
        "extra privilege ON FUNCTION public.evidence_signing_path(text) TO anon"
    ),
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO anon": (
        "changed default privilege FOR postgres IN SCHEMA public ON TABLES TO anon"
    ),
    "ALTER DEFAULT PRIVILEGES IN SCHEMA private GRANT EXECUTE ON FUNCTIONS TO anon": (
        "extra default privilege FOR postgres IN SCHEMA private ON FUNCTIONS TO anon"
    ),
    """CREATE FUNCTION private.steal() RETURNS SETOF users LANGUAGE sql SECURITY DEFINER
       SET search_path = '' AS 'SELECT * FROM public.users'""": "extra function private.steal()",
    "ALTER FUNCTION private.is_admin() SECURITY DEFINER": "extra function private.is_admin()",
    "ALTER FUNCTION private.user_role() RESET search_path": "extra function private.user_role()",
    "ALTER FUNCTION check_amplify_quota() SECURITY INVOKER": (
        "changed function public.check_amplify_quota()"
    ),
    "CREATE TABLE private.loot AS SELECT * FROM users": "extra table private.loot",
    "CREATE VIEW everyone AS SELECT * FROM users": "extra view public.everyone",
    "ALTER TABLE submissions DISABLE TRIGGER trg_check_amplify_quota": (
        "changed trigger public.submissions.trg_check_amplify_quota"
    ),
}
STALE = {
    "ALTER TABLE submissions DISABLE ROW LEVEL SECURITY": (
        "row_level_security of table public.submissions"
    ),
    'DROP POLICY "Admins see webhooks" ON kajabi_events': (
        'extra policy public.kajabi_events."Admins see webhooks"'
    ),
    "GRANT EXECUTE ON FUNCTION refresh_leaderboards() TO authenticated": (
        "missing privilege ON FUNCTION public.refresh_leaderboards() TO authenticated"
    ),
}
REQUESTS = {
    "CREATE OR REPLACE FUNCTION private.is_admin() RETURNS boolean LANGUAGE sql STABLE"
    " SET search_path = '' AS 'SELECT true'": "ada reaches * rows of kajabi_events, not *",
    'ALTER POLICY "Users see their points, reviewers all" ON points_ledger USING (true)': (
        "ada reaches * rows of points_ledger, not *"
    ),
}


@pytest.fixture
def example(pytester: pytest.Pytester) -> pytest.Pytester:
    """The worked example, without the project's tests."""
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / name, pytester.path)
    shutil.copytree(ROOT / "sql", pytester.path / "sql")
    return pytester


def run(example: pytest.Pytester, *statements: str) -> pytest.RunResult:
    """The gate on the example with one more migration."""
    (example.path / MIGRATION).write_text(";\n".join(statements))
    return example.runpytest_subprocess(
        "--schema-parity", "pyproject.toml", "--schema-parity-report=json:report.json"
    )


def not_allowed(example: pytest.Pytester) -> list[str]:
    found: list[dict[str, Any]] = json.loads((example.path / "report.json").read_text())[
        "differences"
    ]
    return [f"{d['change']} {d['kind']} {d['name']}" for d in found if d["allowed"] is None]


def test_the_example_alone_passes(example: pytest.Pytester) -> None:
    assert run(example, "SELECT 1").ret == pytest.ExitCode.OK
    assert not_allowed(example) == []


def test_what_is_not_named_is_not_allowed(example: pytest.Pytester) -> None:
    run(example, *DIFFERENCES)
    assert sorted(not_allowed(example)) == sorted(DIFFERENCES.values())


def test_what_is_no_more_leaves_a_stale_allowance(example: pytest.Pytester) -> None:
    result = run(example, *STALE)
    assert not_allowed(example) == []
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    for pattern in STALE.values():
        result.stdout.fnmatch_lines([f"*allows *{pattern}*"])


def test_what_an_allowed_thing_says_is_tried(example: pytest.Pytester) -> None:
    result = run(example, *REQUESTS)
    assert not_allowed(example) == []
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAILED pyproject.toml::supabase::requests*"])
    for line in REQUESTS.values():
        result.stdout.fnmatch_lines([f"*{line}"])
