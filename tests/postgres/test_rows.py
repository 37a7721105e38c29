from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest

from pytest_schema_parity.behavior.row_comparison import RowPair, RowsComparison
from pytest_schema_parity.behavior.rows import compare_rows
from pytest_schema_parity.behavior.same_now import begin_together
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import clone_database, create_database, drop_database
from pytest_schema_parity.schema.facts import Fact, Place, Schema

COMMON = """
CREATE TABLE public.users (id text PRIMARY KEY, points numeric, at timestamptz DEFAULT now());
CREATE VIEW public.totals AS SELECT id, points, at FROM public.users;
"""
SEED = "INSERT INTO users VALUES ('a', 1.50), ('b', 2);\n"


def facts_of(connection: psycopg.Connection) -> Schema:
    """The few facts that the comparison of rows needs."""
    found = connection.execute(
        """
        SELECT CASE relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END,
               format('%I.%I', nspname, relname), NULL, NULL
          FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace
         WHERE relkind IN ('v', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema')
         UNION ALL
        SELECT CASE prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
               format('%I.%I(%s)', nspname, proname, oidvectortypes(proargtypes)),
               prosrc, prorettype::regtype::text
          FROM pg_proc AS proc JOIN pg_namespace AS space ON space.oid = pronamespace
         WHERE nspname NOT IN ('pg_catalog', 'information_schema')
        """
    )
    return Schema(
        Fact(kind, name, {"body": body or "", "returns": returns or ""}, ("schema", "public"))
        for kind, name, body, returns in found
    )


class Compare:
    """Builds two trees from SQL and compares their rows: ``compare(one, other, *seeds)``."""

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        self.cluster = cluster
        self.directory = directory
        self.loads = 0

    def __call__(
        self, reference: str, candidate: str, *seeds: str | bytes, timeout: float | None = None
    ) -> RowsComparison:
        schemas = {}
        for tree, script in (("prisma", reference), ("supabase", candidate)):
            drop_database(self.cluster, tree)
            with psycopg.connect(create_database(self.cluster, tree)) as connection:
                connection.execute(script.encode())
                schemas[tree] = facts_of(connection)
        paths = [self.directory / f"{number}.sql" for number in range(1, len(seeds) + 1)]
        for path, text in zip(paths, seeds, strict=True):
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return compare_rows(
            "prisma",
            "supabase",
            schemas=schemas,
            copies=self.copies,
            seeds=paths,
            root=self.directory,
            statement_timeout=timeout,
        )

    @contextmanager
    def copies(self, one: str, other: str) -> Iterator[list[str]]:
        self.loads += 1
        names = [f"{one} copied", f"{other} copied as well"]
        try:
            yield [
                clone_database(self.cluster, tree, name)
                for tree, name in zip((one, other), names, strict=True)
            ]
        finally:
            for name in names:
                drop_database(self.cluster, name, force=True)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine two databases may need long for one instant: here they have it."""
    patient = partial(begin_together, patience=20.0)
    monkeypatch.setattr(
        "pytest_schema_parity.behavior.connections.begin_together",
        lambda *pair, **_: patient(*pair),
    )


@pytest.fixture
def compare(cluster: Cluster, tmp_path: Path) -> Iterator[Compare]:
    yield Compare(cluster, tmp_path)
    for tree in ("prisma", "supabase"):
        drop_database(cluster, tree)


def test_the_same_trees_give_the_same_rows(compare: Compare) -> None:
    found = compare(COMMON, COMMON, SEED, "INSERT INTO users VALUES ('c', 3)")
    assert found.parity
    assert not found.notes
    assert found.seeds == ("1.sql", "2.sql")
    assert [(view.name, view.reference_count) for view in found.views] == [("public.totals", 3)]


def test_rows_that_differ_are_side_by_side(compare: Compare) -> None:
    doubled = COMMON.replace("SELECT id, points", "SELECT id, points * 2 AS points")
    found = compare(COMMON, doubled, "INSERT INTO users VALUES ('a', 1.50, '2025-09-02')")
    (view,) = found.views
    at = "2025-09-02 00:00:00+00"
    assert view.differing == (RowPair(("a", "1.50", at), ("a", "3.00", at)),)
    assert not found.parity


def test_the_clock_stands_still_on_both_sides(compare: Compare) -> None:
    clock = """
        CREATE TABLE public.t (id int, at timestamptz DEFAULT now(), rounded timestamp(3));
        CREATE VIEW public.ages AS SELECT *, now() - at AS age, now() AS seen, random() AS chance,
            extract(epoch FROM clock_timestamp() - at) < 3600 AS fresh, CURRENT_DATE AS day FROM t;
    """
    seed = """
        INSERT INTO t SELECT n, now() - n * random() * interval '1 hour', now() - n * random()
            * interval '1 hour' FROM generate_series(1, 500) AS n;
        INSERT INTO t (id) VALUES (0);
        INSERT INTO t VALUES (-1, CURRENT_TIMESTAMP - interval '7 days');
    """
    found = compare(clock, clock, seed)
    assert found.parity, found.differing
    assert found.views[0].reference_count == 502


@pytest.mark.parametrize("shift", ["1 microsecond", "1 ms", "-1 ms", "1 second", "1 day"])
def test_the_clock_hides_no_real_difference(compare: Compare, shift: str) -> None:
    other = COMMON.replace("SELECT id, points, at", f"SELECT id, points, at + '{shift}' AS at")
    found = compare(COMMON, other, SEED)
    assert (found.views[0].missing, found.views[0].extra) == (2, 2)


def test_a_boundary_at_the_very_instant_shows(compare: Compare) -> None:
    tree = """
        CREATE TABLE public.t (id int, at timestamptz);
        CREATE VIEW public.recent AS SELECT id FROM t WHERE at {} now() - interval '30 days';
    """
    seed = "INSERT INTO t VALUES (1, now() - interval '30 days')"
    found = compare(tree.format(">="), tree.format(">"), seed)
    assert [(view.missing, view.extra) for view in found.views] == [(1, 0)]


BY_CHANCE = """
CREATE TABLE public.t (id int, token uuid DEFAULT gen_random_uuid(), name text DEFAULT {});
CREATE VIEW public.v AS SELECT id, token, name FROM t;
"""


def test_what_one_tree_has_by_chance_is_left_out_and_said(compare: Compare) -> None:
    tree = BY_CHANCE.format("'x'")
    found = compare(tree, tree, "INSERT INTO t VALUES (1), (2)")
    assert found.parity, found.differing
    assert found.views[0].columns == ("id", "name")
    assert found.notes
    why = "prisma itself returned different values in two loads"
    assert found.notes[0].startswith(f"public.v compared without token: {why}")


def test_chance_in_one_column_hides_no_other(compare: Compare) -> None:
    found = compare(BY_CHANCE.format("'x'"), BY_CHANCE.format("'y'"), "INSERT INTO t VALUES (1)")
    (view,) = found.differing
    assert view.differing == (RowPair(("1", "x"), ("1", "y")),)


def test_chance_in_the_candidate_alone_is_a_difference(compare: Compare) -> None:
    chance = BY_CHANCE.format("md5(gen_random_uuid()::text)")
    found = compare(BY_CHANCE.format("'x'"), chance, "INSERT INTO t VALUES (1)")
    assert [view.name for view in found.differing] == ["public.v"]


def test_a_view_with_rows_by_chance_is_not_compared(compare: Compare) -> None:
    tree = """
        CREATE TABLE public.t (id int);
        CREATE VIEW public.v AS SELECT id FROM t WHERE gen_random_uuid() > '8' || repeat('0', 31);
    """
    tree = tree.replace("> '8' || repeat('0', 31)", "> ('8' || repeat('0', 31))::uuid")
    found = compare(tree, tree, "INSERT INTO t SELECT generate_series(1, 1000)")
    assert (found.parity, found.not_steady) == (True, ("public.v",))
    assert "public.v not compared" in "; ".join(found.notes)


def test_equal_rows_are_loaded_once(compare: Compare) -> None:
    assert compare(COMMON, COMMON, SEED).parity
    assert compare.loads == 1


CLOCK = """
CREATE TABLE public.t (id int, at timestamptz DEFAULT now());
CREATE VIEW public.v AS SELECT id {} AS id, extract(epoch FROM at) AS at FROM t;
"""


def test_what_goes_by_the_clock_is_left_out_where_the_clocks_are_apart(
    compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin_apart(*connections: psycopg.Connection, patience: float) -> int:
        assert patience > 0
        for connection in connections:
            connection.execute("BEGIN")
            connection.execute("SELECT pg_sleep(0.01)")
        return 7

    monkeypatch.setattr("pytest_schema_parity.behavior.connections.begin_together", begin_apart)
    found = compare(CLOCK.format(""), CLOCK.format(""), "INSERT INTO t VALUES (1)")
    assert (found.parity, found.views[0].left_out) == (True, ("at",))
    assert "public.v compared without at" in "; ".join(found.notes)
    assert "7 µs" in "; ".join(found.notes)
    found = compare(CLOCK.format(""), CLOCK.format("+ 1"), "INSERT INTO t VALUES (1)")
    (view,) = found.differing
    assert view.differing == (RowPair(("1",), None), RowPair(None, ("2",)))


def test_a_seed_that_fails_in_one_tree_is_a_finding_and_is_undone_in_both(compare: Compare) -> None:
    lacking = COMMON.replace("points numeric", "points numeric CHECK (points < 9)")
    seed = "INSERT INTO users VALUES ('a', 1);\n\n  INSERT INTO users VALUES ('b', 10);\n"
    found = compare(COMMON, lacking, seed, "INSERT INTO users VALUES ('c', 3);")
    (problem,) = found.problems
    assert (problem.step, problem.trees, problem.subject) == ("seed", ("supabase",), "1.sql")
    assert (problem.place, problem.column) == (Place("1.sql", 3), 3)
    assert problem.statement.startswith("INSERT INTO users VALUES ('b', 10)")
    assert problem.sqlstate == "23514"
    assert "check constraint" in problem.message
    assert [(view.reference_count, view.equal) for view in found.views] == [(2, True)]
    assert not found.parity


def test_what_may_follow_from_an_undone_statement_is_marked(compare: Compare) -> None:
    trees = COMMON + "CREATE TABLE public.events (user_id text REFERENCES public.users);"
    lacking = trees.replace("points numeric", "points numeric CHECK (points < 9)")
    seed = "INSERT INTO users VALUES ('b', 10); INSERT INTO events VALUES ('b');"
    found = compare(trees, lacking, seed)
    assert [(p.trees, p.sqlstate, p.follows) for p in found.problems] == [
        (("supabase",), "23514", False),
        (("prisma", "supabase"), "23503", True),
    ]
    assert found.notes


def test_seeds_that_cannot_be_read_are_findings(compare: Compare) -> None:
    found = compare(COMMON, COMMON, "INSERT INTO users VALUES ('a);", SEED)
    (problem,) = found.problems
    assert problem.place == Place("1.sql", 1)
    assert problem.trees == ("prisma", "supabase")
    assert found.views[0].reference_count == 2


def test_a_seed_in_another_encoding_is_a_finding(compare: Compare) -> None:
    found = compare(COMMON, COMMON, b"-- fine\nSELECT '\xe9'")
    assert found.problems[0].place == Place("1.sql", 2)
    assert "UTF-8" in found.problems[0].message


@pytest.mark.parametrize(
    "seed",
    [
        "BEGIN; INSERT INTO users VALUES ('a', 1.50), ('b', 2); COMMIT;",
        "START TRANSACTION READ WRITE;\r\nINSERT INTO users VALUES ('a', 1.50), ('b', 2);\r\nEND;",
        "\ufeffINSERT INTO users VALUES ('a', 1.50), ('b', 2) -- no final newline",
        "SET search_path = ''; INSERT INTO public.users VALUES ('a', 1.50), ('b', 2);",
        "INSERT INTO users VALUES ('%s', 1), ('\U0001f600 \"''', 2);",
        "COPY users (id, points) FROM stdin;\na\t1.50\nb\t2\n\\.\n",
        "DO $$BEGIN INSERT INTO users VALUES ('a', 1.50), ('b', 2); END$$",
    ],
)
def test_seeds_as_people_write_them(compare: Compare, seed: str) -> None:
    found = compare(COMMON, COMMON, seed, "INSERT INTO users VALUES ('c', 3)")
    assert found.parity, found.problems
    assert found.views[0].reference_count == 3


def test_copied_data_that_fails_names_its_line(compare: Compare) -> None:
    lacking = COMMON.replace("points numeric", "points numeric CHECK (points < 9)")
    found = compare(COMMON, lacking, "\nCOPY users (id, points) FROM stdin;\na\t1\nb\t10\n\\.\n")
    (problem,) = found.problems
    assert (problem.place, problem.sqlstate) == (Place("1.sql", 4), "23514")
    assert (found.views[0].reference_count, found.views[0].candidate_count) == (0, 0)


def test_the_place_of_an_error_is_the_servers(compare: Compare) -> None:
    lacking = COMMON.replace("id text", "handle text").replace("SELECT id", "SELECT handle AS id")
    found = compare(COMMON, lacking, "INSERT INTO users\n    (id) VALUES ('a')")
    (problem,) = found.problems
    assert (problem.place, problem.column, problem.sqlstate) == (Place("1.sql", 2), 6, "42703")


@pytest.mark.parametrize("line", ["\\i other.sql", "SELECT 1 \\; COMMIT"])
def test_what_only_psql_understands_is_told(compare: Compare, line: str) -> None:
    found = compare(COMMON, COMMON, f"{SEED}{line}\n")
    assert [problem.place for problem in found.problems] == [Place("1.sql", 2)]


def test_a_seed_may_undo_a_part_of_itself(compare: Compare) -> None:
    seed = "SAVEPOINT s; INSERT INTO users VALUES ('z'); ROLLBACK TO SAVEPOINT s;"
    assert compare(COMMON, COMMON, seed + SEED).views[0].reference_count == 2


def test_a_seed_cannot_roll_back(compare: Compare) -> None:
    found = compare(COMMON, COMMON, SEED + "ROLLBACK;\n")
    assert [problem.place for problem in found.problems] == [Place("1.sql", 2)]
    assert found.views[0].reference_count == 2


def test_deferred_constraints_are_checked(compare: Compare) -> None:
    tree = COMMON + "ALTER TABLE users ADD twin text {};"
    deferred = "REFERENCES users DEFERRABLE INITIALLY DEFERRED"
    seed = "INSERT INTO users VALUES ('a', 1, now(), 'b');", "INSERT INTO users VALUES ('b', 1);"
    assert compare(tree.format(deferred), tree.format(deferred), *seed).parity


def test_deferred_constraints_fail_as_at_commit(compare: Compare) -> None:
    tree = COMMON + "ALTER TABLE users ADD twin text {};"
    deferred = "REFERENCES users DEFERRABLE INITIALLY DEFERRED"
    seed = "INSERT INTO users VALUES ('a', 1, now(), 'nobody')"
    found = compare(tree.format(""), tree.format(deferred), seed)
    assert [(p.subject, p.trees, p.sqlstate) for p in found.problems] == [
        ("deferred constraints", ("supabase",), "23503")
    ]


CHAIN = """
CREATE TABLE public.t (id int);
CREATE MATERIALIZED VIEW public.z AS SELECT id FROM t WITH NO DATA;
CREATE VIEW public.between AS SELECT id FROM z;
CREATE MATERIALIZED VIEW public.a AS SELECT id * 10 AS id FROM between WITH NO DATA;
CREATE MATERIALIZED VIEW public."A b" AS SELECT id + 1 AS id FROM a WITH NO DATA;
"""


def test_materialized_views_are_refreshed_in_the_order_of_what_they_read(compare: Compare) -> None:
    plain = """
        CREATE TABLE public.t (id int); CREATE VIEW public.z AS SELECT id FROM t;
        CREATE VIEW public."A b" AS SELECT 51 AS id;
    """
    found = compare(CHAIN, plain, "INSERT INTO t VALUES (5)")
    assert found.parity, (found.problems, found.differing)
    assert [view.name for view in found.views] == ['public."A b"', "public.z"]


def test_a_refresh_that_fails_is_a_finding_of_its_tree(compare: Compare) -> None:
    tree = """
        CREATE TABLE public.t (id int);
        CREATE MATERIALIZED VIEW public.m AS SELECT {} AS id FROM t;
        CREATE VIEW public.v AS SELECT id FROM t;
    """
    found = compare(tree.format("1 / id"), tree.format("id"), "INSERT INTO t VALUES (0)")
    (problem,) = found.problems
    assert (problem.step, problem.trees, problem.subject) == ("refresh", ("prisma",), "public.m")
    assert problem.sqlstate == "22012"
    assert [view.name for view in found.views] == ["public.v"]


REFRESHING = """
CREATE TABLE public.t (id int);
CREATE MATERIALIZED VIEW public.m AS SELECT id FROM t;
CREATE FUNCTION public.refresh() RETURNS void LANGUAGE plpgsql
    AS $$BEGIN REFRESH MATERIALIZED VIEW CONCURRENTLY public.m; END$$;
"""
UNIQUE = "CREATE UNIQUE INDEX ON public.m (id);"


def test_a_refresh_function_whose_arguments_have_defaults_is_called(compare: Compare) -> None:
    arguments = REFRESHING.replace("refresh()", "refresh(hard boolean DEFAULT true, n int = 1)")
    found = compare(arguments, arguments + UNIQUE, "INSERT INTO t VALUES (1)")
    (problem,) = found.problems
    assert (problem.trees, problem.statement) == (("prisma",), "SELECT public.refresh()")
    assert problem.subject == "public.refresh(boolean, integer)"
    wanting = REFRESHING.replace("refresh()", "refresh(hard boolean)")
    assert compare(wanting, wanting).parity


def test_the_trees_own_refresh_functions_are_called(compare: Compare) -> None:
    assert compare(REFRESHING + UNIQUE, REFRESHING + UNIQUE, "INSERT INTO t VALUES (1)").parity


def test_a_refresh_function_that_fails_is_a_finding_in_either_tree(compare: Compare) -> None:
    found = compare(REFRESHING, REFRESHING + UNIQUE, "INSERT INTO t VALUES (1)")
    (problem,) = found.problems
    assert (problem.step, problem.trees) == ("call", ("prisma",))
    assert problem.subject == "public.refresh()"
    assert problem.sqlstate == "55000"
    assert found.views[0].equal


def test_a_refresh_function_that_fails_alike_is_one_problem(compare: Compare) -> None:
    found = compare(REFRESHING, REFRESHING, "INSERT INTO t VALUES (1)")
    assert [problem.trees for problem in found.problems] == [("prisma", "supabase")]


def test_a_refresh_procedure_may_commit(compare: Compare) -> None:
    tree = """
        CREATE TABLE public.t (id int);
        CREATE MATERIALIZED VIEW public.m AS SELECT id FROM t;
        CREATE PROCEDURE public.refresh() LANGUAGE plpgsql
            AS $$BEGIN COMMIT; REFRESH MATERIALIZED VIEW {} public.m; END$$;
    """
    found = compare(tree.format(""), tree.format("CONCURRENTLY"), "INSERT INTO t VALUES (1)")
    assert [(problem.trees, problem.sqlstate) for problem in found.problems] == [
        (("supabase",), "55000")
    ]


def test_a_view_that_cannot_be_read_is_a_finding(compare: Compare) -> None:
    tree = """
        CREATE TABLE public.t (id int);
        CREATE VIEW public.v AS SELECT {} AS id FROM t;
    """
    found = compare(tree.format("id"), tree.format("1 / id"), "INSERT INTO t VALUES (0)")
    assert [(p.step, p.trees, p.subject, p.sqlstate) for p in found.problems] == [
        ("query", ("supabase",), "public.v", "22012")
    ]
    assert found.views == ()


def test_without_a_seed_nothing_was_compared_and_that_is_said(compare: Compare) -> None:
    found = compare(COMMON, COMMON)
    assert found.parity
    assert found.notes
    assert "every view is empty" in "; ".join(found.notes)


def test_values_are_what_a_client_gets(compare: Compare) -> None:
    tree = """
        CREATE VIEW public.v AS SELECT {} AS flag, 'a'::char(3) AS padded, '\\x00ff'::bytea AS raw,
            '1 mon 2 days'::interval AS span, 0.1::real AS real, NULL AS nothing, '{{1,2}}'::int[];
    """
    found = compare(tree.format("true"), tree.format("false"))
    (pair,) = found.views[0].differing
    assert pair.reference == ("t", "a  ", "\\x00ff", "1 mon 2 days", "0.1", None, "{1,2}")


def test_a_seed_that_does_not_end_is_cut_off(compare: Compare) -> None:
    found = compare(COMMON, COMMON, "SELECT pg_sleep(3600)", SEED, timeout=0.2)
    assert [problem.sqlstate for problem in found.problems] == ["57014"]
    assert found.views[0].reference_count == 2


def test_a_problem_tells_no_password(compare: Compare) -> None:
    found = compare(COMMON, COMMON, "ALTER ROLE nobody PASSWORD\n  's3cret' 's4cret';")
    (problem,) = found.problems
    assert problem.statement == "ALTER ROLE nobody PASSWORD\n  '***'"
    assert problem.message == 'syntax error at or near "***"'
    assert "cret" not in repr(found)


def test_a_mistake_inside_a_block_is_told_by_its_line(compare: Compare) -> None:
    found = compare(COMMON, COMMON, "DO $$\nBEGIN\n  PERFORM 1 / 0;\nEND $$;")
    assert found.problems[0].place == Place("1.sql", 3)
