"""Suggest a similar name for an error such as ``relation "…" does not exist``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Final

import psycopg

from pytest_schema_parity.errors import ScriptError
from pytest_schema_parity.migrations.failure import Complaint
from pytest_schema_parity.migrations.scanner import split
from pytest_schema_parity.migrations.statement import Statement
from pytest_schema_parity.migrations.tree import MigrationFile, Tree

_PART = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_DEFINITION: Final = re.compile(
    r"create\s+(?:or\s+replace\s+)?(?:(?:temp|temporary|unlogged|unique|recursive)\s+)*"
    r"(?P<kind>(?:foreign\s+)?table|(?:materialized\s+)?view|index|sequence|type|domain"
    r"|function|procedure|schema|role|user)\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?"
    rf"(?P<name>{_PART}(?:\s*\.\s*{_PART})*)",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    r"(?:could not open |could not find a )?(?P<kind>[a-z]+)(?: control file| named)? "
    r'(?:"(?P<quoted>[^"]+)"|(?P<plain>[^\s("]+))'
)
_ENUM: Final = re.compile(r'invalid input value for enum .*: "(?P<label>[^"]*)"')

_RELATIONS: Final = """
    SELECT nspname, relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'v', 'm', 'f', 'p', 'S') AND nspname !~ '^pg_'
"""
_INDEXES: Final = """
    SELECT nspname, relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('i', 'I') AND nspname !~ '^pg_'
"""
_COLUMNS: Final = """
    SELECT DISTINCT NULL, attname FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
    WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'v', 'm', 'f', 'p')
    AND nspname !~ '^pg_' AND nspname <> 'information_schema'
"""
_FUNCTIONS: Final = """
    SELECT DISTINCT nspname, proname FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = pronamespace
    WHERE nspname <> 'information_schema' AND proname !~ '^_'
"""
_TYPES: Final = """
    SELECT nspname, typname FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_namespace n ON n.oid = typnamespace
    WHERE typname !~ '^_' AND nspname NOT IN ('information_schema', 'pg_toast')
"""
_LABELS: Final = "SELECT DISTINCT NULL, enumlabel FROM pg_catalog.pg_enum"
_OF_TABLES = ("table", "view", "materialized view", "foreign table", "sequence")

_KNOWN_NAMES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "relation": (_RELATIONS, _OF_TABLES),
    "table": (_RELATIONS, _OF_TABLES),
    "view": (_RELATIONS, _OF_TABLES),
    "sequence": (_RELATIONS, _OF_TABLES),
    "index": (_INDEXES, ("index",)),
    "column": (_COLUMNS, ()),
    "function": (_FUNCTIONS, ("function", "procedure")),
    "procedure": (_FUNCTIONS, ("function", "procedure")),
    "type": (_TYPES, ("type", "domain", "table")),
    "role": ("SELECT NULL, rolname FROM pg_catalog.pg_roles", ("role", "user")),
    "schema": ("SELECT NULL, nspname FROM pg_catalog.pg_namespace", ("schema",)),
    "trigger": ("SELECT NULL, tgname FROM pg_catalog.pg_trigger WHERE NOT tgisinternal", ()),
    "policy": ("SELECT NULL, polname FROM pg_catalog.pg_policy", ()),
    "constraint": ("SELECT NULL, conname FROM pg_catalog.pg_constraint", ()),
    "extension": ("SELECT NULL, name FROM pg_catalog.pg_available_extensions", ()),
    "language": ("SELECT NULL, lanname FROM pg_catalog.pg_language", ()),
    "publication": ("SELECT NULL, pubname FROM pg_catalog.pg_publication", ()),
}
"""By the kind in a message: the query for known names, and the words of CREATE for such objects."""

_UNDEFINED_ERRORS: Final = frozenset(
    ("42P01", "42703", "42704", "42883", "3F000", "0A000", "58P01")  # undefined this and that
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that a CREATE statement defines, with its file (by index) and line."""

    kind: str
    schema: str | None
    name: str
    file: int
    line: int


class Names:
    """The names that a tree's files define, and those that a database knows."""

    def __init__(self, tree: Tree) -> None:
        self._files = tree.files

    def hint(
        self, connection: psycopg.Connection, complaint: Complaint, file: int, statement: Statement
    ) -> str | None:
        """The name that was probably meant, or the file that creates it later, as a hint."""
        if complaint.sqlstate == "22P02" and (value := _ENUM.match(complaint.message)):
            labels = [name for _, name in _query_names(connection, _LABELS)]
            close = get_close_matches(value["label"], labels, n=1)
            return f"Did you mean '{close[0]}'?" if close else None
        subject = _SUBJECT.match(complaint.message)
        if (
            complaint.sqlstate not in _UNDEFINED_ERRORS
            or subject is None
            or subject["kind"] not in _KNOWN_NAMES
        ):
            return None
        query, kinds = _KNOWN_NAMES[subject["kind"]]
        schema, _, name = (subject["quoted"] or subject["plain"]).rpartition(".")
        if subject["kind"] == "column":
            schema = ""
        made = [definition for definition in self._definitions if definition.kind in kinds]
        here = (file, statement.line)
        for definition in made:
            same = definition.name == name
            same = same and (definition.schema or "public") == (schema or "public")
            if same and (definition.file, definition.line) > here:
                location = f"{self._files[definition.file].name}:{definition.line}"
                return f"It is created later, in {location}."
        known = _query_names(connection, query)
        known += [(d.schema, d.name) for d in made if d.file == file and d.line < statement.line]
        meant = nearest(schema or None, name, known)
        return f"Did you mean {meant}?" if meant else None

    @cached_property
    def _definitions(self) -> list[Definition]:
        """The names that the CREATE statements of the tree define, in order."""
        return [
            definition
            for number, file in enumerate(self._files)
            for definition in _definitions(number, file)
        ]


def nearest(schema: str | None, name: str, known: Sequence[tuple[str | None, str]]) -> str | None:
    """The known name most similar to an unknown one, as SQL: qualified if in another schema.

    A name in the same schema is preferred; a difference of case counts less than any other.
    """
    folded: dict[str, list[tuple[str | None, str]]] = {}
    for entry in known:
        folded.setdefault(entry[1].lower(), []).append(entry)
    for close in get_close_matches(name.lower(), folded, n=3, cutoff=0.7):
        entries = sorted(
            folded[close],
            key=lambda entry: (entry[0] != (schema or "public"), entry[0] or ""),
        )
        for where, what in entries:
            if what == name and where in (None, schema):
                continue
            near = where in ("public", "pg_catalog") and schema is None and what != name
            plain = where is None or near
            return _sql_name(what) if plain else f"{_sql_name(where or '')}.{_sql_name(what)}"
    return None


def _query_names(connection: psycopg.Connection, query: str) -> list[tuple[str | None, str]]:
    """The rows (schema, name) of a query; empty if it fails."""
    try:
        return connection.execute(query.encode()).fetchall()
    except psycopg.Error:
        return []


def _definitions(number: int, file: MigrationFile) -> Iterator[Definition]:
    """The names that a file's CREATE statements define; none of a file that cannot be read."""
    try:
        statements = split(file.read(), file=file.name)
    except ScriptError:
        return
    for statement in statements:
        found = _DEFINITION.match(statement.text)
        if found is not None:
            parts = [_as_stored(part) for part in re.findall(_PART, found["name"])]
            kind = " ".join(found["kind"].lower().split())
            schema = parts[-2] if len(parts) > 1 else None
            yield Definition(kind, schema, parts[-1], number, statement.line)


def _as_stored(part: str) -> str:
    """A name as the server stores it: unquoted, or in lower case."""
    return part[1:-1].replace('""', '"') if part.startswith('"') else part.lower()


def _sql_name(name: str) -> str:
    """A name, quoted where SQL requires it."""
    if re.fullmatch(r"[a-z_][a-z0-9_$]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'
