"""Which structural differences explain a counterexample, and which do not."""

from __future__ import annotations

import pytest
from support.campaign import one_in
from support.searching import Searcher

from pytest_schema_parity.behavior.statements.counterexample import Budget
from pytest_schema_parity.behavior.statements.search import search
from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.checks.behavior_findings import (
    BehaviorFindings,
    relations_of,
    routines_of,
)
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.schema.compare import compare


@pytest.fixture(scope="module")
def searcher(cluster: Cluster) -> Searcher:
    return Searcher(cluster)


def found(searcher: Searcher, one: str, other: str, *roles: str) -> list[Finding]:
    """The findings and notes of the check on two scripts, ``p`` and ``s``."""
    with searcher.built(one) as reference, searcher.built(other) as candidate:
        schemas = read_schema(reference.conninfo), read_schema(candidate.conninfo)
        differences = tuple(compare(*schemas))
        names = [(relations_of(each) | routines_of(each)) for each in schemas]
        result = search(
            reference, candidate, differences=differences, budget=Budget(3_000, 120),
            subjects=names[0] & names[1], roles=roles,
        )  # fmt: skip
        return list(BehaviorFindings(("p", "s"), schemas, differences, result).findings())


def explained(findings: list[Finding]) -> dict[str, list[str]]:
    """By the title of a counterexample: what explains it."""
    return {
        each.title.partition(" (")[0]: [f"{d.kind} {d.name}" for d in each.explained_by]
        for each in findings
        if not each.note
    }


UNRELATED = "".join(
    f"CREATE FUNCTION unrelated{n}(a int) RETURNS int LANGUAGE sql AS $$ SELECT a + {{n}} $$;"
    for n in range(3)
)
STOCK = """
CREATE TABLE stock (id int PRIMARY KEY, amount int NOT NULL DEFAULT 5);
CREATE PROCEDURE restock(by int) LANGUAGE plpgsql AS $$BEGIN {restock} END$$;
"""
CASES = {
    "a trigger's function, beside a column's type": (
        """
        CREATE TABLE t (id int PRIMARY KEY, note varchar({length}));
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF NEW.note = '' THEN NEW.note := {empty}; END IF; RETURN NEW; END $$;
        CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
        """,
        {"length": "40", "empty": "NULL"},
        {"length": "50", "empty": "'none'"},
        {
            "s accepts what p rejects: INSERT INTO public.t": ["column public.t.note"],
            "public.t has different values of note in s than in p": ["function public.f()"],
        },
    ),
    "a trigger's function that does not end": (
        """
        CREATE TABLE parent (id int PRIMARY KEY);
        CREATE TABLE t (id int PRIMARY KEY, parent int NOT NULL REFERENCES parent);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN {loop} RETURN NEW; END $$;
        CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
        """,
        {"loop": ""},
        {"loop": "LOOP END LOOP;"},
        {"s rejects what p accepts: INSERT INTO public.t": ["function public.f()"]},
    ),
    "a domain, beside defaults": (
        """
        CREATE DOMAIN positive AS int CHECK (VALUE {bound});
        CREATE TABLE t (id int PRIMARY KEY, n positive, a int DEFAULT {a}, b text DEFAULT '{a}');
        """,
        {"bound": "> 0", "a": "1"},
        {"bound": ">= 0", "a": "2"},
        {
            "s accepts what p rejects: INSERT INTO public.t": [
                "constraint public.positive.positive_check"
            ],
            "public.t has different values of a in s than in p": ["column public.t.a"],
            "public.t has different values of b in s than in p": ["column public.t.b"],
        },
    ),
    "a procedure that raises": (
        STOCK + UNRELATED,
        {"restock": "", "n": "1"},
        {"restock": "IF by = 0 THEN RAISE EXCEPTION 'nothing'; END IF;", "n": "2"},
        {
            "s rejects what p accepts: CALL public.restock(0)": [
                "procedure public.restock(integer)"
            ],
            **{
                f"s returns a different result than p: SELECT public.unrelated{n}(1)": [
                    f"function public.unrelated{n}(integer)"
                ]
                for n in range(3)
            },
        },
    ),
    "a procedure that writes": (
        STOCK + UNRELATED + "ALTER TABLE stock ADD note text DEFAULT 'n{n}';",
        {"restock": "INSERT INTO stock (id, amount, note) VALUES (1, by, '');", "n": "1"},
        {"restock": "INSERT INTO stock (id, amount, note) VALUES (1, by + 1, '');", "n": "2"},
        {
            "public.stock has different values of note in s than in p": [
                "column public.stock.note"
            ],
            "public.stock has different values of amount in s than in p": [
                "procedure public.restock(integer)"
            ],
            **{
                f"s returns a different result than p: SELECT public.unrelated{n}(1)": [
                    f"function public.unrelated{n}(integer)"
                ]
                for n in range(3)
            },
        },
    ),
    "a routine that others call": (
        """
        CREATE FUNCTION below(a int) RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN a + {n}; END$$;
        CREATE FUNCTION above(a int) RETURNS int LANGUAGE sql AS $$ SELECT below(a) $$;
        """ + UNRELATED,
        {"n": "1"},
        {"n": "2"},
        {
            "s returns a different result than p: SELECT public.above(1)": [
                "function public.below(integer)"
            ],
            "s returns a different result than p: SELECT public.below(1)": [
                "function public.below(integer)"
            ],
            **{
                f"s returns a different result than p: SELECT public.unrelated{n}(1)": [
                    f"function public.unrelated{n}(integer)"
                ]
                for n in range(3)
            },
        },
    ),
    "what no difference explains": (
        """
        CREATE SCHEMA s{n};
        CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT {n});
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$
            SELECT count(*)::int FROM pg_namespace WHERE nspname = 's1' $$;
        """,
        {"n": "1"},
        {"n": "2"},
        {
            "s returns a different result than p: SELECT public.f()": [],
            "public.t has different values of a in s than in p": ["column public.t.a"],
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", one_in(3, CASES))
def test_what_explains_a_counterexample(searcher: Searcher, case: str) -> None:
    script, one, other, expected = CASES[case]
    findings = found(searcher, script.format(**one), script.format(**other))
    assert explained(findings) == expected
    assert not [each for each in findings if "no counterexample was found" in each.title]


def test_the_privilege_of_another_role_explains_nothing(searcher: Searcher) -> None:
    tree = """
        CREATE TABLE t (id int PRIMARY KEY, open boolean);
        ALTER TABLE t ENABLE ROW LEVEL SECURITY;
        CREATE POLICY of_one ON t FOR SELECT TO explained_one USING ({one});
        CREATE POLICY of_two ON t FOR SELECT TO explained_two USING ({two});
        GRANT SELECT ON t TO explained_one, explained_two;
        {grants}
    """
    roles = """
        DO $$BEGIN CREATE ROLE explained_one; CREATE ROLE explained_two;
        EXCEPTION WHEN duplicate_object THEN NULL; END$$;
    """
    findings = found(
        searcher,
        roles + tree.format(one="open", two="open", grants=""),
        roles
        + tree.format(
            one="NOT open",
            two="true",
            grants="GRANT INSERT ON t TO explained_one; GRANT DELETE ON t TO explained_two;",
        ),
        "explained_one",
        "explained_two",
    )
    own = {"explained_one": "of_one", "explained_two": "of_two"}
    titles = explained(findings)
    for role, policy in own.items():
        mine = {title: by for title, by in titles.items() if title.endswith(f", as {role}")}
        assert len(mine) > 1, titles
        for by in mine.values():
            assert set(by) <= {
                f"policy public.t.{policy}", f"privilege ON TABLE public.t TO {role}"
            }, mine  # fmt: skip
