"""Templates of clusters: settings, and the contents of the data directory before any tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.postgres.installation import Installation

CLUSTER_SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Nothing here has to survive a crash.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "1GB",
        "checkpoint_timeout": "1d",
        # Nothing may run in the background, or vary from run to run.
        "autovacuum": "off",
        "jit": "off",
        "shared_buffers": "32MB",
        # 45,000 locks in all.  By default there are 8,000, too few for 1,000 tables in one
        # transaction; allocating 120,000 would take a third of the time of a start.
        "max_connections": "64",
        "max_locks_per_transaction": "512",
        # Only users who can search the socket's directory can connect; shared memory is in it, too.
        "listen_addresses": "",
        "dynamic_shared_memory_type": "mmap",
        # The same results on every machine.
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "logging_collector": "off",
    }
)
"""The settings of every cluster; a template may override them."""

DURABLE: Final[Mapping[str, str]] = MappingProxyType(
    {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
)
"""Further settings with which committed data survive a crash."""

_FORMAT = "2"  # part of every key: raise it when data directories are created in another way


@dataclass(frozen=True, slots=True)
class ClusterTemplate:
    """How to create the data directory of a cluster, before any tree is applied.

    ``initdb`` creates it with ``superuser`` as bootstrap superuser; then ``scripts`` run, each as
    one query in the database ``postgres``.  ``settings`` override :data:`CLUSTER_SETTINGS`.
    Since PostgreSQL 18 ``extension_directories`` are searched for extensions, too, before the
    directory of the installation.
    """

    name: str
    superuser: str = "postgres"
    scripts: tuple[Path, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    extension_directories: tuple[Path, ...] = ()

    def key(self, installation: Installation) -> str:
        """32 hex digits that identify the data directory that the template creates."""
        digest = hashlib.sha256()
        for part in self._parts(installation):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()[:32]

    def _parts(self, installation: Installation) -> Iterator[bytes]:
        """Everything on which the contents of the data directory depend."""
        binary = installation.binary("postgres")
        stat = binary.stat()
        yield from map(
            str.encode,
            (
                _FORMAT,
                str(binary),
                str(stat.st_mtime_ns),
                str(stat.st_size),
                installation.version,
                self.name,
                self.superuser,
                repr(sorted({**CLUSTER_SETTINGS, **self.settings}.items())),
            ),
        )
        extensions = (
            path
            for directory in self.extension_directories
            for path in sorted(directory.rglob("*"))
            if path.is_file()
        )
        for path in (*self.scripts, *extensions):
            yield path.name.encode()
            yield path.read_bytes()


PLAIN: Final = ClusterTemplate("plain")
"""A cluster as initdb creates it."""
