"""Views in the statement search: beside tables with values of chance, and at their boundaries."""

from __future__ import annotations

import psycopg
import pytest
from support.campaign import in_campaign, one_in
from support.searching import Searcher, causes, scripts

from pytest_schema_parity.behavior.statements.counterexample import Budget
from pytest_schema_parity.behavior.statements.example import Example
from pytest_schema_parity.behavior.statements.generated_statement import insert
from pytest_schema_parity.behavior.statements.open_runner import open_runner
from pytest_schema_parity.behavior.statements.search_loop import SearchLoop
from pytest_schema_parity.postgres.cluster import Cluster


@pytest.fixture(scope="module")
def searcher(cluster: Cluster) -> Searcher:
    return Searcher(cluster)


LOGGED = """
    CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL);
    CREATE TABLE log ({column}, t int);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        INSERT INTO log (t) VALUES (new.id); RETURN new; END $$;
    CREATE TRIGGER note AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();
    CREATE VIEW v AS SELECT {shown}id FROM t WHERE n {bound} 5;
"""
COLUMNS = {
    "a uuid": "id uuid PRIMARY KEY DEFAULT gen_random_uuid()",
    "the running clock": "at timestamptz NOT NULL DEFAULT clock_timestamp()",
    "an identity": "id int GENERATED ALWAYS AS IDENTITY",
}


@pytest.mark.parametrize("seed", [0, *in_campaign([1, 2])])
@pytest.mark.parametrize("column", one_in(2, COLUMNS))
def test_a_view_is_looked_at_where_a_table_differs_by_chance(
    searcher: Searcher, column: str, seed: int
) -> None:
    trees = [LOGGED.format(column=COLUMNS[column], shown="", bound=bound) for bound in (">", ">=")]
    found = searcher(*trees, seed=seed)
    assert [each[:2] for each in causes(found)] == [("rows", "public.v")], scripts(found)
    assert found.views == ()


def test_a_view_that_shows_values_of_chance_is_counted(searcher: Searcher) -> None:
    trees = [
        LOGGED.format(column=COLUMNS["a uuid"], shown="gen_random_uuid() AS x, ", bound=bound)
        for bound in ("> 5 AND n >=", "> 5 AND 0 <")
    ]
    found = searcher(*trees)
    assert found.counterexamples == (), scripts(found)
    (view,) = found.views
    assert view.examples > 5


def test_a_table_that_differs_hides_the_views_that_show_it(searcher: Searcher) -> None:
    tree = LOGGED.format(column=COLUMNS["a uuid"], shown="", bound=">")
    tree += "CREATE VIEW w AS SELECT t FROM log;"
    found = searcher(tree, tree.replace("(new.id)", "(new.id + 1)"))
    assert {each[:2] for each in causes(found)} == {("rows", "public.log")}, scripts(found)


def test_a_view_that_differs_hides_only_the_views_that_show_it(cluster: Cluster) -> None:
    tree = """
        CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL);
        CREATE VIEW b AS SELECT id FROM t WHERE n > 5;
        CREATE VIEW a AS SELECT id + 1 AS next FROM b;
        CREATE VIEW c AS SELECT n FROM t WHERE n > 5;
    """
    searcher = Searcher(cluster)
    with searcher.built(tree) as one, searcher.built(tree.replace("> 5", ">= 5")) as other:
        sides = (one.tree, one.conninfo), (other.tree, other.conninfo)
        with open_runner(*sides) as runner:
            searching = SearchLoop(runner, (), Budget(), 0)
            row = insert("public.t", {"id": "1", "n": "5"})
            example = Example("public.t", "a row", (row,), ("public.a", "public.b", "public.c"))
            searching._examine([(example, runner.results([example])[0])])
    assert {each[1] for each in searching.found} == {"public.b", "public.c"}


JOINED = """
    CREATE TYPE role AS ENUM ('guest', 'member', 'editor', 'owner');
    CREATE TYPE state AS ENUM ('draft', 'sent', 'seen', 'done', 'gone');
    CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, role role NOT NULL);
    CREATE TABLE points (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users, n int NOT NULL);
    CREATE TABLE works (
        id int PRIMARY KEY, user_id int NOT NULL REFERENCES users, state state NOT NULL,
        is_shown boolean NOT NULL, kind text NOT NULL
    );
    CREATE VIEW totals AS SELECT u.id, sum(p.n){divided} AS points FROM users u
        JOIN points p ON p.user_id = u.id
        LEFT JOIN works w ON w.user_id = u.id
            AND w.state = 'done' AND w.is_shown AND w.kind IN ('book', 'film')
        WHERE u.role = 'member' GROUP BY u.id;
"""


@pytest.mark.parametrize("seed", [0, *in_campaign([1, 2])])
def test_a_join_that_repeats_rows_is_found(searcher: Searcher, seed: int) -> None:
    once = JOINED.format(divided=" / greatest(1, count(DISTINCT w.id))")
    found = searcher(once, JOINED.format(divided=""), seed=seed)
    assert [each[1:3] for each in causes(found)] == [("public.totals", "as many")], scripts(found)
    statements = found.counterexamples[0].statements
    assert ["works" in each for each in statements].count(True) == 2


CHEAP = """
    CREATE TABLE makers (id int PRIMARY KEY, name text NOT NULL, country text);
    CREATE TABLE shelves (id int PRIMARY KEY, room text NOT NULL, height int);
    CREATE TABLE products (
        id int PRIMARY KEY, maker_id int REFERENCES makers,
        shelf_id int NOT NULL REFERENCES shelves,
        name text NOT NULL, price_cents int NOT NULL CHECK (price_cents >= 0), weight numeric(8,2),
        added timestamptz NOT NULL DEFAULT now(), state text NOT NULL DEFAULT 'draft'
    );
    CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL UNIQUE, age int);
    CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers);
    CREATE TABLE lines (
        order_id int REFERENCES orders, product_id int REFERENCES products, amount int NOT NULL,
        PRIMARY KEY (order_id, product_id)
    );
    CREATE TABLE notes (id int PRIMARY KEY, order_id int REFERENCES orders, body text);
    CREATE TABLE settings (name text PRIMARY KEY, value text);
    CREATE VIEW cheap AS SELECT p.id, m.name FROM products p JOIN makers m ON m.id = p.maker_id
        WHERE p.price_cents < 1000 AND p.state = 'live' AND p.added >= now() - interval '30 days';
"""
BOUNDARIES = {
    "a number": ("< 1000", "<= 1000"),
    "a number, the other way": ("p.price_cents < 1000", "p.price_cents <= 998"),
    "an interval": ("p.added >= now()", "p.added > now()"),
    "a text": ("p.state = 'live'", "p.state IN ('live', 'sold')"),
}


@pytest.mark.parametrize("seed", [0, *in_campaign([7])])
@pytest.mark.parametrize("change", one_in(2, BOUNDARIES))
def test_the_boundary_of_a_condition(searcher: Searcher, change: str, seed: int) -> None:
    before, after = BOUNDARIES[change]
    assert before in CHEAP
    found = searcher(CHEAP, CHEAP.replace(before, after), seed=seed)
    assert {each[:2] for each in causes(found)} == {("rows", "public.cheap")}, scripts(found)
    assert {each.probe for each in found.counterexamples} == {"a boundary"}
    assert max(len(each.statements) for each in found.counterexamples) <= 3, scripts(found)


@pytest.mark.parametrize(
    ("one", "other", "states"),
    [
        ("10 / n", "CASE WHEN n <> 0 THEN 10 / n END", ("22012", "")),
        ("CASE WHEN n <> 0 THEN 10 / n END", "10 / n", ("", "22012")),
        ("10 / n", "CASE n WHEN 0 THEN sqrt(n - 1)::int ELSE 10 / n END", ("22012", "2201F")),
        ("10 / n", "10 / (n + 0)", None),
    ],
)
def test_a_view_that_fails_on_one_side(
    searcher: Searcher, one: str, other: str, states: tuple[str, str] | None
) -> None:
    tree = "CREATE TABLE t (id int PRIMARY KEY, n int); CREATE VIEW v AS SELECT {} AS q FROM t;"
    found = searcher(tree.format(one), tree.format(other))
    expected = [("rows", "public.v", "fails", *states)] if states else []
    assert causes(found) == expected, scripts(found)
    for example in found.counterexamples:
        assert len(example.statements) == 1
        assert example.rows is not None
        assert "division by zero" in [message for _, message in example.rows.errors]


def test_what_is_not_found_again_is_said(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SearchLoop, "confirms", lambda *_: False)
    monkeypatch.setattr("pytest_schema_parity.behavior.connections.begin_together", _late)
    trees = [
        LOGGED.format(column=COLUMNS["an identity"], shown="", bound=bound) for bound in (">", ">=")
    ]
    found = searcher(*trees)
    assert found.counterexamples == ()
    assert [each.cause[:2] for each in found.unconfirmed] == [("rows", "public.v")]
    assert [each.view for each in found.views] == ["public.v"]


def _late(*connections: psycopg.Connection, patience: float) -> int:
    for connection in connections:
        connection.execute("BEGIN")
    return 1 if patience else 0
