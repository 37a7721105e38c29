"""Platforms: who is superuser, who migrates, which scripts make the database what it is."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.platforms.stand_ins import STAND_INS, has_extension, offered_stand_ins
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.postgres.template import PLAIN, ClusterTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What a host put into a database before the first migration.

    ``superuser`` is the bootstrap superuser, ``role`` the one that migrations run as; ``scripts``
    run as the superuser, in order.  ``extensions`` names those that the scripts make where they
    can be had.  ``is_trusted`` says whether migrations have the rights of a superuser.
    """

    name: str
    superuser: str = PLAIN.superuser
    role: str = PLAIN.superuser
    scripts: tuple[Path, ...] = ()
    extensions: tuple[str, ...] = ()
    is_trusted: bool = True

    def without_superuser(self) -> Platform:
        """The same, where migrations run with the rights of the database's owner and no others."""
        shared = self.superuser == self.role
        return replace(
            self,
            name=f"{self.name}, no superuser",
            superuser="schema_parity_admin" if shared else self.superuser,
            scripts=(*self.scripts, Path(__file__).with_name("no_superuser.sql")),
            is_trusted=False,
        )

    def template(self, installation: Installation) -> ClusterTemplate:
        """What a cluster of this platform holds before any tree."""
        return ClusterTemplate(
            name=self.name if self.scripts else PLAIN.name,
            superuser=self.superuser,
            scripts=self.scripts,
            extension_directories=tuple(STAND_INS[name] for name in self.stand_ins(installation)),
        )

    def stand_ins(self, installation: Installation) -> tuple[str, ...]:
        """The extensions for which this server is offered a stand-in, sorted.

        A database has one only where a script or a migration made it: see
        :func:`~pytest_schema_parity.platforms.stand_ins.installed_stand_ins`.
        """
        return offered_stand_ins(installation)

    def lacking(self, installation: Installation) -> tuple[str, ...]:
        """The platform's extensions that this server cannot have, not even as a stand-in.

        They are left out of the database; what a migration calls of them fails there.
        """
        offered = self.stand_ins(installation)
        return tuple(
            name
            for name in self.extensions
            if name not in offered and not has_extension(installation, name)
        )


def _script_paths(directory: str, *names: str) -> tuple[Path, ...]:
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
"""Every platform by its name; ``none`` is a database as initdb makes it."""


def get_platform(name: str | None, *, superuser: bool = True) -> Platform:
    """The platform of that name; None is ``none``.  Raises ConfigError, with the nearest name.

    Its migrations run with the rights of a superuser, unless that is refused.
    """
    name = "none" if name is None else name
    if name in PLATFORMS:
        return PLATFORMS[name] if superuser else PLATFORMS[name].without_superuser()
    near = difflib.get_close_matches(name.casefold(), PLATFORMS, n=1)
    remedy = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(PLATFORMS)}."
    raise ConfigError(f"Unknown platform {name!r}: {remedy}")
