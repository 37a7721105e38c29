"""One generated statement, kept as its parts so that it can be shrunk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal, TypeAlias

Assigned: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of a column and an SQL expression, both as SQL writes them."""

NULL = "NULL"
NAME: Final = re.compile(r'"(?:[^"]|"")*"|\w+')


@dataclass(frozen=True, kw_only=True)
class GeneratedStatement:
    """An INSERT, UPDATE, DELETE or TRUNCATE of one table, or other SQL in ``text``.

    A ``call`` calls the routine ``table`` by its SQL name ``text`` with ``values``.
    A ``role`` is SET ROLE, RESET ROLE or the claims of a user, in an example about a ``table``.

    ``values`` are inserted or set; ``where`` selects the rows that have these values.
    ``suffix`` is appended (``ON CONFLICT …``); ``overriding`` sets identity columns by value.
    ``along`` are INSERTs in the same statement, by ``WITH``.
    """

    kind: Literal["insert", "update", "delete", "truncate", "role", "call", "other"]
    table: str
    values: Assigned = ()
    where: Assigned = ()
    suffix: str = ""
    overriding: bool = False
    text: str = ""
    along: tuple[GeneratedStatement, ...] = ()

    @cached_property
    def sql(self) -> str:
        """The statement as it can be pasted into psql, without its semicolon."""
        match self.kind:
            case "insert":
                return self._insert()
            case "update":
                assigned = ", ".join(f"{column} = {value}" for column, value in self.values)
                return f"UPDATE {self.table} SET {assigned}{self._where()}"  # noqa: S608
            case "delete":
                return f"DELETE FROM {self.table}{self._where()}"  # noqa: S608
            case "call":
                return f"{self.text}({', '.join(value for _, value in self.values)})"
            case "truncate":
                return f"TRUNCATE {self.table}{self.suffix}"
            case _:
                return self.text

    def without(self, columns: frozenset[str]) -> GeneratedStatement:
        """The statement without the values of some columns."""
        return replace(self, values=tuple(pair for pair in self.values if pair[0] not in columns))

    def in_names(self, renamed: Mapping[str, Mapping[str, str]]) -> GeneratedStatement:
        """The statement with the candidate's names of columns that are ``renamed`` there."""
        names = renamed.get(self.table, {})
        along = tuple(each.in_names(renamed) for each in self.along)
        if not names and along == self.along:
            return self
        values = tuple((names.get(column, column), value) for column, value in self.values)
        where = tuple((names.get(column, column), value) for column, value in self.where)
        suffix = NAME.sub(lambda found: names.get(found[0], found[0]), self.suffix)
        return replace(self, values=values, where=where, suffix=suffix, along=along)

    def _insert(self) -> str:
        overriding = " OVERRIDING SYSTEM VALUE" if self.overriding else ""
        parts = [f"inserted{at} AS ({each.sql})" for at, each in enumerate(self.along, 1)]
        before = f"WITH {', '.join(parts)} " if parts else ""
        if not self.values:
            return f"{before}INSERT INTO {self.table}{overriding} DEFAULT VALUES{self.suffix}"
        columns = ", ".join(column for column, _ in self.values)
        values = ", ".join(value for _, value in self.values)
        head = f"{before}INSERT INTO {self.table} ({columns}){overriding}"
        return f"{head} VALUES ({values}){self.suffix}"

    def _where(self) -> str:
        if not self.where:
            return ""
        conditions = [
            f"{column} IS NULL" if value == NULL else f"{column} = {value}"
            for column, value in self.where
        ]
        return f" WHERE {' AND '.join(conditions)}"


def insert(table: str, values: dict[str, str], *, overriding: bool = False) -> GeneratedStatement:
    """An INSERT of these values."""
    return GeneratedStatement(
        kind="insert", table=table, values=tuple(values.items()), overriding=overriding
    )


def update(table: str, values: dict[str, str], where: dict[str, str]) -> GeneratedStatement:
    """An UPDATE of the rows that equal ``where``."""
    return GeneratedStatement(
        kind="update", table=table, values=tuple(values.items()), where=tuple(where.items())
    )


def delete(table: str, where: dict[str, str]) -> GeneratedStatement:
    """A DELETE of the rows that equal ``where``."""
    return GeneratedStatement(kind="delete", table=table, where=tuple(where.items()))


def literal(text: str) -> str:
    """An SQL string constant; backslashes are ordinary characters."""
    return "'" + text.replace("'", "''") + "'"
