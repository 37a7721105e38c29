"""Find routines that use a value which differs between any two databases; they are not called."""

from __future__ import annotations

import re
from typing import Final

from pytest_schema_parity.behavior.statements.catalog_document import CatalogDocument
from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.schema.tokens import tokens

DATABASE_SPECIFIC: Final = re.compile(
    r"""
    \b(
        pg_backend_pid | pg_postmaster_start_time | pg_conf_load_time | pg_current_logfile
      | (pg_current_xact_id|txid_current)(_if_assigned)? | pg_current_snapshot
      | txid_current_snapshot | pg_export_snapshot
      | pg_(current|last)_wal_\w+ | pg_walfile_name\w*
      | pg_relation_(filepath|filenode) | pg_my_temp_schema | pg_control_\w+
      | pg_(database|table|indexes|relation|total_relation|tablespace|column)_size
      | pg_stat_(?!file\b)\w+ | pg_statio_\w+ | pg_locks
      | current_database | current_catalog | inet_(server|client)_(addr|port)
      | data_directory | config_file | hba_file | ident_file | unix_socket_directories
    )\b
    | ::\s*oid\b | \bAS\s+oid\s*\)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""SQL whose value depends on the process, server or database, not on the schema."""


def database_specific(document: CatalogDocument) -> dict[str, str]:
    """The routines of one side that use such a value, through others as well, with the reasons."""
    functions = document["functions"]
    found = {
        each["name"]: " ".join(value[0].split())
        for each in functions.values()
        if (value := DATABASE_SPECIFIC.search(_code(each["body"] or "")))
    }
    changed = True
    while changed:
        before = len(found)
        for each in functions.values():
            used = (name for name in found if mentions(each["body"] or "", name))
            if each["name"] not in found and (name := next(used, "")):
                found[each["name"]] = found[name]
        changed = len(found) > before
    return {
        name: f"it uses {found[each['name']]}, which differs between any two databases"
        for name, each in functions.items()
        if each["callable"] and each["name"] in found
    }


def _code(body: str) -> str:
    """A body without its comments, but with strings, which may be run."""
    found = tokens(body)
    if found is None:
        return body
    return "".join(" " if each.sort == "comment" else each.text for each in found)
