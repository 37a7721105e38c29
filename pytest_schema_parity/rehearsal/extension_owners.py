"""Restore extensions as the roles that own them: no dump has the owner of an extension.

The owner of an extension is the role that created it, and cannot be changed.  Its script may grant
privileges to that role, and what it makes belongs to that role.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

from psycopg import sql

from pytest_schema_parity.postgres.conninfo import open_connection

_OWNERS: Final = "SELECT extname, pg_get_userbyid(extowner) FROM pg_extension"
_NAME: Final = "schema_parity_extension_owner"

# pg_restore sends each CREATE EXTENSION by itself, in a transaction of its own.
_CREATE: Final = r"""
CREATE SCHEMA {name};
CREATE FUNCTION {name}.{name}() RETURNS event_trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text = current_query();
    extension text = (parse_ident(
        substring(statement FROM '^\s*CREATE EXTENSION IF NOT EXISTS (.*)'), false
    ))[1];
    owner text = {owners}::jsonb ->> extension;
BEGIN
    IF EXISTS (
        SELECT
        FROM pg_roles AS r
        WHERE r.rolname = owner AND (
            r.rolsuper
            OR has_database_privilege(r.oid, current_database(), 'CREATE') AND EXISTS (
                SELECT
                FROM pg_available_extension_versions AS v
                JOIN pg_available_extensions AS e
                    ON (e.name, e.default_version) = (v.name, v.version)
                WHERE v.name = extension AND v.trusted
            )
        )
    ) THEN
        PERFORM set_config('role', owner, true);
    END IF;
END
$$;
CREATE EVENT TRIGGER {name} ON ddl_command_start
WHEN tag IN ('CREATE EXTENSION') EXECUTE FUNCTION {name}.{name}();
"""
_DROP: Final = "DROP EVENT TRIGGER IF EXISTS {name}; DROP SCHEMA IF EXISTS {name} CASCADE"


@contextmanager
def create_extensions_as_owners(source: str, target: str) -> Iterator[None]:
    """While open, a restore into ``target`` creates extensions as their owners in ``source``.

    Both are conninfos of superusers.  An extension that its owner could not create (a role that is
    no superuser any more) is created as the role that restores.  Raises psycopg.Error.
    """
    with closing(open_connection(source)) as connection:
        owners = json.dumps(dict(connection.execute(_OWNERS).fetchall()))
    name = sql.Identifier(_NAME)
    with closing(open_connection(target)) as connection:
        connection.execute(sql.SQL(_CREATE).format(name=name, owners=sql.Literal(owners)))
        try:
            yield
        finally:
            connection.execute(sql.SQL(_DROP).format(name=name))
