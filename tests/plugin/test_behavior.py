"""The check ``behavior`` as its users see it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.kept import KEPT

from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.databases import create_database
from pytest_schema_parity.postgres.installation import find_installation

ROOT = Path(__file__).parents[2]
CHECK = "pyproject.toml::supabase::behavior"
REPORT = "--schema-parity-report=json:report.json"
USERS = """\
CREATE TABLE users (
    id text PRIMARY KEY,
    email text NOT NULL{unique},
    age int CHECK (age {bound})
);
CREATE VIEW adults AS SELECT id FROM users WHERE age >= {adult};
"""


def users(unique: str = " UNIQUE", bound: str = "> 0", adult: int = 18) -> str:
    return USERS.format(unique=unique, bound=bound, adult=adult)


def of(project: Any, candidate: str, *, extra: str = "") -> pytest.Pytester:
    """A project whose reference is :func:`users`."""
    pytester: pytest.Pytester = project(candidate, extra=extra)
    pytester.path.joinpath("prisma/migrations/001_init.sql").write_text(users())
    return pytester


def entries(pytester: pytest.Pytester) -> list[dict[str, Any]]:
    """The behavior in the report."""
    found = json.loads(pytester.path.joinpath("report.json").read_text())["behavior"]
    assert isinstance(found, list)
    return found


def test_a_counterexample_is_shown_with_what_explains_it(project) -> None:
    pytester = of(project, users(bound=">= 0"))
    result = pytester.runpytest_subprocess("--schema-parity", CHECK, REPORT)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "1 counterexample: supabase accepts what prisma rejects: INSERT INTO public.users",
            "    the smallest example (1 statement, found after * examples):",
            "    INSERT INTO public.users (id, email, age) VALUES ('id1', 'email1', 0);",
            "        prisma    check_violation: *(constraint public.users.users_age_check, "
            "prisma/migrations/001_init.sql:1) (23514)",
            "        supabase  1 row",
            "    explained by: constraint public.users.users_age_check differs in *",
        ]
    )
    (entry,) = entries(pytester)
    assert entry["subject"] == "public.users"
    assert entry["statements"] == [
        "INSERT INTO public.users (id, email, age) VALUES ('id1', 'email1', 0);"
    ]
    assert entry["tree_outcome"] == "1 row"
    assert "23514" in entry["reference"]
    assert entry["examples"] > 1


def test_the_statements_do_so_in_psql_as_they_stand(project) -> None:
    candidate = users(unique="", adult=19)
    pytester = of(project, candidate)
    pytester.runpytest_subprocess("--schema-parity", CHECK, REPORT).assert_outcomes(failed=1)
    found = {entry["subject"]: entry["statements"] for entry in entries(pytester)}
    assert found.keys() == {"public.users", "public.adults"}
    with start_cluster(find_installation(), name="pasted") as cluster:
        outcomes = {
            subject: [run(create_database(cluster, f"{name}_{at}"), script, statements)
                      for name, script in (("one", users()), ("two", candidate))]
            for at, (subject, statements) in enumerate(found.items())
        }  # fmt: skip
    assert outcomes["public.users"] == ["23505", "INSERT 0 1"]
    one, two = outcomes["public.adults"]
    assert (one, two) == ("SELECT 1", "SELECT 0")


def run(conninfo: str, script: str, statements: list[str]) -> str:
    """What the last of some statements comes to in a new database."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(script.encode())
        try:
            for statement in statements:
                last = connection.execute(statement.encode()).statusmessage
        except psycopg.Error as error:
            return str(error.sqlstate)
    return str(last)


@pytest.mark.campaign
def test_an_allowance_names_the_table_and_is_stale_without(project) -> None:
    rule = (
        '[[tool.pytest-schema-parity.allow]]\nkind = "behavior"\nname = "public.users"\n'
        'reason = "babies are welcome"\n'
    )
    pytester = of(project, users(bound=">= 0"), extra=rule)
    ids = [CHECK, "pyproject.toml::supabase::allowances"]
    result = pytester.runpytest_subprocess("--schema-parity", *ids)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*INSERT INTO public.users, allowed: babies are welcome"])
    pytester.path.joinpath("supabase/migrations/20250101000000_init.sql").write_text(users())
    result = pytester.runpytest_subprocess("--schema-parity", *ids)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["1 allowance matches nothing in supabase: pyproject.toml:9"])


@pytest.mark.campaign
def test_a_view_that_fails_on_one_side_is_shown_with_the_error(project) -> None:
    tree = users().replace("SELECT id", "SELECT id, 10 / (age - 17) AS n").replace("18", "17")
    pytester = of(project, tree)
    pytester.path.joinpath("prisma/migrations/001_init.sql").write_text(
        tree.replace("(age - 17)", "nullif(age - 17, 0)")
    )
    result = pytester.runpytest_subprocess("--schema-parity", CHECK, REPORT)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*public.adults fails in supabase but not in prisma: division_by_zero",
            "    TABLE public.adults;",
            "        prisma    1 row",
            "        supabase  division_by_zero: division by zero (22012)",
        ]
    )


def test_what_differs_in_nothing_and_what_is_not_tried_are_notes(project, tmp_path: Path) -> None:
    """A view with another text, a table that takes no row, and a trigger that reaches outside."""
    target = tmp_path / "reached"
    same = f"""
        CREATE TABLE closed (id int NOT NULL CHECK (id > 0 AND id < 0));
        CREATE TABLE messages (id int PRIMARY KEY);
        CREATE FUNCTION send() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
            COPY (SELECT 1) TO PROGRAM 'touch {target}'; RETURN NEW; END $$;
        CREATE TRIGGER send AFTER INSERT ON messages EXECUTE FUNCTION send();
    """
    pytester = of(project, users().replace("age >= 18", "NOT age < 18") + same)
    pytester.path.joinpath("prisma/migrations/001_init.sql").write_text(users() + same)
    result = pytester.runpytest_subprocess("--schema-parity", CHECK)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines_random(
        [
            "*public.adults: different definitions, but the same rows in * examples",
            "*public.closed: no INSERT was tried: no value was found for CHECK ((id > 0) AND *)",
            "*public.messages was not tested: send uses COPY (SELECT 1) TO PROGRAM*",
        ]
    )
    assert not target.exists()


def test_found_examples_are_tried_first_and_dropped_when_they_pass(project) -> None:
    pytester = of(project, users(bound=">= 0"))
    arguments = ("--schema-parity", CHECK, REPORT)
    pytester.runpytest_subprocess(*arguments).assert_outcomes(failed=1)
    before = entries(pytester)
    kept = pytester.path / ".pytest_cache/v/schema-parity/behavior/pyproject.toml/prisma/supabase"
    assert json.loads(kept.read_text())[0]["examples"] == before[0]["examples"]
    pytester.runpytest_subprocess(*arguments, "--schema-parity-examples=1").assert_outcomes(
        failed=1
    )
    assert entries(pytester) == before
    pytester.path.joinpath("supabase/migrations/20250101000000_init.sql").write_text(users())
    pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=1)
    assert json.loads(kept.read_text()) == []


@pytest.mark.campaign
@pytest.mark.parametrize("kept", KEPT)
def test_a_cache_that_holds_something_else_is_passed_over(project, kept: str) -> None:
    pytester = of(project, users(bound=">= 0"))
    file = pytester.path / ".pytest_cache/v/schema-parity/behavior/pyproject.toml/prisma/supabase"
    file.parent.mkdir(parents=True)
    file.write_text(kept)
    pytester.runpytest_subprocess("--schema-parity", CHECK).assert_outcomes(failed=1)


@pytest.mark.campaign
def test_it_works_without_a_cache(project) -> None:
    pytester = of(project, users(bound=">= 0"))
    arguments = ("--schema-parity", CHECK, "-p", "no:cacheprovider")
    pytester.runpytest_subprocess(*arguments).assert_outcomes(failed=1)
    assert not pytester.path.joinpath(".pytest_cache").exists()


def test_it_can_be_switched_off(project) -> None:
    pytester = of(project, users(bound=">= 0"))
    result = pytester.runpytest_subprocess(
        "--schema-parity", CHECK, "--schema-parity-examples=0", "-rs"
    )
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*no statements were tried: the check is switched off"])
    configuration = pytester.path / "pyproject.toml"
    text = configuration.read_text()
    configuration.write_text(text.replace("reference =", "behavior = false\nreference ="))
    pytester.runpytest_subprocess("--schema-parity", CHECK).assert_outcomes(skipped=1)
    pytester.runpytest_subprocess(
        "--schema-parity", CHECK, "--schema-parity-examples=5000"
    ).assert_outcomes(failed=1)


def test_a_budget_that_is_spent_is_said_with_what_was_not_reached(project) -> None:
    more = "".join(f"CREATE TABLE z{n} (id int PRIMARY KEY, n int);\n" for n in range(60))
    pytester = of(project, users() + more)
    pytester.path.joinpath("prisma/migrations/001_init.sql").write_text(users() + more)
    pytester.makeini("[pytest]\nschema_parity_examples = 100\n")
    result = pytester.runpytest_subprocess("--schema-parity", CHECK)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*after * examples: raise `examples`; * tables only partly tested; not tested: public.z*"]
    )
    result = pytester.runpytest_subprocess(
        "--schema-parity",
        CHECK,
        "--schema-parity-examples=9999",
        "--schema-parity-seconds=0.001",
        "-rs",
    )
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["*no statements were tried: the time limit was reached before the first*"]
    )


def test_differences_without_a_counterexample_are_named_where_the_check_is_green(project) -> None:
    pytester = of(project, users(bound="> 0 AND age > -1"))
    result = pytester.runpytest_subprocess("--schema-parity", CHECK)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*no counterexample was found for 1 difference",
            "*constraint public.users.users_age_check differs in *",
        ]
    )


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("--schema-parity-seed=x", "*--schema-parity-seed=x: has to be a whole number from 0 on"),
        ("--schema-parity-seed=-1", "*has to be a whole number*"),
        ("--schema-parity-examples=1.5", "*--schema-parity-examples=1.5: has to be a whole*"),
        ("--schema-parity-seconds=0", "*has to be a number of seconds above 0"),
        ("--schema-parity-seconds=nan", "*has to be a number of seconds above 0"),
    ],
)
def test_wrong_options(project, argument: str, told: str) -> None:
    result = of(project, users()).runpytest_subprocess("--schema-parity", CHECK, argument)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([told])


def test_a_wrong_ini_value_names_its_file(project) -> None:
    pytester = of(project, users())
    pytester.makeini("[pytest]\nschema_parity_seed = many\n")
    result = pytester.runpytest_subprocess("--schema-parity", "pyproject.toml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*tox.ini: schema_parity_seed = many: has to be a whole number*"])


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("seed = -1", "*pyproject.toml:10: *.behavior[]] seed: has to be a whole number from 0*"),
        ("examples = true", "*pyproject.toml:10: *examples: has to be a whole number*"),
        ("seconds = '1'", "*pyproject.toml:10: *seconds: has to be a number of seconds above 0*"),
        ("sead = 1", "*pyproject.toml:10: *sead: unknown key; did you mean*seed*"),
    ],
)
def test_wrong_settings(project, table: str, told: str) -> None:
    extra = f"[tool.pytest-schema-parity.behavior]\n{table}\n"
    result = of(project, users(), extra=extra).runpytest_subprocess("--schema-parity", CHECK)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([told])


def test_a_wrong_value_of_the_whole_table(project) -> None:
    pytester = of(project, users())
    file = pytester.path / "pyproject.toml"
    file.write_text(file.read_text().replace("reference =", "behavior = 3\nreference ="))
    result = pytester.runpytest_subprocess("--schema-parity", CHECK)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*pyproject.toml:2: *behavior: a number instead of a table*"])


ROLES = '[tool.pytest-schema-parity.behavior]\nroles = ["anon", "nobody"]\n'


def test_what_a_role_sees_is_shown_with_the_policy_and_a_role_that_is_missing_is_named(
    project,
) -> None:
    secret = "\nALTER TABLE users ENABLE ROW LEVEL SECURITY;\n"
    pytester = of(project, users(), extra='platform = "supabase"\n' + ROLES)
    toml = pytester.path.joinpath("pyproject.toml")
    head, _, tail = toml.read_text().partition("reference =")
    tail = tail.replace('platform = "supabase"\n', "")
    toml.write_text(f'{head}platform = "supabase"\nreference ={tail}')
    supabase = pytester.path / "supabase/migrations/20250101000000_init.sql"
    supabase.write_text(users() + secret)
    result = pytester.runpytest_subprocess("--schema-parity", CHECK, REPORT)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "* counterexamples, the first: *, as anon; no statement was run as nobody: *",
            "*public.users has fewer rows in supabase than in prisma, as anon",
            "    INSERT INTO public.users (*",
            "    SET ROLE anon;",
            "    SELECT set_config('request.jwt.claims', '{*}', false), set_config('request.jwt.*",
            "    TABLE public.users;",
            "        prisma    1 row, 1 of them only here",
            "        supabase  0 rows, 0 of them only here",
            "    RESET ROLE;",
            "    RESET request.jwt.claims; RESET request.jwt.claim.sub;",
            "    explained by: table public.users differs in row_level_security: *",
            "*no statement was run as nobody: SET ROLE fails in prisma and supabase; *",
        ]
    )


def test_a_call_is_shown_with_what_it_returns(project) -> None:
    grade = "\nCREATE FUNCTION grade(a int) RETURNS int LANGUAGE sql AS $$ SELECT {} $$;\n"
    pytester = of(project, users() + grade.format("coalesce(a, 0)"))
    prisma = pytester.path / "prisma/migrations/001_init.sql"
    prisma.write_text(users() + grade.format("a"))
    result = pytester.runpytest_subprocess("--schema-parity", CHECK)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "1 counterexample: supabase returns a different result than prisma: "
            "SELECT public.grade(NULL)",
            "    SELECT public.grade(NULL);",
            "        prisma    NULL",
            "        supabase  0",
            "    explained by: function public.grade(integer) differs in body: *",
        ]
    )


def test_a_difference_says_which_counterexample_shows_it(project) -> None:
    pytester = of(project, users(bound=">= 0") + "CREATE TABLE idle (id int);")
    result = pytester.runpytest_subprocess("--schema-parity", "-v", REPORT)
    result.stdout.fnmatch_lines(
        [
            "supabase::behavior has a counterexample for each of these differences:",
            "  changed * of constraint public.users.users_age_check*",
        ]
    )
    report = json.loads(pytester.path.joinpath("report.json").read_text())
    shown = {each["name"]: each.get("counterexample") for each in report["differences"]}
    example = shown["public.users.users_age_check"]
    assert example["title"].startswith("supabase accepts what prisma rejects: INSERT INTO")
    assert example["statements"] == entries(pytester)[0]["statements"]
    explained = {"kind": "constraint", "name": "public.users.users_age_check"}
    assert explained.items() <= entries(pytester)[0]["explained_by"][0].items()
    assert shown["public.idle"] is None
