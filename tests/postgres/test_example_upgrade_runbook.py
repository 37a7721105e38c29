"""The runbook of sql/README.md, carried out: its own commands, on servers that are thrown away."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from support.upgrade import (
    SQL,
    UPGRADE,
    State,
    Step,
    copy,
    deployed_files,
    make_database,
    run,
    seed_files,
    state,
    steps,
)

from pytest_schema_parity.platforms import get_platform
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.installation import Installation

RUNBOOK = (
    (SQL / "README.md").read_text(encoding="utf-8").split("### Runbook\n")[1].split("\n## ")[0]
)
TITLES = [
    "1. Prepare",
    "2. Back up",
    "3. Check that the backup restores",
    "4. Rehearse on staging",
    "5. Upgrade production",
    "6. Verify",
    "7. Roll back, if need be",
    "8. Later: end the compatibility",
]


def sections() -> dict[str, str]:
    """The commands below each title."""
    titles = re.split(r"^#### (.*)\n", RUNBOOK, flags=re.MULTILINE)[1:]
    commands = [
        "".join(re.findall(r"^```sh\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL))
        for text in titles[1::2]
    ]
    return dict(zip(titles[::2], commands, strict=True))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the runbook is carried out."""

    production: str
    staging_server: str
    backups: Path
    programs: Path

    def carry_out(self, *titles: str) -> subprocess.CompletedProcess[str]:
        """Run the commands of these sections, after those of the first, in one shell."""
        script = "\n".join(sections()[title] for title in (TITLES[0], *titles))
        variables = {name: os.environ[name] for name in os.environ if not name.startswith("PG")}
        variables |= {
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "PRODUCTION": self.production,
            "STAGING_SERVER": self.staging_server,
            "BACKUPS": str(self.backups),
        }
        return subprocess.run(
            ["bash", "-c", script],
            cwd=SQL.parent,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture
def place(installation: Installation, tmp_path: Path) -> Iterator[Place]:
    """The deployed database with its rows on one server, and a server for staging."""
    for program in ("psql", "createdb", "pg_dump", "pg_restore"):
        if not installation.binary(program).is_file():
            pytest.skip(f"{installation.bindir} has no {program}, and another may be too old")
    template = get_platform("supabase").template(installation)
    with (
        start_cluster(installation, template=template, name="runbook production") as production,
        start_cluster(installation, template=template, name="runbook staging") as staging,
    ):
        conninfo = make_database(production, "app", [*deployed_files(), *seed_files()])
        with psycopg.connect(conninfo) as connection:
            connection.execute("SELECT refresh_leaderboards()")
        programs = installation.binary("psql").parent
        server = staging.conninfo("template1")
        yield Place(conninfo, server, tmp_path, programs)


def succeeded(done: subprocess.CompletedProcess[str]) -> None:
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


def same(one: State, other: State) -> bool:
    return (one.schema, one.tables, one.views) == (other.schema, other.tables, other.views)


def test_its_sections_have_commands() -> None:
    found = sections()
    assert list(found) == TITLES
    assert all(found.values())
    assert RUNBOOK.count("```sh\n") == len(TITLES) + 1
    assert all(step.check.is_file() for step in steps())


def test_it_is_carried_out(place: Place) -> None:
    before = state(place.production)
    succeeded(place.carry_out(*TITLES[1:3]))
    staging = f"{place.staging_server} dbname=upgrade_staging user=postgres"
    restored = state(staging)
    assert restored.schema == before.schema
    assert restored.tables == before.tables
    assert restored.views == before.views
    succeeded(place.carry_out(TITLES[3]))
    assert same(state(place.production), before)
    succeeded(place.carry_out(*TITLES[4:6]))
    upgraded = state(place.production)
    assert upgraded.schema == state(staging).schema
    assert "submission_attachments" in upgraded.tables
    succeeded(place.carry_out(TITLES[6]))
    assert same(state(place.production), before)
    stops_where_a_step_fails_and_rolls_back_from_there(place)
    succeeded(place.carry_out(*TITLES[4:6], TITLES[7]))
    assert "metric_counts" not in state(place.production).views


def stops_where_a_step_fails_and_rolls_back_from_there(place: Place) -> None:
    """On the deployed database that is backed up; leaves it as it was."""
    with psycopg.connect(place.production) as connection:
        connection.execute("UPDATE storage.buckets SET public = true")
    before = state(place.production)
    done = place.carry_out(TITLES[4])
    assert done.returncode != 0
    assert "Bucket evidence is not as it was deployed" in done.stderr
    assert done.stdout.splitlines()[-1].endswith("/009_storage.up.sql")
    succeeded(place.carry_out(TITLES[6]))
    assert same(state(place.production), before)
    with psycopg.connect(place.production) as connection:
        connection.execute("UPDATE storage.buckets SET public = false")


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("users", "UPDATE users SET school = '' WHERE handle = 'ada'"),
        ("submissions", "UPDATE submissions SET payload = '{}' WHERE id = 'learn-una-1'"),
        ("submissions", "UPDATE submissions SET status = 'REJECTED' WHERE id = 'learn-una-1'"),
        ("points_ledger", "DELETE FROM points_ledger WHERE id = 'old-6'"),
        ("audit_log", "UPDATE audit_log SET meta = NULL WHERE id = 'log-1'"),
        ("badges", "INSERT INTO badges VALUES ('new', 'New', '', '{}')"),
    ],
)
def test_the_digest_notices_what_is_not_as_it_was(
    supabase_cluster: Cluster,
    upgrade_databases: dict[str, str],
    deployed_digest: list[str],
    psql: Path,
    table: str,
    change: str,
) -> None:
    with copy(supabase_cluster, upgrade_databases[steps()[-1].name], "digest") as conninfo:
        assert digest(psql, conninfo) == deployed_digest
        with psycopg.connect(conninfo) as connection:
            connection.execute(change.encode())
        after = digest(psql, conninfo)
    others = [line for line in deployed_digest if not line.startswith(f"{table}|")]
    assert after != deployed_digest
    assert [line for line in after if not line.startswith(f"{table}|")] == others


@pytest.fixture(scope="module")
def deployed_digest(
    supabase_cluster: Cluster, upgrade_databases: dict[str, str], psql: Path
) -> list[str]:
    found = digest(psql, supabase_cluster.conninfo(upgrade_databases["deployed"], user="postgres"))
    assert len(found) == 8
    return found


def digest(psql: Path, conninfo: str) -> list[str]:
    command = [str(psql), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", conninfo]
    command += ["-f", str(UPGRADE / "digest.sql")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("step", steps(), ids=lambda step: step.name)
def test_the_check_of_a_step_fails_before_it_and_not_after(
    supabase_cluster: Cluster,
    upgrade_databases: dict[str, str],
    upgrade_states: dict[str, State],
    step: Step,
) -> None:
    names = list(upgrade_databases)
    before = names[names.index(step.name) - 1]
    with pytest.raises(psycopg.Error):
        run(supabase_cluster.conninfo(upgrade_databases[before], user="postgres"), step.check)
    with copy(supabase_cluster, upgrade_databases[step.name], "checked") as conninfo:
        run(conninfo, step.check)
        assert same(state(conninfo), upgrade_states[step.name])
