"""The check ``behavior`` as its users see it."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from support.users import CHECK, REPORT, entries, of, users

from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.databases import create_database
from pytest_schema_parity.postgres.installation import find_installation


def test_a_counterexample_is_shown_with_what_explains_it_and_beside_that(project) -> None:
    pytester = of(project, users(bound=">= 0") + "CREATE TABLE idle (id int);")
    only = ("-k", "behavior or constraints or tables")
    result = pytester.runpytest_subprocess("--schema-parity", "-v", REPORT, *only)
    result.assert_outcomes(failed=3, deselected=15)
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
    result.stdout.fnmatch_lines(
        [
            "supabase::behavior has a counterexample for each of these differences:",
            "  changed * of constraint public.users.users_age_check*",
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
    explained = {"kind": "constraint", "name": "public.users.users_age_check"}
    assert explained.items() <= entry["explained_by"][0].items()
    report = json.loads(pytester.path.joinpath("report.json").read_text())
    shown = {each["name"]: each.get("counterexample") for each in report["differences"]}
    example = shown["public.users.users_age_check"]
    assert example["title"].startswith("supabase accepts what prisma rejects: INSERT INTO")
    assert example["statements"] == entry["statements"]
    assert shown["public.idle"] is None


@pytest.mark.campaign
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
    """A check and a view with other texts, a table without rows, a trigger that reaches outside."""
    target = tmp_path / "reached"
    same = f"""
        CREATE TABLE closed (id int NOT NULL CHECK (id > 0 AND id < 0));
        CREATE TABLE messages (id int PRIMARY KEY);
        CREATE FUNCTION send() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
            COPY (SELECT 1) TO PROGRAM 'touch {target}'; RETURN NEW; END $$;
        CREATE TRIGGER send AFTER INSERT ON messages EXECUTE FUNCTION send();
    """
    candidate = users(bound="> 0 AND age > -1").replace("age >= 18", "NOT age < 18")
    pytester = of(project, candidate + same)
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
    result.stdout.fnmatch_lines(
        [
            "*no counterexample was found for 2 differences",
            "*constraint public.users.users_age_check differs in *",
            "*view public.adults differs in definition",
        ]
    )
    assert not target.exists()


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
