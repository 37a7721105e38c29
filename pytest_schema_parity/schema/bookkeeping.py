"""Tables in which migration tools keep what they have applied: no part of anybody's schema.

A tool's name alone says nothing: an application may use it itself.  So a table counts only with the
columns that the tool gives it, and a schema only where nothing else is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.names import short

KEPT_BY_A_TOOL: Final = "a migration tool keeps it for itself: it is no part of the schema"

_Columns: TypeAlias = tuple[str, str]
"""The columns that a tool's table always has, and those that only some versions of it have."""

_TABLES: Final[Mapping[str, tuple[_Columns, ...]]] = {
    "SequelizeMeta": (("name", "createdAt updatedAt"),),
    "__EFMigrationsHistory": (
        ("MigrationId ProductVersion", ""),
        ("migration_id product_version", ""),
    ),
    "__diesel_schema_migrations": (("version run_on", ""),),
    "__drizzle_migrations": (("id hash created_at", ""),),
    "_prisma_migrations": (
        (
            "id checksum finished_at migration_name logs rolled_back_at started_at"
            " applied_steps_count",
            "",
        ),
    ),
    "_sqlx_migrations": (("version description installed_on success checksum", "execution_time"),),
    "_yoyo_log": (
        (
            "id migration_hash migration_id operation username hostname comment created_at_utc",
            "",
        ),
    ),
    "_yoyo_migration": (("migration_hash migration_id applied_at_utc", ""),),
    "_yoyo_version": (("version installed_at_utc", ""),),
    "alembic_version": (("version_num", ""),),
    "ar_internal_metadata": (("key value created_at updated_at", ""),),
    "atlas_schema_revisions": (
        (
            "version description type applied total executed_at execution_time error hash"
            " partial_hashes operator_version",
            "error_stmt",
        ),
    ),
    "databasechangelog": (
        (
            "id author filename dateexecuted orderexecuted exectype md5sum description comments"
            " tag liquibase",
            "contexts labels deployment_id",
        ),
    ),
    "databasechangeloglock": (("id locked lockgranted lockedby", ""),),
    "django_migrations": (("id app name applied", ""),),
    "doctrine_migration_versions": (("version executed_at execution_time", ""),),
    "flyway_schema_history": (
        (
            "installed_rank version description type script checksum installed_by installed_on"
            " execution_time success",
            "",
        ),
    ),
    "goose_db_version": (("id version_id is_applied tstamp", ""),),
    "gorp_migrations": (("id applied_at", ""),),
    "knex_migrations": (("id name batch migration_time", ""),),
    "knex_migrations_lock": (("is_locked", "index"),),
    "kysely_migration": (("name timestamp", ""),),
    "kysely_migration_lock": (("id is_locked", ""),),
    "migrations": (("id migration batch", ""), ("id name timestamp", "")),
    "mikro_orm_migrations": (("id name executed_at", ""),),
    "pgmigrations": (("id name run_on", ""),),
    "phinxlog": (("version start_time end_time", "migration_name breakpoint"),),
    "refinery_schema_history": (("version name applied_on checksum", ""),),
    "schema_migrations": (("version", "dirty"), ("version inserted_at", ""), ("filename", "")),
    "schema_version": (("version", ""),),
    "yoyo_lock": (("locked ctime pid", ""),),
}
"""Tables in any schema, by their names."""

_PLANNED: Final = (
    " note committed_at committer_name committer_email planned_at planner_name planner_email"
)
_SCHEMAS: Final[Mapping[str, Mapping[str, tuple[_Columns, ...]]]] = {
    "drizzle": {},
    "graphile_migrate": {
        "current": (("filename content date", ""),),
        "migrations": (("hash previous_hash filename date", ""),),
    },
    "sqitch": {
        "changes": (("change_id change project" + _PLANNED, "script_hash"),),
        "dependencies": (("change_id type dependency dependency_id", ""),),
        "events": (("event change_id change project requires conflicts tags" + _PLANNED, ""),),
        "projects": (("project uri created_at creator_name creator_email", ""),),
        "releases": (("version installed_at installer_name installer_email", ""),),
        "tags": (("tag_id tag project change_id" + _PLANNED, ""),),
    },
    "supabase_migrations": {
        "schema_migrations": (("version", "statements name created_by idempotency_key rollback"),),
        "seed_files": (("path hash", ""),),
    },
}
"""Schemas that tools make, with the tables in them beside those that may be in any schema."""

_KEYS: Final = frozenset({"primary key", "unique"})
_WITH_COLUMNS: Final = frozenset({"column", "index", "sequence"})


def is_bookkeeping(schema: Schema, fact: Fact) -> bool:
    """Whether a fact is a migration tool's own table, or a schema that only such tables are in.

    Who may do what in the schema makes it nobody else's, and is told of by itself.
    """
    if fact.kind == "schema":
        return fact.name in _SCHEMAS and all(
            child.kind in ("privilege", "default privilege") or is_bookkeeping(schema, child)
            for child in schema.children.get(fact.key, ())
        )
    if fact.kind != "table" or fact.parent is None:
        return False
    name = _bare(short(fact.name, fact.parent[1]))
    columns = {
        _bare(short(child.name, fact.name))
        for child in schema.children.get(fact.key, ())
        if child.kind == "column"
    }
    known = (*_TABLES.get(name, ()), *_SCHEMAS.get(fact.parent[1], {}).get(name, ()))
    return any(
        set(always.split()) <= columns <= {*always.split(), *sometimes.split()}
        for always, sometimes in known
    )


def belongs_to_bookkeeping(schema: Schema, fact: Fact) -> bool:
    """Whether what hangs below a tool's table or schema is a part of it, and no matter of its own.

    That is what the tool makes with it.  A rule, a trigger, a policy or a privilege is not.
    """
    if fact.kind == "constraint":
        tables = _SCHEMAS.get(fact.name.partition(".")[0])
        return fact.attributes.get("type") in _KEYS or bool(tables)
    return fact.kind in _WITH_COLUMNS or is_bookkeeping(schema, fact)


def bookkeeping(schema: Schema) -> tuple[Key, ...]:
    """The keys of migration tools' own tables and schemas, sorted; no tables of a listed schema."""
    found = {fact.key: fact.parent for fact in schema if is_bookkeeping(schema, fact)}
    return tuple(sorted(key for key, parent in found.items() if parent not in found))


def _bare(name: str) -> str:
    """A name without its quotes."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
