"""The nearest known name, for an error about an unknown one."""

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
from pytest_schema_parity.migrations.scanner import Statement, split
from pytest_schema_parity.migrations.tree import MigrationFile, Tree

_PART = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_QUALIFIED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_DEFINITION: Final = re.compile(
    r"create\s+(?:or\s+replace\s+)?(?:(?:global|local|temp|temporary|unlogged|unique|recursive)\s+)*"
    r"(?P<kind>table|materialized\s+view|view|index|sequence|type|domain|function|procedure|schema"
    r"|role|user|extension|foreign\s+table)\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?"
    rf"(?P<name>{_QUALIFIED})",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(r'"([^"]+)"')
_COLUMN: Final = re.compile(r"column (?P<name>[^\s\"]+) does")
_FUNCTION: Final = re.compile(r"(?:function|procedure|routine|aggregate) (?P<name>[^\s(\"]+)\(")

_RELATIONS: Final = """
    SELECT nspname, relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'v', 'm', 'f', 'p', 'S', 'i', 'I') AND nspname !~ '^pg_'
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
_OTHERS: Final = """
    SELECT nspname, typname FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_namespace n ON n.oid = typnamespace
    WHERE typelem = 0 AND nspname <> 'information_schema'
    UNION ALL SELECT NULL, rolname FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_'
    UNION ALL SELECT NULL, tgname FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT NULL, polname FROM pg_catalog.pg_policy
    UNION ALL SELECT NULL, conname FROM pg_catalog.pg_constraint
    UNION ALL SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('i', 'I', 'S') AND n.nspname !~ '^pg_'
    UNION ALL SELECT NULL, pubname FROM pg_catalog.pg_publication
    UNION ALL SELECT NULL, lanname FROM pg_catalog.pg_language
"""
_SCHEMAS: Final = "SELECT NULL, nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_toast'"
_EXTENSIONS: Final = "SELECT NULL, name FROM pg_catalog.pg_available_extensions"
_LABELS: Final = "SELECT DISTINCT NULL, enumlabel FROM pg_catalog.pg_enum"

_KNOWN_BY_STATE: Final = {
    "42P01": _RELATIONS,
    "42703": _COLUMNS,
    "42883": _FUNCTIONS,
    "42704": _OTHERS,
    "3F000": _SCHEMAS,
    "58P01": _EXTENSIONS,
    "0A000": _EXTENSIONS,
    "22P02": _LABELS,
}


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that a file's CREATE statement gives, and where."""

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
        self,
        connection: psycopg.Connection,
        complaint: Complaint,
        file: int,
        statement: Statement,
    ) -> str | None:
        """What was probably meant, or which later file would have made it."""
        query = _KNOWN_BY_STATE.get(complaint.sqlstate or "")
        wanted = _unknown_name(complaint) if query else None
        if query is None or wanted is None:
            return None
        schema, name = wanted
        undone = [
            definition
            for definition in self._definitions
            if definition.file == file and definition.line < statement.line
        ]
        later = [d for d in self._definitions if (d.file, d.line) > (file, statement.line)]
        for definition in later if query in (_RELATIONS, _FUNCTIONS, _OTHERS, _SCHEMAS) else ():
            if definition.name == name and (schema or "public") == (definition.schema or "public"):
                place = f"{self._files[definition.file].name}:{definition.line}"
                return f"It is created later, by {place}."
        known: list[tuple[str | None, str]] = connection.execute(query.encode()).fetchall()
        known += [(definition.schema, definition.name) for definition in undone]
        meant = nearest(schema, name, known)
        return f"Did you mean {meant}?" if meant else None

    @cached_property
    def _definitions(self) -> list[Definition]:
        """Every definition of the tree, in order."""
        return [
            definition
            for number, file in enumerate(self._files)
            for definition in _definitions(number, file)
        ]


def nearest(schema: str | None, name: str, known: Sequence[tuple[str | None, str]]) -> str | None:
    """The known name nearest to a wanted one, as SQL: qualified if it lies elsewhere.

    A name in the wanted schema goes before one outside; case counts for little.
    """
    folded: dict[str, list[tuple[str | None, str]]] = {}
    for entry in known:
        folded.setdefault(entry[1].lower(), []).append(entry)
    for close in get_close_matches(name.lower(), folded, n=3, cutoff=0.7):
        entries = [entry for entry in folded[close] if entry != (schema, name)]
        entries.sort(key=lambda entry: (entry[0] != (schema or "public"), entry[0] or ""))
        for where, what in entries:
            if what == name and where in (None, schema):
                continue
            near = where in ("public", "pg_catalog") and schema is None and what != name
            plain = where is None or near
            return _sql_name(what) if plain else f"{_sql_name(where or '')}.{_sql_name(what)}"
    return None


def _unknown_name(complaint: Complaint) -> tuple[str | None, str] | None:
    """The unknown name that an error speaks of, with its schema if it has one."""
    message = complaint.message
    match complaint.sqlstate:
        case "42703":
            found = _COLUMN.search(message)
            name = found["name"].rpartition(".")[2] if found else _last_or_first(message, 0)
            return (None, name) if name else None
        case "42883":
            found = _FUNCTION.search(message)
            name = found["name"] if found else None
        case "22P02":
            name = _last_or_first(message, -1) if "enum" in message else None
            return (None, name) if name else None
        case "0A000" | "58P01":
            name = _last_or_first(message, 0) if "extension" in message else None
        case _:
            name = _last_or_first(message, 0)
    if not name:
        return None
    schema, _, last = name.rpartition(".")
    return schema or None, last


def _last_or_first(message: str, which: int) -> str | None:
    quoted = _QUOTED.findall(message)
    return quoted[which] if quoted else None


def _definitions(number: int, file: MigrationFile) -> Iterator[Definition]:
    """What a file's CREATE statements name; nothing from a file that cannot be read."""
    try:
        statements = split(file.read(), file=file.name)
    except ScriptError:
        return
    for statement in statements:
        found = _DEFINITION.match(statement.text)
        if found is None:
            continue
        parts = [_folded(part) for part in re.findall(_PART, found["name"])]
        schema = parts[-2] if len(parts) > 1 else None
        kind = " ".join(found["kind"].lower().split())
        yield Definition(kind, schema, parts[-1], number, statement.line)


def _folded(part: str) -> str:
    """A name as the server keeps it."""
    return part[1:-1].replace('""', '"') if part.startswith('"') else part.lower()


def _sql_name(name: str) -> str:
    """A name as SQL wants it."""
    if re.fullmatch(r"[a-z_][a-z0-9_$]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'
