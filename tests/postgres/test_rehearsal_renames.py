"""Tables and columns that a step renames keep their rows, and break who reads the old name."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from support.campaign import in_campaign
from support.rehearsals import CONFIGURATION, DEPLOYED_ONLY, FILES, results_of

from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import create_database, drop_database
from pytest_schema_parity.rehearsal.old_names import NO_VIEW, effect_of_rename
from pytest_schema_parity.rehearsal.rehearse import Rehearsal
from pytest_schema_parity.rehearsal.steps import load_steps

UP = "upgrade/4_names.up.sql"


def titles(cluster: Cluster, root: Path, *steps: str) -> list[str]:
    """The failing findings of ``data`` after these further steps, in order."""
    files = dict(DEPLOYED_ONLY)
    for number, step in enumerate(steps, 4):
        files[f"upgrade/{number}_names.up.sql"] = f"{step}\n"
    (result,) = results_of(cluster, root, files, "data")
    return [finding.title for finding in result.failing]


RENAMED = [
    (
        ["ALTER TABLE users RENAME name TO full_name;"],
        ["4_names renames the column public.users.name to public.users.full_name: {}"],
    ),
    (
        [
            'ALTER TABLE users RENAME name TO "Full name"; ALTER TABLE users RENAME TO "People";',
            'ALTER TABLE "People" RENAME TO persons;',
            'ALTER TABLE persons RENAME "Full name" TO called;',
        ],
        [
            '4_names renames the table public.users to public."People": {}',
            '4_names renames the column public.users.name to public."People"."Full name": {}',
            "5_names renames the table public.users to public.persons: {}",
            '5_names renames the column public.users.name to public.persons."Full name": {}',
            "6_names renames the column public.users.name to public.persons.called: {}",
        ],
    ),
    (
        ["CREATE SCHEMA app; ALTER TABLE log SET SCHEMA app;"],
        ["4_names renames the table public.log to app.log: {}"],
    ),
    (
        ["ALTER SCHEMA public RENAME TO app; CREATE SCHEMA public;"],
        [
            "4_names renames the table public.log to app.log: {}",
            "4_names renames the table public.submissions to app.submissions: {}",
            "4_names renames the table public.users to app.users: {}",
        ],
    ),
    (
        ["ALTER TABLE users RENAME name TO full_name; UPDATE users SET full_name = 'X';"],
        [
            "4_names renames the column public.users.name to public.users.full_name: {}",
            "4_names changes public.users.name in 2 rows",
        ],
    ),
    (
        ["ALTER TABLE log RENAME TO journal; DELETE FROM journal WHERE line IS NULL;"],
        [
            "4_names renames the table public.log to public.journal: {}",
            "4_names loses public.log in 1 row",
        ],
    ),
    (
        ["ALTER TABLE log RENAME line TO text;", "ALTER TABLE log DROP COLUMN text;"],
        [
            "4_names renames the column public.log.line to public.log.text: {}",
            "5_names drops public.log.line",
        ],
    ),
    (  # the values go with the column: the new one is none that was renamed
        [
            "ALTER TABLE log ADD t text; UPDATE log SET t = line;",
            "ALTER TABLE log DROP line;",
        ],
        ["5_names drops public.log.line"],
    ),
]


@pytest.mark.parametrize(
    ("steps", "expected"), RENAMED[1:2] + RENAMED[6:] + in_campaign(RENAMED[:1] + RENAMED[2:6])
)
def test_a_rename_is_followed(
    cluster: Cluster, tmp_path: Path, steps: list[str], expected: list[str]
) -> None:
    found = titles(cluster, tmp_path, *steps)
    assert found == [title.format(NO_VIEW) for title in expected]


def test_it_can_be_allowed_and_a_view_keeps_the_old_name(cluster: Cluster, tmp_path: Path) -> None:
    files: dict[str, str | None] = dict(FILES)
    files[UP] = (
        "ALTER TABLE users RENAME name TO full_name;\n"
        "ALTER TABLE log RENAME TO journal; CREATE VIEW log AS TABLE journal;\n"
    )
    allow = """
[[allow]]
tree = "rehearsal"
kind = "data"
name = "public.users.name"
change = "renamed"
reason = "Nobody reads it"
"""
    (result,) = results_of(cluster, tmp_path, files, "data", configuration=CONFIGURATION + allow)
    assert [(each.title, each.allowed, each.note) for each in result.findings] == [
        (
            "4_names renames the table public.log to public.journal: a view with the old name has"
            " the same rows",
            None,
            True,
        ),
        (
            "4_names renames the column public.users.name to public.users.full_name:"
            " readers of the old name fail",
            "Nobody reads it",
            False,
        ),
    ]
    assert result.outcome == "passed"


VIEWS = [
    ("SELECT * FROM journal", None),
    ("SELECT line, 1 AS more FROM journal", None),
    ("SELECT NULL::text AS line FROM journal", "the view of the old name has other rows"),
    ("SELECT DISTINCT line FROM journal", "the view of the old name has other rows"),
    ("SELECT line AS text FROM journal", "the view of the old name has no column line"),
    ("SELECT (1 / length('') || line) AS line FROM journal", "the view of the old name cannot be"),
]


@pytest.mark.parametrize(
    ("query", "effect"), VIEWS[:1] + VIEWS[3:5] + in_campaign(VIEWS[1:3] + VIEWS[5:])
)
def test_a_view_of_the_old_name_is_read(
    cluster: Cluster, tmp_path: Path, query: str, effect: str | None
) -> None:
    found = titles(
        cluster,
        tmp_path,
        f"ALTER TABLE log RENAME TO journal; CREATE VIEW log AS {query};",
        "ALTER TABLE journal RENAME TO diary;",
    )
    steps = [("4_names", "journal"), ("5_names", "diary")]
    prefixes = [f"{step} renames the table public.log to public.{name}: " for step, name in steps]
    assert len(found) == (0 if effect is None else 2)
    for title, prefix in zip(found, prefixes, strict=effect is not None):
        assert title.startswith(f"{prefix}{effect}")


def test_a_view_of_the_old_name_has_the_old_columns(cluster: Cluster, tmp_path: Path) -> None:
    good = 'SELECT id, email, "Full name" AS name FROM people'
    bad = "SELECT id, email, email AS name FROM people"
    up = 'ALTER TABLE users RENAME name TO "Full name"; ALTER TABLE users RENAME TO people; {}'
    column = '4_names renames the column public.users.name to public.people."Full name": '
    for number, (query, count) in enumerate([(good, 1), (bad, 2)]):
        root = tmp_path / str(number)
        root.mkdir()
        found = titles(cluster, root, up.format(f"CREATE VIEW users AS {query};"))
        assert len(found) == count
        assert found[-1].startswith(column)


def test_the_view_is_read_as_the_role_of_the_steps(cluster: Cluster, tmp_path: Path) -> None:
    conninfo = create_database(cluster, "old_names")
    up = (
        "CREATE FUNCTION who(text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT CASE"
        " current_user WHEN 'old_names' THEN $1 END $$;"
        "ALTER TABLE log RENAME TO journal; ALTER TABLE journal ALTER price TYPE numeric(9, 4);"
        "CREATE VIEW log AS SELECT who(line) AS line, price::numeric(9, 2) AS price FROM journal;"
    )
    (tmp_path / "1_a.up.sql").write_text(up)
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "CREATE ROLE old_names LOGIN; GRANT CREATE ON SCHEMA public TO old_names;"
            "CREATE TABLE log (line text, price numeric(9, 2)); INSERT INTO log VALUES ('a', 1.5);"
            "ALTER TABLE log OWNER TO old_names"
        )
    effects = []
    try:
        steps = load_steps(tmp_path).steps
        for role in ("old_names", cluster.superuser):
            with Rehearsal(cluster, "old_names", steps, role=role, root=tmp_path) as rehearsal:
                assert all(rehearsal.carry_out())
                effects.append(effect_of_rename(rehearsal, "public.log"))
    finally:
        drop_database(cluster, "old_names", force=True)
        with psycopg.connect(cluster.conninfo()) as connection:
            connection.execute("DROP ROLE old_names")
    assert effects == [None, "the view of the old name has other rows or values"]
