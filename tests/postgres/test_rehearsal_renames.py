"""Tables and columns that a step renames keep their rows, and break who reads the old name."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.rehearsals import CONFIGURATION, FILES, results_of

from pytest_schema_parity.postgres.cluster import Cluster

UP = "upgrade/4_names.up.sql"


def titles(cluster: Cluster, root: Path, *steps: str) -> list[str]:
    """The failing findings of ``data`` after these further steps, in order."""
    files: dict[str, str | None] = dict(FILES)
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


@pytest.mark.parametrize(("steps", "expected"), RENAMED)
def test_a_rename_is_followed(
    cluster: Cluster, tmp_path: Path, steps: list[str], expected: list[str]
) -> None:
    found = titles(cluster, tmp_path, *steps)
    assert found == [title.format("readers of the old name fail") for title in expected]


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
            "4_names renames the table public.log to public.journal: a view has the old name",
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
