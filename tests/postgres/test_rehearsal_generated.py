"""A rehearsal without a seed works on generated rows, one with an empty seed on none."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.campaign import in_campaign
from support.rehearsals import (
    CONFIGURATION,
    FILES,
    open_on,
    results_of,
)

from pytest_schema_parity.checks import registry
from pytest_schema_parity.postgres.cluster import Cluster

UP, DOWN = "3_rules.up.sql", "3_rules.down.sql"
UNSEEDED = CONFIGURATION.replace('seed = "seed.sql"\n', "")
FOUND_WITHOUT_A_SEED = [
    ("data", UP, "DROP TABLE log;"),
    ("data", UP, "DELETE FROM submissions;"),
    ("data", UP, "UPDATE users SET email = upper(email);"),
    ("idempotent", UP, "UPDATE users SET name = name || '!';"),
    ("rollback", DOWN, "TRUNCATE log;"),
    ("interrupted", UP, "COMMIT; UPDATE users SET name = 'x' WHERE name <> 'x';"),
]


@pytest.mark.parametrize(
    ("check", "file", "fault"),
    FOUND_WITHOUT_A_SEED[2:3] + in_campaign(FOUND_WITHOUT_A_SEED[:2] + FOUND_WITHOUT_A_SEED[3:]),
)
def test_faults_are_found_on_generated_rows(
    cluster: Cluster, tmp_path: Path, check: str, file: str, fault: str
) -> None:
    files: dict[str, str | None] = dict(FILES)
    files[f"upgrade/{file}"] = f"{files[f'upgrade/{file}']}{fault}\n"
    parity = open_on(cluster, tmp_path, files, UNSEEDED)
    try:
        result = parity.result("rehearsal", check)
    finally:
        parity.trees.close()
    assert result.outcome == "failed", result


CHECKS = tuple(name for name in registry.names("rehearsal") if name != "allowances")


@pytest.mark.parametrize("checks", [("data", "rollback"), *in_campaign([(CHECKS,)])])
def test_generated_rows_are_noted(
    cluster: Cluster, tmp_path: Path, checks: tuple[str, ...]
) -> None:
    files: dict[str, str | None] = dict(FILES)
    for name in ("deployed.sql", "main.sql"):
        files[name] = (
            f"{files[name]}CREATE TABLE never (id int CHECK (id > 0 AND id < 0) NOT NULL);"
        )
    parity = open_on(cluster, tmp_path, files, UNSEEDED)
    try:
        found = {check: parity.result("rehearsal", check) for check in checks}
    finally:
        parity.trees.close()
    assert {name: result.failing for name, result in found.items()} == dict.fromkeys(checks, ())
    assert [note.title for note in found["data"].notes] == [
        "no `seed` is configured: generated 9 rows in 3 tables",
        "public.never accepted no generated row: no value was found for"
        " CHECK ((id > 0) AND (id < 0))",
    ]


def test_with_an_empty_seed_there_are_no_rows(cluster: Cluster, tmp_path: Path) -> None:
    files: dict[str, str | None] = dict(FILES)
    files[f"upgrade/{UP}"] = f"{files[f'upgrade/{UP}']}DELETE FROM log;\n"
    parity = open_on(cluster, tmp_path, files, CONFIGURATION.replace('"seed.sql"', "[]"))
    try:
        assert parity.result("rehearsal", "data").findings == ()
    finally:
        parity.trees.close()


@pytest.mark.campaign
def test_partitions_get_their_rows_through_the_partitioned_table(
    cluster: Cluster, tmp_path: Path
) -> None:
    files: dict[str, str | None] = dict(FILES)
    parts = (
        "CREATE TABLE parted (id int PRIMARY KEY, at text) PARTITION BY RANGE (id);"
        "CREATE TABLE part_1 PARTITION OF parted FOR VALUES FROM (MINVALUE) TO (1000);"
        "CREATE TABLE part_2 PARTITION OF parted FOR VALUES FROM (1000) TO (MAXVALUE)"
        " PARTITION BY RANGE (id); CREATE TABLE part_3 PARTITION OF part_2 DEFAULT;\n"
    )
    for name in ("deployed.sql", "main.sql"):
        files[name] = f"{files[name]}{parts}"
    found = results_of(cluster, tmp_path, files, "data", "rollback", configuration=UNSEEDED)
    assert [note.title for result in found for note in result.notes] == [
        "no `seed` is configured: generated 12 rows in 4 tables",
        "rolled back with 15 rows written after the upgrade, 3 changed;"
        " the old schema cannot store all of their values",
    ]
    assert "public.parted: 3 rows" in str(found[0].notes[0].evidence)
