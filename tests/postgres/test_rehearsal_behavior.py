"""``upgrade`` compares what statements do in the upgraded database with what they do in ``to``."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from support.campaign import one_in
from support.rehearsals import CONFIGURATION, FILES, results_of

from pytest_schema_parity.postgres.cluster import Cluster

UP = "upgrade/3_rules.up.sql"
ALLOW = '[[allow]]\ntree = "rehearsal"\nkind = "{}"\nreason = "So be it"\n'


@pytest.mark.parametrize(
    ("configuration", "failing", "others"),
    one_in(
        2,
        [
            (ALLOW.format("function"), ["behavior"], True),
            (ALLOW.format("behavior"), ["function"], True),
            ("examples = 0\n", ["function"], False),
        ],
    ),
)
def test_the_upgraded_database_behaves_as_the_target(
    cluster: Cluster, tmp_path: Path, configuration: str, failing: list[str], others: bool
) -> None:
    """A trigger's text is not all that makes a difference: what statements do is compared too."""
    files: dict[str, str | None] = dict(FILES)
    function = (
        "CREATE OR REPLACE FUNCTION lower_email() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN NEW.email := {}(NEW.email); RETURN NEW; END$$;"
        "CREATE OR REPLACE TRIGGER t BEFORE INSERT ON users FOR EACH ROW"
        " EXECUTE FUNCTION lower_email();\n"
    )
    files["main.sql"] = f"{files['main.sql']}{function.format('lower')}"
    files[UP] = f"{files[UP]}{function.format('upper')}"
    (found,) = results_of(
        cluster, tmp_path, files, "upgrade", configuration=CONFIGURATION + configuration
    )
    assert [finding.kind for finding in found.failing] == failing, found
    assert any(finding.allowed for finding in found.findings) == others
    assert others or len(found.findings) == 1


def test_routines_are_called(cluster: Cluster, tmp_path: Path) -> None:
    function = "CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS $$ SELECT {} $$;\n"
    files: dict[str, str | None] = {
        "deployed.sql": "SELECT 1;",
        "main.sql": function.format("n * 2"),
        "seed.sql": "",
        UP: function.format("n + 2"),
    }
    configuration = CONFIGURATION + ALLOW.format("function")
    (found,) = results_of(cluster, tmp_path, files, "upgrade", configuration=configuration)
    assert [(each.kind, each.name) for each in found.failing] == [
        ("behavior", "public.twice(integer)")
    ]


@pytest.mark.parametrize("roles", one_in(2, ["[behavior]\nroles = ['upgrade_reader']\n", ""]))
def test_statements_run_as_the_roles(cluster: Cluster, tmp_path: Path, roles: str) -> None:
    policy = (
        "ALTER TABLE log ENABLE ROW LEVEL SECURITY; GRANT SELECT ON log TO upgrade_reader;"
        " CREATE POLICY p ON log FOR SELECT TO upgrade_reader USING ({});\n"
    )
    files: dict[str, str | None] = dict(FILES)
    files["main.sql"] = f"{files['main.sql']}{policy.format('line IS NULL')}"
    files[UP] = f"{files[UP]}{policy.format('true')}"
    configuration = CONFIGURATION + ALLOW.format("policy") + roles
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE ROLE upgrade_reader")
        try:
            (found,) = results_of(cluster, tmp_path, files, "upgrade", configuration=configuration)
        finally:
            connection.execute("DROP ROLE upgrade_reader")
    expected = [("behavior", "public.log", "security")] if roles else []
    assert [(each.kind, each.name, each.impact) for each in found.failing] == expected


def test_rows_of_the_seed_in_tables_that_are_not_tested_are_no_difference(
    cluster: Cluster, tmp_path: Path
) -> None:
    """A table whose trigger reaches outside is left out; what reads and refers to it is not."""
    schema = (
        "CREATE TABLE invoices (id int PRIMARY KEY);"
        "CREATE TABLE lines (id int PRIMARY KEY, invoice int REFERENCES invoices);"
        "CREATE TABLE others (id int PRIMARY KEY);"
        "CREATE VIEW open AS SELECT id FROM invoices;"
        "CREATE FUNCTION send() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN PERFORM net.http_post(url := 'https://example.org'); RETURN NEW; END$$;"
        "CREATE TRIGGER send BEFORE UPDATE ON invoices FOR EACH ROW EXECUTE FUNCTION send();\n"
    )
    files: dict[str, str | None] = {
        "deployed.sql": schema,
        "main.sql": f"{schema}CREATE TABLE late (id int);",
        "seed.sql": "INSERT INTO invoices VALUES (1), (2);",
        UP: "CREATE TABLE late (id int);",
    }
    (found,) = results_of(cluster, tmp_path, files, "upgrade")
    assert [each.title for each in found.failing] == []
    assert "public.invoices was not tested" in str(found.findings)
