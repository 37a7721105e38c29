"""Policies and privileges: each table's and each role's difference is a cause of its own."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from support.searching import Searcher, scripts

from pytest_schema_parity.behavior.statements.counterexample import Search
from pytest_schema_parity.behavior.statements.example import RESET_ROLE
from pytest_schema_parity.checks.behavior_findings import BehaviorFindings
from pytest_schema_parity.findings.evidence import Script
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.schema.facts import Schema

ROLES = ("anon", "authenticated")
SIGNED_IN = ROLES[1:]

AUTH = """
CREATE SCHEMA auth;
GRANT USAGE ON SCHEMA auth TO PUBLIC;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
"""

THREE = """
CREATE TABLE n1 (id int PRIMARY KEY, pub boolean NOT NULL);
CREATE TABLE n2 (id int PRIMARY KEY, pub boolean NOT NULL);
CREATE TABLE c (id int PRIMARY KEY);
ALTER TABLE n1 ENABLE ROW LEVEL SECURITY;
ALTER TABLE n2 ENABLE ROW LEVEL SECURITY;
CREATE POLICY a1 ON n1 FOR SELECT TO anon USING (pub);
CREATE POLICY a2 ON n2 FOR SELECT TO anon USING (pub);
GRANT SELECT ON n1, n2, c TO anon, authenticated;
"""

DRIFT = (
    AUTH
    + """
CREATE TABLE note (id int PRIMARY KEY, owner uuid NOT NULL, body text);
CREATE FUNCTION written() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN new.body := 'a'; RETURN new; END $$;
CREATE TRIGGER written BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION written();
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON note FOR SELECT TO authenticated USING (owner = auth.uid());
CREATE POLICY written ON note FOR INSERT TO authenticated WITH CHECK (owner = auth.uid());
CREATE POLICY changed ON note FOR UPDATE TO authenticated USING (owner = auth.uid());
GRANT SELECT, INSERT, UPDATE, DELETE ON note TO authenticated;
"""
)
DRIFTED = DRIFT.replace("new.body := 'a'", "new.body := 'b'")


@pytest.fixture(scope="module", autouse=True)
def _roles(cluster: Cluster) -> Iterator[None]:
    names = [*ROLES, '"all"']
    with psycopg.connect(cluster.conninfo("postgres"), autocommit=True) as connection:
        for role in names:
            connection.execute(f"CREATE ROLE {role} NOLOGIN".encode())
        yield
        for role in names:
            connection.execute(f"DROP ROLE {role}".encode())


@pytest.fixture(scope="module")
def searcher(cluster: Cluster) -> Searcher:
    return Searcher(cluster)


def of_rows(found: Search) -> set[tuple[str, ...]]:
    """The table, the change, and the role (empty for the superuser) of what differs in rows."""
    return {(*e.cause[1:3], e.role) for e in found.counterexamples if e.cause[0] == "rows"}


def test_a_privilege_on_one_table_hides_no_policy_on_another(searcher: Searcher) -> None:
    candidate = THREE.replace("CREATE POLICY a2 ON n2 FOR SELECT TO anon USING (pub);", "")
    candidate += "REVOKE SELECT ON c FROM anon;"
    found = searcher(THREE, candidate, roles=ROLES)
    assert of_rows(found) == {
        ("public.c", "fails", "anon"),
        ("public.n2", "fewer", "anon"),
    }, scripts(found)


def test_each_role_loses_rows_by_itself(searcher: Searcher) -> None:
    """More roles than counterexamples of more or fewer rows that are shown of one table."""
    roles = [f"member{at}" for at in range(6)]
    policies = {r: f"CREATE POLICY {r} ON n1 FOR SELECT TO {r} USING (pub);\n" for r in roles}
    grants = f"GRANT SELECT ON n1 TO {', '.join(roles)};"
    with psycopg.connect(searcher.cluster.conninfo("postgres"), autocommit=True) as connection:
        for role in roles:
            connection.execute(f"CREATE ROLE {role} NOLOGIN".encode())
        found = searcher(THREE + "".join(policies.values()) + grants, THREE + grants, roles=roles)
        for role in roles:
            connection.execute(f"DROP ROLE {role}".encode())
    assert of_rows(found) == {("public.n1", "fewer", role) for role in roles}, scripts(found)


def test_a_consequence_of_another_table_is_not_repeated(searcher: Searcher) -> None:
    """The policy of n2 reads n1, whose policy alone differs."""
    reading = "CREATE POLICY b ON n2 FOR SELECT TO anon USING (pub AND id IN (SELECT id FROM n1));"
    reference = THREE.replace("CREATE POLICY a2 ON n2 FOR SELECT TO anon USING (pub);", reading)
    candidate = reference.replace("CREATE POLICY a1 ON n1 FOR SELECT TO anon USING (pub);", "")
    found = searcher(reference, candidate, roles=ROLES)
    assert of_rows(found) == {("public.n1", "fewer", "anon")}, scripts(found)


def test_policies_of_two_commands_are_two_causes(searcher: Searcher) -> None:
    changed = "FOR UPDATE TO authenticated USING (owner = auth.uid())"
    reference = DRIFT.replace(changed, f"{changed} WITH CHECK (owner = auth.uid())")
    candidate = reference.replace("WITH CHECK (owner = auth.uid())", "WITH CHECK (true)")
    found = searcher(reference, candidate, roles=SIGNED_IN)
    kinds = [
        [part.kind for part in each.parts if part.values][-1] for each in found.counterexamples
    ]
    assert sorted(kinds) == ["insert", "update"], scripts(found)


@pytest.mark.campaign
def test_a_drift_of_rows_hides_no_leak_to_a_role(searcher: Searcher) -> None:
    candidate = DRIFTED.replace(
        "FOR SELECT TO authenticated USING (owner = auth.uid())",
        "FOR SELECT TO authenticated USING (true)",
    )
    found = searcher(DRIFT, candidate, roles=SIGNED_IN)
    assert of_rows(found) == {
        ("public.note", "as many", ""),
        ("public.note", "more", "authenticated"),
    }, scripts(found)


def test_a_drift_of_rows_alone_is_no_difference_for_a_role(searcher: Searcher) -> None:
    found = searcher(DRIFT, DRIFTED, roles=SIGNED_IN)
    assert of_rows(found) == {("public.note", "as many", "")}, scripts(found)


@pytest.mark.campaign
def test_rows_that_a_drift_gives_to_another_user_are_not_shown_for_roles(
    searcher: Searcher,
) -> None:
    """The superuser sees the other owner; that the role's own INSERT fails, only the role sees."""
    owned = "new.owner := '00000000-0000-4000-8000-0000000000ff'; new.body := 'a'"
    found = searcher(DRIFT, DRIFT.replace("new.body := 'a'", owned), roles=SIGNED_IN)
    assert of_rows(found) == {("public.note", "as many", "")}, scripts(found)
    assert ("verdict", "authenticated") in {(e.cause[0], e.role) for e in found.counterexamples}


def test_a_role_does_something_in_each_of_its_examples(searcher: Searcher) -> None:
    """What the superuser's INSERT leaves differs; the role's UPDATE and DELETE only hide it."""
    policy = "CREATE POLICY gone ON note FOR DELETE TO authenticated USING (owner = auth.uid());"
    candidate = DRIFTED.replace("USING (owner = auth.uid());", "USING (true);", 1)
    found = searcher(DRIFT + policy, candidate + policy, roles=SIGNED_IN)
    for each in found.counterexamples:
        texts = [part.text for part in each.parts if part.kind == "role"]
        assert not each.role or texts[-1] != RESET_ROLE or each.cause[0] != "rows", scripts(found)


CLAIMS = """
CREATE TABLE note (id int PRIMARY KEY, body text);
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON note FOR SELECT TO anon
    USING (coalesce(current_setting('request.jwt.claim.sub', true), '') <> 'x');
GRANT SELECT ON note TO anon;
"""


@pytest.mark.campaign
def test_examples_hold_in_a_session_of_their_own(searcher: Searcher) -> None:
    """A setting that was rolled back is '' and not NULL: policies that mind differ by nothing."""
    candidate = CLAIMS.replace(
        "coalesce(current_setting('request.jwt.claim.sub', true), '') <> 'x'",
        "current_setting('request.jwt.claim.sub', true) IS NULL"
        " OR current_setting('request.jwt.claim.sub', true) <> ''",
    )
    with searcher.built(CLAIMS) as one, searcher.built(candidate) as other:
        found = searcher.against(one, candidate, roles=ROLES)
        assert found.counterexamples
        for each in found.counterexamples:
            counts = []
            for side in (one, other):
                with psycopg.connect(side.conninfo) as connection:
                    for statement in (*each.statements, each.query):
                        cursor = connection.execute(statement.encode())
                    counts.append(len(cursor.fetchall()))
                    connection.rollback()
            assert counts[0] != counts[1], scripts(found)


def test_claims_that_are_empty_are_set_as_well(searcher: Searcher) -> None:
    candidate = THREE.replace("CREATE POLICY a2 ON n2 FOR SELECT TO anon USING (pub);", "")
    found = searcher(THREE, candidate, roles=ROLES)
    (example,) = found.counterexamples
    settings = [text for text in example.statements if "set_config" in text]
    assert len(settings) == 1, scripts(found)
    assert "request.jwt.claims" in settings[0]
    assert "request.jwt.claim.sub" in settings[0]


def test_a_role_whose_name_is_a_key_word_is_tried(searcher: Searcher) -> None:
    reference = 'CREATE TABLE n (id int PRIMARY KEY); GRANT SELECT ON n TO "all";'
    found = searcher(reference, "CREATE TABLE n (id int PRIMARY KEY);", roles=("all",))
    assert found.missing_roles == ()
    assert of_rows(found) == {("public.n", "fails", '"all"')}, scripts(found)


@pytest.mark.campaign
def test_examples_that_are_pasted_one_after_the_other_leave_nobody_signed_in(
    searcher: Searcher,
) -> None:
    candidate = DRIFTED.replace("USING (owner = auth.uid())", "USING (true)")
    with searcher.built(DRIFT) as one:
        found = searcher.against(one, candidate, roles=SIGNED_IN)
        reported = BehaviorFindings(("one", "two"), (Schema(), Schema()), (), found)
        texts = [
            e.statements
            for finding in reported.counterexamples()
            for e in finding.evidence
            if isinstance(e, Script)
        ]
        assert any("set_config" in line for text in texts for line in text)
        with psycopg.connect(one.conninfo) as connection:
            for text in texts:
                _paste(connection, text)
                (after,) = connection.execute(
                    "SELECT session_user = current_user,"
                    " nullif(current_setting('request.jwt.claims', true), ''),"
                    " nullif(current_setting('request.jwt.claim.sub', true), '')"
                ).fetchall()
                assert after == (True, None, None), text
                connection.execute("TRUNCATE note")
            connection.rollback()


def _paste(connection: psycopg.Connection, statements: tuple[str, ...]) -> None:
    """Run each statement whether or not those before it failed, as psql does."""
    for statement in statements:
        connection.execute("SAVEPOINT pasted")
        try:
            connection.execute(statement.encode())
        except psycopg.Error:
            connection.execute("ROLLBACK TO SAVEPOINT pasted")
