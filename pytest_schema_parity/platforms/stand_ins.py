"""Stand-ins for extensions that a server lacks: the same functions, written in SQL.

They are in ``extensions/<directory>/extension/``, as ``extension_control_path`` needs it: one
directory an extension, so that a server can get one of them without the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import psycopg

from pytest_schema_parity.postgres.installation import Installation

STAND_INS: Final[Mapping[str, Path]] = MappingProxyType(
    {
        control.stem: control.parent.parent
        for control in sorted(
            Path(__file__).with_name("extensions").glob("*/extension/*.control"),
            key=lambda control: control.stem,
        )
    }
)
"""Every stand-in: the name of the extension, and its entry for ``extension_control_path``."""

_DEFAULT_VERSION: Final = re.compile(r"^default_version = '(.+)'$", re.MULTILINE)

# The comment of the extension cannot be the mark: dumps replace it (COMMENT ON EXTENSION).
_FIND_STAND_INS: Final = """
SELECT e.extname
FROM pg_catalog.pg_extension AS e
WHERE EXISTS (
    SELECT
    FROM pg_catalog.pg_depend AS member
    JOIN pg_catalog.pg_description AS mark
        ON mark.classoid = member.classid AND mark.objoid = member.objid AND mark.objsubid = 0
    WHERE member.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
        AND member.refobjid = e.oid
        AND member.deptype = 'e'
        AND mark.description = 'Stand-in of pytest-schema-parity'
)
ORDER BY e.extname COLLATE "C"
"""


def has_extension(installation: Installation, name: str) -> bool:
    """Whether the installation includes the extension."""
    return (installation.sharedir / "extension" / f"{name}.control").is_file()


def stand_in_version(name: str) -> str:
    """The version that the stand-in has unless a migration names another."""
    control = STAND_INS[name] / "extension" / f"{name}.control"
    (version,) = _DEFAULT_VERSION.findall(control.read_text(encoding="ascii"))
    return str(version)


def offered_stand_ins(installation: Installation) -> tuple[str, ...]:
    """The extensions for which servers of this installation get a stand-in, sorted.

    These are the ones that it does not include.  Before PostgreSQL 18 there are none: a server
    reads extensions from its own directory only.
    """
    if not installation.can_load_extensions_from:
        return ()
    return tuple(name for name in STAND_INS if not has_extension(installation, name))


def installed_stand_ins(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """The extensions in this database that are stand-ins, sorted."""
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        return tuple(name for (name,) in cursor.execute(_FIND_STAND_INS))
