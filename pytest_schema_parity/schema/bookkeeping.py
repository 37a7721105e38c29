"""Tables in which migration tools record what they have applied: no part of the schema."""

from __future__ import annotations

from typing import Final

from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.names import short

_TABLES: Final = frozenset(
    {
        '"SequelizeMeta"',
        '"__EFMigrationsHistory"',
        "__diesel_schema_migrations",
        "__drizzle_migrations",
        "_prisma_migrations",
        "_sqlx_migrations",
        "_yoyo_log",
        "_yoyo_migration",
        "_yoyo_version",
        "alembic_version",
        "ar_internal_metadata",
        "atlas_schema_revisions",
        "databasechangelog",
        "databasechangeloglock",
        "django_migrations",
        "doctrine_migration_versions",
        "flyway_schema_history",
        "goose_db_version",
        "gorp_migrations",
        "knex_migrations",
        "knex_migrations_lock",
        "kysely_migration",
        "kysely_migration_lock",
        "mikro_orm_migrations",
        "pgmigrations",
        "phinxlog",
        "refinery_schema_history",
        "schema_migrations",
        "yoyo_lock",
    }
)
_BY_COLUMNS: Final = {
    "migrations": ({"id", "migration", "batch"}, {"id", "name", '"timestamp"'}),
    "schema_version": ({"version"},),
}
"""Names that an application may well use itself, with the columns that a tool gives them."""

_SCHEMAS: Final = frozenset({"supabase_migrations", "drizzle", "graphile_migrate", "sqitch"})
"""Schemas that migration tools create for such tables."""

KEPT_BY_A_TOOL: Final = "a migration tool keeps it for itself: it is no part of the schema"

_WHOLE: Final = frozenset({"graphile_migrate", "sqitch"})


def is_bookkeeping(schema: Schema, fact: Fact) -> bool:
    """Whether a fact is a migration tool's own table, or a schema that holds only such tables."""
    if fact.kind == "schema":
        return fact.name in _SCHEMAS and all(
            fact.name in _WHOLE
            or child.kind in ("privilege", "default privilege")
            or (fact.name == "supabase_migrations" and child.kind == "table")
            or is_bookkeeping(schema, child)
            for child in schema.children.get(fact.key, ())
        )
    if fact.kind != "table" or fact.parent is None:
        return False
    name = short(fact.name, fact.parent[1])
    columns = {
        short(child.name, fact.name)
        for child in schema.children.get(fact.key, ())
        if child.kind == "column"
    }
    return name in _TABLES or columns in _BY_COLUMNS.get(name, ())


def bookkeeping(schema: Schema) -> tuple[Key, ...]:
    """The keys of migration tools' own tables and schemas, sorted; no tables of a listed schema."""
    found = {fact.key: fact.parent for fact in schema if is_bookkeeping(schema, fact)}
    return tuple(sorted(key for key, parent in found.items() if parent not in found))
