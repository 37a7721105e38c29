"""Platforms: their superuser, the role that runs migrations, and their SQL scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.platforms.stand_ins import STAND_INS, has_extension, offered_stand_ins
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.postgres.template import PLAIN, ClusterTemplate
from pytest_schema_parity.showing import did_you_mean

READER: Final = "schema_parity_reader"
"""The role that ``no_superuser.sql`` creates: it reads all rows, despite row level security."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What a hosting provider puts into a database before the first migration.

    ``superuser`` is the bootstrap superuser, ``role`` the one that migrations run as; ``scripts``
    run as the superuser, in order.  ``extensions`` are those that the scripts create if they are
    available.  ``is_trusted`` is False if migrations run without the rights of a superuser.
    """

    name: str
    superuser: str = PLAIN.superuser
    role: str = PLAIN.superuser
    scripts: tuple[Path, ...] = ()
    extensions: tuple[str, ...] = ()
    is_trusted: bool = True
    reader: str | None = None
    """The role that reads all rows if a migration's code may not run as a superuser."""

    def without_superuser(self) -> Platform:
        """The same platform, but migrations have only the rights of the database's owner."""
        shared = self.superuser == self.role
        return replace(
            self,
            name=f"{self.name}, no superuser",
            superuser="schema_parity_admin" if shared else self.superuser,
            scripts=(*self.scripts, Path(__file__).with_name("no_superuser.sql")),
            is_trusted=False,
            reader=READER,
        )

    def template(self, installation: Installation) -> ClusterTemplate:
        """The template for clusters of this platform."""
        return ClusterTemplate(
            name=self.name if self.scripts else PLAIN.name,
            superuser=self.superuser,
            scripts=self.scripts,
            extension_directories=tuple(STAND_INS[name] for name in self.stand_ins(installation)),
        )

    def stand_ins(self, installation: Installation) -> tuple[str, ...]:
        """The extensions for which the server gets a stand-in, sorted.

        A database has one only if a script or a migration creates the extension: see
        :func:`~pytest_schema_parity.platforms.stand_ins.installed_stand_ins`.
        """
        return offered_stand_ins(installation)

    def lacking(self, installation: Installation) -> tuple[str, ...]:
        """The platform's extensions that the server does not have, not even as a stand-in.

        They are left out of the database; a migration that uses them fails.
        """
        offered = self.stand_ins(installation)
        return tuple(
            name
            for name in self.extensions
            if name not in offered and not has_extension(installation, name)
        )


def _script_paths(directory: str, *names: str) -> tuple[Path, ...]:
    """The paths of SQL files in a directory of this package."""
    return tuple(Path(__file__).with_name(directory) / f"{name}.sql" for name in names)


PLATFORMS: Final[Mapping[str, Platform]] = MappingProxyType(
    {
        platform.name: platform
        for platform in (
            Platform(name="none"),
            Platform(
                name="supabase",
                superuser="supabase_admin",
                scripts=_script_paths(
                    "supabase", "roles", "schemas", "auth", "storage", "realtime"
                ),
                extensions=("pgcrypto", "uuid-ossp"),
            ),
        )
    }
)
"""Every platform by its name; ``none`` is a database as initdb creates it."""


def get_platform(name: str | None, *, superuser: bool = True) -> Platform:
    """The platform of that name; None is ``none``.  Raises ConfigError with a similar name.

    If ``superuser`` is False, its migrations run without the rights of a superuser.
    """
    name = "none" if name is None else name
    if name in PLATFORMS:
        return PLATFORMS[name] if superuser else PLATFORMS[name].without_superuser()
    raise ConfigError(f"Unknown platform {name!r}: {did_you_mean(name, PLATFORMS)}")
