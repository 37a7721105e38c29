"""Stand-ins for extensions that a server lacks: the same functions, written in SQL.

They lie in ``extensions/<directory>/extension/``, the way ``extension_control_path`` wants it, one
directory an extension, so that each can be offered by itself.
"""

from __future__ import annotations

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
"""Every stand-in there is: the extension's name and the directory to search for it."""

# The control file's comment would not do as a mark: dumps set it anew (COMMENT ON EXTENSION).
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
    """Whether the installation brings the extension itself."""
    return (installation.sharedir / "extension" / f"{name}.control").is_file()


def offered_stand_ins(installation: Installation) -> tuple[str, ...]:
    """The stand-ins that a server of this installation can and has to use, sorted.

    These are the extensions that it lacks; none before PostgreSQL 18, which takes extensions from
    its own directory alone.
    """
    if not installation.can_load_extensions_from:
        return ()
    return tuple(name for name in STAND_INS if not has_extension(installation, name))


def installed_stand_ins(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """The extensions of this database that are stand-ins of ours, sorted."""
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        return tuple(name for (name,) in cursor.execute(_FIND_STAND_INS))
