"""Tables in which migration tools record what they have applied, and which are not compared.

A table's name is not enough, as an application may use it itself.  So a table counts only if it has
the columns that the tool gives it, and a schema only if nothing else is in it.

Sources of the columns, the tools' own files:
    atlas: ariga/atlas ``cmd/atlas/internal/migrate/ent/migrate/schema.go``
    diesel: diesel-rs/diesel ``diesel/src/migration/setup_migration_table.sql``
    doctrine: doctrine/migrations ``src/Metadata/Storage/TableMetadataStorageConfiguration.php``
    drizzle: drizzle-team/drizzle-orm ``drizzle-orm/src/up-migrations/pg.ts``
    flyway: flyway/flyway ``createMetaDataTable.sql`` (PostgreSQL)
    goose: pressly/goose ``internal/dialect/dialectquery/postgres.go``
    graphile-migrate: graphile/migrate ``src/migration.ts``
    knex: knex/knex ``lib/migrations/migrate/table-creator.js``
    mikro-orm: mikro-orm/mikro-orm ``packages/migrations/src/MigrationStorage.ts``
    refinery: rust-db/refinery ``refinery_core/src/traits/mod.rs``
    sqitch: sqitchers/sqitch ``lib/App/Sqitch/Engine/pg.sql``
    sqlx: launchbadge/sqlx ``sqlx-postgres/src/migrate.rs``
    supabase: supabase/cli ``pkg/migration/history.go``
    others: tables in dumps of databases that the tools migrated, as pg_dump writes them
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.names import short

KEPT_BY_A_TOOL: Final = "it belongs to a migration tool, not to the schema"


class _ToolTable(NamedTuple):
    """A tool, the columns that its table always has, and those that only some versions give it."""

    tool: str
    always: str
    sometimes: str = ""


_TABLES: Final[Mapping[str, tuple[_ToolTable, ...]]] = {
    "SequelizeMeta": (_ToolTable("sequelize", "name", "createdAt updatedAt"),),
    "__EFMigrationsHistory": (
        _ToolTable("Entity Framework", "MigrationId ProductVersion"),
        _ToolTable("Entity Framework", "migration_id product_version"),
    ),
    "__diesel_schema_migrations": (_ToolTable("diesel", "version run_on"),),
    "__drizzle_migrations": (
        _ToolTable("drizzle", "id hash created_at", "name applied_at version"),
    ),
    "_prisma_migrations": (
        _ToolTable(
            "prisma",
            "id checksum finished_at migration_name logs rolled_back_at started_at"
            " applied_steps_count",
        ),
    ),
    "_sqlx_migrations": (
        _ToolTable("sqlx", "version description installed_on success checksum", "execution_time"),
    ),
    "_yoyo_log": (
        _ToolTable(
            "yoyo",
            "id migration_hash migration_id operation username hostname comment created_at_utc",
        ),
    ),
    "_yoyo_migration": (_ToolTable("yoyo", "migration_hash migration_id applied_at_utc"),),
    "_yoyo_version": (_ToolTable("yoyo", "version installed_at_utc"),),
    "alembic_version": (_ToolTable("alembic", "version_num"),),
    "ar_internal_metadata": (_ToolTable("rails", "key value created_at updated_at"),),
    "atlas_schema_revisions": (
        _ToolTable(
            "atlas",
            "version description type applied total executed_at execution_time"
            " error hash partial_hashes operator_version",
            "error_stmt",
        ),
    ),
    "databasechangelog": (
        _ToolTable(
            "liquibase",
            "id author filename dateexecuted orderexecuted exectype md5sum"
            " description comments tag liquibase",
            "contexts labels deployment_id",
        ),
    ),
    "databasechangeloglock": (_ToolTable("liquibase", "id locked lockgranted lockedby"),),
    "django_migrations": (_ToolTable("django", "id app name applied"),),
    "doctrine_migration_versions": (_ToolTable("doctrine", "version executed_at execution_time"),),
    "flyway_schema_history": (
        _ToolTable(
            "flyway",
            "installed_rank version description type script checksum installed_by"
            " installed_on execution_time success",
        ),
    ),
    "goose_db_version": (_ToolTable("goose", "id version_id is_applied tstamp"),),
    "gorp_migrations": (_ToolTable("sql-migrate", "id applied_at"),),
    "knex_migrations": (_ToolTable("knex", "id name batch migration_time"),),
    "knex_migrations_lock": (_ToolTable("knex", "is_locked", "index"),),
    "kysely_migration": (_ToolTable("kysely", "name timestamp"),),
    "kysely_migration_lock": (_ToolTable("kysely", "id is_locked"),),
    "migrations": (
        _ToolTable("laravel", "id migration batch"),
        _ToolTable("typeorm", "id name timestamp"),
    ),
    "mikro_orm_migrations": (_ToolTable("mikro-orm", "id name executed_at"),),
    "pgmigrations": (_ToolTable("node-pg-migrate", "id name run_on"),),
    "phinxlog": (_ToolTable("phinx", "version start_time end_time", "migration_name breakpoint"),),
    "refinery_schema_history": (_ToolTable("refinery", "version name applied_on checksum"),),
    "schema_migrations": (
        _ToolTable("rails, dbmate or golang-migrate", "version", "dirty"),
        _ToolTable("ecto", "version inserted_at"),
        _ToolTable("sequel", "filename"),
    ),
    "schema_version": (
        _ToolTable("tern", "version"),
        _ToolTable(
            "flyway",
            "installed_rank version description type script checksum installed_by"
            " installed_on execution_time success",
            "version_rank",
        ),
    ),
    "typeorm_metadata": (_ToolTable("typeorm", "type database schema table name value"),),
    "yoyo_lock": (_ToolTable("yoyo", "locked ctime pid"),),
}
"""Tables in any schema, by their names."""

_TOOLS_OF_SCHEMAS: Final[Mapping[str, str]] = {
    "drizzle": "drizzle",
    "graphile_migrate": "graphile-migrate",
    "sqitch": "sqitch",
    "supabase_migrations": "supabase",
}
"""Schemas that tools make, with the tool."""
_PLANNED: Final = (
    " note committed_at committer_name committer_email planned_at planner_name planner_email"
)
_SCHEMAS: Final[Mapping[str, Mapping[str, tuple[_ToolTable, ...]]]] = {
    "graphile_migrate": {
        "current": (_ToolTable("graphile-migrate", "filename content date"),),
        "migrations": (_ToolTable("graphile-migrate", "hash previous_hash filename date"),),
    },
    "sqitch": {
        "changes": (_ToolTable("sqitch", "change_id change project" + _PLANNED, "script_hash"),),
        "dependencies": (_ToolTable("sqitch", "change_id type dependency dependency_id"),),
        "events": (
            _ToolTable(
                "sqitch", "event change_id change project requires conflicts tags" + _PLANNED
            ),
        ),
        "projects": (_ToolTable("sqitch", "project uri created_at creator_name creator_email"),),
        "releases": (_ToolTable("sqitch", "version installed_at installer_name installer_email"),),
        "tags": (_ToolTable("sqitch", "tag_id tag project change_id" + _PLANNED),),
    },
    "supabase_migrations": {
        "schema_migrations": (
            _ToolTable(
                "supabase", "version", "statements name created_by idempotency_key rollback"
            ),
        ),
        "seed_files": (_ToolTable("supabase", "path hash"),),
    },
}
"""The tables in such schemas, besides those that may be in any schema."""

_KEYS: Final = frozenset({"primary key", "unique"})
_WITH_COLUMNS: Final = frozenset({"column", "index", "sequence"})


def tool_of(schema: Schema, fact: Fact) -> str:
    """The migration tool whose own table a fact is, or whose schema with nothing else in it.

    Empty for all other facts.  Privileges in the schema do not change that, and are reported
    separately.
    """
    if fact.kind == "schema":
        is_own = all(
            child.kind in ("privilege", "default privilege") or is_bookkeeping(schema, child)
            for child in schema.children.get(fact.key, ())
        )
        return _TOOLS_OF_SCHEMAS.get(fact.name, "") if is_own else ""
    if fact.kind != "table" or fact.parent is None:
        return ""
    name = _unquoted(short(fact.name, fact.parent[1]))
    columns = {
        _unquoted(short(child.name, fact.name))
        for child in schema.children.get(fact.key, ())
        if child.kind == "column"
    }
    known = (*_TABLES.get(name, ()), *_SCHEMAS.get(fact.parent[1], {}).get(name, ()))
    fitting = (
        each.tool
        for each in known
        if set(each.always.split()) <= columns <= {*each.always.split(), *each.sometimes.split()}
    )
    return next(fitting, "")


def is_bookkeeping(schema: Schema, fact: Fact) -> bool:
    """Whether a fact is a migration tool's own table, or a schema with such tables only."""
    return bool(tool_of(schema, fact))


def belongs_to_bookkeeping(schema: Schema, fact: Fact) -> bool:
    """Whether a fact below a tool's table or schema is a part of it, which the tool created.

    A rule, a trigger, a policy or a privilege is not: it is reported separately.
    """
    if fact.kind == "constraint":
        schema_name = fact.name.partition(".")[0]
        return fact.attributes.get("type") in _KEYS or schema_name in _SCHEMAS
    return fact.kind in _WITH_COLUMNS or is_bookkeeping(schema, fact)


def bookkeeping(schema: Schema) -> tuple[Key, ...]:
    """The keys of migration tools' own tables and schemas, sorted; no tables of a listed schema."""
    found = {fact.key: fact.parent for fact in schema if is_bookkeeping(schema, fact)}
    return tuple(sorted(key for key, parent in found.items() if parent not in found))


def _unquoted(name: str) -> str:
    """A name without its quotes."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
