"""The 13 operators of mutation analysis for integrity constraints, over small schemas as values.

A schema is tables with columns, keys and checks; :func:`mutants` changes one thing in each way
that the operators know: a CHECK dropped, a value taken out of its list, its operator exchanged; a
pair of columns taken out of a foreign key or exchanged; NOT NULL added or dropped; a column added
to, taken out of or exchanged in a primary key or a unique constraint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

OPERATORS = ("<=", ">=", "<>", "<", ">", "=")


@dataclass(frozen=True)
class ForeignKey:
    columns: tuple[str, ...]
    target: str
    referenced: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    name: str
    columns: dict[str, str]
    not_null: frozenset[str] = frozenset()
    primary: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    foreign: tuple[ForeignKey, ...] = ()
    checks: tuple[str, ...] = ()


Schema = tuple[Table, ...]


@dataclass(frozen=True)
class Mutant:
    """A changed schema; ``equivalent`` says why no row can tell it from the original."""

    operator: str
    change: str
    schema: Schema
    equivalent: str | None = None


def ddl(schema: Schema) -> str:
    """CREATE TABLE for all, then the foreign keys, so that these may form cycles."""
    lines = []
    for table in schema:
        parts = [
            f"{name} {kind}{' NOT NULL' if name in table.not_null else ''}"
            for name, kind in table.columns.items()
        ]
        if table.primary:
            parts.append(f"PRIMARY KEY ({', '.join(table.primary)})")
        parts += [f"UNIQUE ({', '.join(columns)})" for columns in table.unique]
        parts += [f"CHECK ({check})" for check in table.checks]
        lines.append(f"CREATE TABLE {table.name} ({', '.join(parts)});")
    for table in schema:
        lines += [
            f"ALTER TABLE {table.name} ADD FOREIGN KEY ({', '.join(key.columns)})"
            f" REFERENCES {key.target} ({', '.join(key.referenced)});"
            for key in table.foreign
        ]
    return "\n".join(lines)


def mutants(schema: Schema) -> Iterator[Mutant]:
    """Every mutant that PostgreSQL would create: foreign keys must still refer to a key."""
    for at, table in enumerate(schema):
        for operator, change, changed in _changes(table):
            whole = (*schema[:at], changed, *schema[at + 1 :])
            if _possible(whole):
                reason = _equivalent(table, changed)
                yield Mutant(operator, f"{table.name}: {change}", whole, reason)


def _changes(table: Table) -> Iterator[tuple[str, str, Table]]:
    yield from _checks(table)
    yield from _foreign_keys(table)
    for name in table.columns:
        toggled = table.not_null ^ {name}
        if name not in table.primary:
            operator = "NNR" if name in table.not_null else "NNA"
            yield operator, name, replace(table, not_null=toggled)
    for operator, columns in _key_changes(table, table.primary):
        yield f"PK{operator}", str(columns), replace(table, primary=columns)
    for at, key in enumerate([*table.unique, ()]):
        for operator, columns in _key_changes(table, key):
            unique = [*table.unique]
            unique[at : at + 1] = [columns] if columns else []
            yield f"U{operator}", f"{key} {columns}", replace(table, unique=tuple(unique))


def _key_changes(table: Table, key: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    others = [name for name in table.columns if name not in key]
    for name in others:
        yield "CA", (*key, name)
    for at in range(len(key)):
        rest = (*key[:at], *key[at + 1 :])
        yield "CR", rest
        for name in others:
            yield "CE", (*key[:at], name, *key[at + 1 :])


def _checks(table: Table) -> Iterator[tuple[str, str, Table]]:
    for at, check in enumerate(table.checks):

        def with_check(*new: str, at: int = at) -> Table:
            return replace(table, checks=(*table.checks[:at], *new, *table.checks[at + 1 :]))

        yield "CC nulled", check, with_check()
        if listed := re.search(r" IN \((.*?)\)", check):
            values = listed[1].split(", ")
            for value in values:
                rest = [each for each in values if each != value]
                if rest:
                    changed = check.replace(listed[1], ", ".join(rest))
                    yield "CC in list", changed, with_check(changed)
        for found in re.finditer(r"(?<= )(<=|>=|<>|<|>|=)(?= )", check):
            for other in OPERATORS:
                if other != found[0]:
                    changed = f"{check[: found.start()]}{other}{check[found.end() :]}"
                    yield "CC operator", changed, with_check(changed)


def _foreign_keys(table: Table) -> Iterator[tuple[str, str, Table]]:
    for at, key in enumerate(table.foreign):
        for pair in range(len(key.columns)):
            columns = (*key.columns[:pair], *key.columns[pair + 1 :])
            referenced = (*key.referenced[:pair], *key.referenced[pair + 1 :])
            new = (replace(key, columns=columns, referenced=referenced),) if columns else ()
            foreign = (*table.foreign[:at], *new, *table.foreign[at + 1 :])
            yield "FKCPR", f"{key.columns} {columns}", replace(table, foreign=foreign)
            for other, kind in table.columns.items():
                if other not in key.columns and kind == table.columns[key.columns[pair]]:
                    exchanged = (*key.columns[:pair], other, *key.columns[pair + 1 :])
                    new_key = replace(key, columns=exchanged)
                    foreign = (*table.foreign[:at], new_key, *table.foreign[at + 1 :])
                    yield "FKCPE", f"{key.columns} {exchanged}", replace(table, foreign=foreign)


def _possible(schema: Schema) -> bool:
    """Whether each foreign key refers to exactly the columns of a key."""
    tables = {table.name: table for table in schema}
    return all(
        any(set(key.referenced) == set(each) for each in _keys(tables[key.target]))
        for table in schema
        for key in table.foreign
    )


def _keys(table: Table) -> list[tuple[str, ...]]:
    return [key for key in (table.primary, *table.unique) if key]


def _required(table: Table) -> frozenset[str]:
    return table.not_null | frozenset(table.primary)


def _equivalent(one: Table, other: Table) -> str | None:
    """Why two versions of a table accept the same rows; None where some row tells them apart.

    Keys: those that hold another key's columns add nothing, so only the minimal ones count.
    """
    same = replace(one, primary=(), unique=(), not_null=frozenset()) == replace(
        other, primary=(), unique=(), not_null=frozenset()
    )
    if same and _required(one) == _required(other) and _minimal(one) == _minimal(other):
        return "the minimal keys are the same, and so is what must not be null"
    return _equal_checks(one, other)


def _minimal(table: Table) -> set[frozenset[str]]:
    """Keys of which no part is a key; one that allows NULL covers less than one that does not."""
    keys = {frozenset(key) for key in _keys(table)}
    required = _required(table)
    return {
        key
        for key in keys
        if not any(other < key and other & required == other for other in keys)
        and not any(other < key and key - required <= other - required for other in keys)
    }


ARGUED = {
    "high - low >= step OR step < 1": "low < high, so high - low >= 1: a step of 1 always fits",
    "high - low >= step OR step <= 1": "step > 0, so that a step of at most 1 is 1",
}
"""Changed CHECKs that accept the same rows beside the other rules of their table, and why."""


def _equal_checks(one: Table, other: Table) -> str | None:
    changed = set(one.checks) ^ set(other.checks)
    return next((reason for check, reason in ARGUED.items() if check in changed), None)
