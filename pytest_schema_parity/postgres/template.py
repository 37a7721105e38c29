"""What a cluster holds before any tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.postgres.installation import Installation

SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Nothing here has to survive a crash.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "1GB",
        "checkpoint_timeout": "1d",
        # Nothing may happen behind a test's back.
        "autovacuum": "off",
        "jit": "off",
        "shared_buffers": "32MB",
        # 45,000 locks in all: the default's 8,000 run out on 1,000 tables in one transaction, and
        # setting up 120,000 would take a third of the start's time.
        "max_connections": "64",
        "max_locks_per_transaction": "512",
        # Only who may enter the socket's directory gets in, and nothing outlives that directory.
        "listen_addresses": "",
        "dynamic_shared_memory_type": "mmap",
        # The same answers everywhere.
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "logging_collector": "off",
    }
)
"""Every cluster's settings; a template may override them."""

DURABLE: Final[Mapping[str, str]] = MappingProxyType(
    {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
)
"""What a server needs besides, so that a crash loses nothing that was committed."""

_FORMAT = "2"  # of what a key says; raise it when data directories come to be made otherwise


@dataclass(frozen=True, slots=True)
class Template:
    """What a data directory holds before any tree.

    That is ``initdb`` with ``superuser`` as bootstrap superuser, and then ``scripts``, each run as
    one query in the database ``postgres``.  ``settings`` go on top of :data:`SETTINGS`;
    ``extension_directories`` are searched for extensions before the installation's own, on servers
    that can do so.
    """

    name: str
    superuser: str = "postgres"
    scripts: tuple[Path, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    extension_directories: tuple[Path, ...] = ()

    def key(self, installation: Installation) -> str:
        """32 hex digits that differ when the data directory would."""
        digest = hashlib.sha256()
        for part in self._parts(installation):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()[:32]

    def _parts(self, installation: Installation) -> Iterator[bytes]:
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
                repr(sorted({**SETTINGS, **self.settings}.items())),
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


PLAIN: Final = Template("plain")
"""A cluster as initdb makes it."""
