"""What follows from one cause is shown once: below a difference, and behind a failed statement."""

from __future__ import annotations

import json

import pytest
from support.campaign import one_in

PARTITIONED = """\
CREATE TABLE event (at date NOT NULL, size {type}) PARTITION BY RANGE (at);
CREATE TABLE event_24 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE event_25 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE VIEW sizes AS SELECT size FROM event;
"""
OTHER = "ALTER TABLE users ADD COLUMN {name} text;\n"


def run(pytester: pytest.Pytester, *more: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("--schema-parity", "-p", "no:cacheprovider", *more)


def add(pytester: pytest.Pytester, tree: str, name: str, sql: str) -> None:
    (pytester.path / tree / "migrations" / name).write_text(sql)


def report(pytester: pytest.Pytester) -> dict[str, list[dict[str, object]]]:
    text = (pytester.path / "report.json").read_text()
    return json.loads(text)  # type: ignore[no-any-return]


def partitioned(project) -> pytest.Pytester:
    pytester = project()
    add(pytester, "prisma", "002_event.sql", PARTITIONED.format(type="bigint"))
    add(pytester, "supabase", "20250102000000_event.sql", PARTITIONED.format(type="integer"))
    return pytester


@pytest.mark.campaign
def test_what_follows_is_listed_when_all_is_asked_for(project) -> None:
    result = run(partitioned(project), "-k", "columns", "-vv")
    result.stdout.fnmatch_lines(
        [
            "    and 3 consequences: 3 changed columns (type)",
            "        changed type of column public.event_24.size   bigint → integer",
            "        changed type of column public.event_25.size   bigint → integer",
            "        changed type of column public.sizes.size   bigint → integer",
        ]
    )


def test_what_follows_is_counted_and_is_in_the_json_report(project) -> None:
    pytester = partitioned(project)
    result = run(pytester, "-k", "columns", "--schema-parity-report=json:report.json")
    result.stdout.fnmatch_lines(
        [
            "1 changed column type in supabase: public.event.size",
            "    and 3 consequences: 3 changed columns (type)",
        ]
    )
    result.stdout.no_fnmatch_line("*event_24*")
    [one] = report(pytester)["differences"]
    assert isinstance(one["below"], list)
    assert [(each["name"], each["actual"]) for each in one["below"]] == [
        ("public.event_24.size", "integer"),
        ("public.event_25.size", "integer"),
        ("public.sizes.size", "integer"),
    ]


def test_what_may_follow_from_a_failure_stands_apart(project) -> None:
    pytester = project()
    for tree, name in (("prisma", "002"), ("supabase", "20250102000000")):
        wrong = "ALTER TABLE userz ADD COLUMN x text;" if tree == "supabase" else ""
        sql = "CREATE TABLE party (id integer PRIMARY KEY, name text);"
        add(pytester, tree, f"{name}_party.sql", sql + wrong)
    add(pytester, "prisma", "003_own.sql", OTHER.format(name="own"))
    result = run(pytester, "-k", "not behavior", "--schema-parity-report=json:report.json")
    result.stdout.fnmatch_lines(
        [
            "1 missing table in supabase: public.party; this may be caused by failed statements",
            "1 that may be caused by a failed statement:",
            "    missing table public.party   supabase/migrations/20250102000000_party.sql:1",
            "1 missing column in supabase: public.users.own",
            "2 differences: 2 behavior; 1 of them may be caused by failed statements",
        ]
    )
    found = {str(one["name"]): one.get("consequence_of") for one in report(pytester)["differences"]}
    assert found == {
        "public.party": {"file": "supabase/migrations/20250102000000_party.sql", "line": 1},
        "public.users.own": None,
    }


@pytest.mark.parametrize(
    "failing", one_in(2, ["supabase/migrations/2026", "prisma/migrations/002"])
)
def test_an_allowance_that_matches_nothing_after_a_failure_is_stale_and_may_be_right(
    project, failing: str
) -> None:
    rule = '[[tool.pytest-schema-parity.allow]]\nkind = "policy"\nreason = "agreed"\n'
    pytester = project(extra=rule)
    chosen = "-k", "allowances and supabase"
    run(pytester, *chosen).stdout.fnmatch_lines(["*stale: matches no difference; remove it"])
    pytester.path.joinpath(f"{failing}_more.sql").write_text("CREATE EXTENSION nowhere;")
    result = run(pytester, *chosen)
    result.assert_outcomes(failed=1, deselected=17)
    result.stdout.fnmatch_lines(
        ["*stale: matches no difference; this may be caused by failed statements"]
    )


def test_failures_of_one_cause_are_told_once(project) -> None:
    pytester = project()
    for number in range(1, 9):
        sql = f"ALTER TABLE parties ADD COLUMN c{number} text;"
        add(pytester, "supabase", f"2025020{number}000000_c.sql", sql)
    result = run(pytester, "-k", "applies")
    result.stdout.fnmatch_lines(
        [
            "8 statements of supabase failed in 8 files (1 cause), the first: "
            'supabase/migrations/20250201000000_c.sql:1:1: relation "parties" does not exist*',
            "    the same in 7 more statements:",
            "        supabase/migrations/20250202000000_c.sql:1*",
            "        … and 2 more",
        ]
    )


def test_a_long_report_is_cut_and_the_json_is_not(project) -> None:
    pytester = project()
    columns = "".join(OTHER.format(name=f"c{number}") for number in range(70))
    comment = "COMMENT ON COLUMN users.email IS 'x';"
    add(pytester, "prisma", "002_more.sql", columns + comment)
    result = run(pytester, "-k", "columns", "--schema-parity-report=json:report.json")
    result.stdout.fnmatch_lines(
        [
            "70 missing columns in supabase",
            "missing column public.users.c0   text",
            "… and 20 more, all in the report (--schema-parity-report=json:PATH) and with -vv",
        ]
    )
    assert len(report(pytester)["differences"]) == 71
    assert result.stdout.str().count("missing column public.users.c") == 50


@pytest.mark.campaign
def test_a_long_report_is_whole_where_all_is_asked_for(project) -> None:
    pytester = project()
    columns = "".join(OTHER.format(name=f"c{number}") for number in range(70))
    add(pytester, "prisma", "002_more.sql", columns)
    whole = run(pytester, "-k", "columns", "-vv").stdout.str()
    assert whole.count("missing column public.users.c") == 70


def test_why_a_tree_could_not_be_built_is_told_once_for_each(project) -> None:
    pytester = project()
    pytester.path.joinpath("pyproject.toml").open("a").write("platform = 'supabase'\n")
    pytester.makeconftest(
        """
        from pytest_schema_parity.errors import ServerError
        from pytest_schema_parity.building import targets

        def refuse(*args, **kwargs):
            raise ServerError("no server today\\nits log: all is lost")

        targets.start_cluster = refuse
        """
    )
    printed = run(pytester).stdout.str()
    assert printed.count("its log: all is lost") == 2  # once for each tree
    assert printed.count("not compared: supabase could not be built; see its check `applies`") > 5
