"""What a platform brings is kept; a file that was damaged is read anew from the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_schema_parity.building import platform_facts
from pytest_schema_parity.building.platform_facts import platform_schema
from pytest_schema_parity.postgres import cache
from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.schema.facts import Schema


@pytest.fixture
def platforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory of a cache of our own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache.cache_directory.cache_clear()
    yield cache.cache_directory() / "platforms"
    cache.cache_directory.cache_clear()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The connections on which a schema was read, not just taken from the cache."""
    read: list[str] = []
    read_schema = platform_facts.read_schema

    def watched(conninfo: str, *, marks: str) -> Schema:
        read.append(conninfo)
        return read_schema(conninfo, marks=marks)

    monkeypatch.setattr(platform_facts, "read_schema", watched)
    return read


def test_it_is_read_once(cluster: Cluster, platforms: Path, read: list[str]) -> None:
    schemas = [platform_schema(cluster.maintenance_conninfo(), "key") for _ in range(2)]
    assert schemas[0] == schemas[1]
    assert len(read) == 1
    assert sorted(path.suffix for path in platforms.iterdir()) == [".json", ".lock"]


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b'{"schema_version": 1', b"\xff\xfe", bytes(1000)]
)
def test_a_damaged_one_is_read_anew(
    cluster: Cluster, platforms: Path, read: list[str], content: bytes
) -> None:
    schema = platform_schema(cluster.maintenance_conninfo(), "key")
    [file] = platforms.glob("*.json")
    file.write_bytes(content)
    file.with_suffix(".new").write_bytes(content)  # begun by a process that was killed
    for _ in range(2):
        assert platform_schema(cluster.maintenance_conninfo(), "key") == schema
    assert len(read) == 2
    assert sorted(path.suffix for path in platforms.iterdir()) == [".json", ".lock"]


def test_a_directory_in_its_place_is_done_without(
    cluster: Cluster, platforms: Path, read: list[str]
) -> None:
    schema = platform_schema(cluster.maintenance_conninfo(), "key")
    [file] = platforms.glob("*.json")
    file.unlink()
    file.mkdir()
    assert platform_schema(cluster.maintenance_conninfo(), "key") == schema
    assert len(read) == 2
