"""The scanner against psql and a real server, whose log says what reached it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.boundaries import bounds
from support.scripts import HARD
from support.server_log import LOGGING, logged

from pytest_schema_parity.migrations.scanner import split
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.installation import Installation

NOT_FOR_PSQL = re.compile(r"^\\echo .*\\quit$", re.MULTILINE)
"""How a script of an extension's turns away who runs it by hand."""
ELSEWHERE = Path("/usr/share/postgresql")
"""Where Debian's packages keep theirs."""


@pytest.fixture(scope="module")
def logging_cluster(installation: Installation) -> Iterator[Cluster]:
    with start_cluster(installation, template=LOGGING, name="logging") as cluster:
        yield cluster


def scanned(script: str) -> list[str]:
    return bounds(statement.text for statement in split(script, file="x.sql"))


def shipped(installation: Installation) -> list[Path]:
    """Every SQL file of the PostgreSQL in use, and of those that the machine has besides."""
    own = installation.bindir.parent / "share"
    return sorted({*own.rglob("*.sql"), *ELSEWHERE.rglob("*.sql")})


def test_boundaries_in_what_postgresql_ships(
    logging_cluster: Cluster, psql: Path, installation: Installation, tmp_path: Path
) -> None:
    scripts = {}
    for number, file in enumerate(shipped(installation)):
        script = tmp_path / f"{number}.sql"
        script.write_text(NOT_FOR_PSQL.sub("", file.read_text(encoding="utf-8")))
        scripts[file] = script
    assert len(scripts) > 50
    sent = logged(logging_cluster, psql, list(scripts.values()))
    for (file, script), texts in zip(scripts.items(), sent, strict=True):
        assert scanned(script.read_text()) == bounds(texts), file


def test_boundaries_in_what_is_hard(logging_cluster: Cluster, psql: Path, tmp_path: Path) -> None:
    """COPY is left out: where the server has no such table, psql sends its data as statements."""
    scripts = [script for script in HARD if "stdin" not in script.lower()]
    files = [tmp_path / f"{number}.sql" for number in range(len(scripts))]
    for file, script in zip(files, scripts, strict=True):
        file.write_bytes(script.encode())
    sent = logged(logging_cluster, psql, files)
    for script, texts in zip(scripts, sent, strict=True):
        assert scanned(script) == bounds(texts), script
