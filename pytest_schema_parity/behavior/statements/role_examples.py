"""Generate what roles see and do: rows of two users, and one of these signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.statements.attempts import copy_of, identifying
from pytest_schema_parity.behavior.statements.boundaries import parents_first
from pytest_schema_parity.behavior.statements.builder import Builder
from pytest_schema_parity.behavior.statements.candidates import candidates
from pytest_schema_parity.behavior.statements.example import Example
from pytest_schema_parity.behavior.statements.literals import Literals, mine_all
from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.behavior.statements.model import Column, Model, Table
from pytest_schema_parity.behavior.statements.roles import signed_in, signed_out
from pytest_schema_parity.behavior.statements.solver import RowValues
from pytest_schema_parity.behavior.statements.statement import (
    GeneratedStatement,
    delete,
    literal,
    update,
)
from pytest_schema_parity.behavior.statements.table_literals import called
from pytest_schema_parity.behavior.statements.values import LENGTH, fresh
from pytest_schema_parity.behavior.statements.world import CannotBuildError, Wish, World

USER: Final = "00000000-0000-4000-8000-00000000a001"
"""The id of the user who is signed in: a uuid, as which platforms read the claim ``sub``."""
OTHER: Final = "00000000-0000-4000-8000-00000000a002"
"""The id of the user who is not."""
DATABASES: Final = 40
"""How many small databases each table's policies are tried on at most."""
CHANGED: Final = 8
"""In how many of them roles also change rows."""
POOL: Final = 6
"""How many values of a column that policies compare are tried."""

OfColumn: TypeAlias = tuple[str, str]
"""A table and its column."""


@dataclass(frozen=True, slots=True)
class Policies:
    """What the policies of a table are about, with the functions that they call.

    ``related`` are the other tables that they read; ``owners`` the columns that may hold the id of
    a user; ``pools`` the values to try of the other columns.
    """

    related: tuple[Table, ...]
    owners: tuple[OfColumn, ...]
    pools: Mapping[OfColumn, list[str]]


class RoleExamples:
    """Makes the examples of each table that run as roles; ``made`` counts them."""

    def __init__(
        self,
        model: Model,
        builder: Builder,
        reads: Callable[[str], tuple[str, ...]],
        roles: Sequence[str],
    ) -> None:
        self.model = model
        self.builder = builder
        self.reads = reads
        self.roles = roles
        self.made = 0

    def all(self, order: Sequence[str]) -> Iterator[Example]:
        """The examples of all tables, what the roles see of each before what they do."""
        for name in order if self.roles else ():
            table = self.model.tables[name]
            policies = policies_of(self.model, table)
            built = list(islice(self._databases(table, policies), DATABASES))
            for statements in self._seen(table, built):
                yield self._example(table, "what a role sees", statements)
            for world, rows in built[:CHANGED]:
                for statements in self._done(table, policies, world, rows):
                    yield self._example(table, "what a role does", statements)

    def _example(
        self, table: Table, probe: str, statements: Sequence[GeneratedStatement]
    ) -> Example:
        self.made += 1
        return Example(table.name, probe, tuple(statements), self.reads(table.name))

    def _seen(
        self, table: Table, built: Sequence[tuple[World, list[RowValues]]]
    ) -> Iterator[list[GeneratedStatement]]:
        for world, _ in built:
            for role, user in product(self.roles, (USER, "")):
                yield [*world.statements, *signed_in(table.name, role, user)]

    def _done(
        self, table: Table, policies: Policies, world: World, rows: Sequence[RowValues]
    ) -> Iterator[list[GeneratedStatement]]:
        """INSERT a row of each user, UPDATE columns, DELETE; those without WHERE reach all rows."""
        changes: list[tuple[Sequence[GeneratedStatement], GeneratedStatement]] = []
        for user in (USER, OTHER):
            more = copy_of(world)
            fixed = self._owned(policies, table, user)
            try:
                self.builder.add(more, table.name, Wish(fixed=fixed, new_parents=True))
            except CannotBuildError:
                continue
            changes.append((more.statements[:-1], more.statements[-1]))
        where = identifying(table, rows[0]) if rows else {}
        for each in ({}, where) if where else ({},):
            changes += [(world.statements, delete(table.name, each))]
            for column, value in self._assigned(policies, table):
                changes += [(world.statements, update(table.name, {column: value}, each))]
        for before, change in changes:
            for role in self.roles:
                after = signed_out(table.name)
                yield [*before, *signed_in(table.name, role, USER), change, after]

    def _assigned(self, policies: Policies, table: Table) -> Iterator[tuple[str, str]]:
        """Columns and the values that UPDATE gives them: one plain column, those of policies."""
        keyed = {c for key in table.keys for c in key.columns}
        keyed |= {c for key in table.foreign_keys for c in key.columns}
        owners = [column for name, column in policies.owners if name == table.name]
        plain = [c for c in table.columns if c.name not in (*keyed, *owners) and not c.generated]
        yield from ((c.name, fresh(c.type, 70, c.name)) for c in plain[:1])
        yield from ((column, literal(OTHER)) for column in owners)
        for (name, column), values in policies.pools.items():
            if name == table.name:
                yield from ((column, value) for value in values)

    def _databases(
        self, table: Table, policies: Policies
    ) -> Iterator[tuple[World, list[RowValues]]]:
        """A row of each user, and rows of the tables that policies read; other values in each."""
        for wishes in _wishes(policies.pools):
            for owner in (None, *(each for each in policies.owners if each[0] == table.name)):
                yield self._database(table, policies, wishes, owner)
                if wishes:
                    break

    def _database(
        self,
        table: Table,
        policies: Policies,
        wishes: Mapping[OfColumn, str],
        owner: OfColumn | None,
    ) -> tuple[World, list[RowValues]]:
        """One such database; of several columns for a user, ``owner`` alone has the signed-in."""
        world = World()
        rows: list[RowValues] = []
        for each in (*policies.related, table):
            for user in (USER, OTHER):
                given = self._owned(policies, each, user)
                if owner and user == USER and each is table:
                    given = {
                        c: v if (each.name, c) == owner else literal(OTHER)
                        for c, v in given.items()
                    }
                given |= {c: v for (name, c), v in wishes.items() if name == each.name}
                if _is_there(world, each, given):
                    continue
                try:
                    row = self.builder.add(world, each.name, Wish(fixed=given))
                except CannotBuildError:
                    continue
                if each is table:
                    rows.append(row)
        return world, rows

    def _owned(self, policies: Policies, table: Table, user: str) -> RowValues:
        return {column: literal(user) for name, column in policies.owners if name == table.name}


def policies_of(model: Model, table: Table) -> Policies:
    """What the policies of both sides are about."""
    texts = [text for policy in table.policies for text in called(model, policy)]
    literals = mine_all(texts)
    related = [
        other
        for other in model.tables.values()
        if other is not table
        and any(mentions(text, other.name.rpartition(".")[2]) for text in texts)
    ]
    owners: list[OfColumn] = []
    pools: dict[OfColumn, list[str]] = {}
    for each in (table, *related):
        for column in each.columns:
            if column.generated or not any(mentions(text, column.name) for text in texts):
                continue
            if _may_hold_an_id(column) and column.name not in literals.compared:
                owners.append((each.name, column.name))
            elif values := _compared(column, literals):
                pools[each.name, column.name] = values
    return Policies(tuple(parents_first(model, related)), tuple(owners), pools)


def _is_there(world: World, table: Table, given: RowValues) -> bool:
    """Whether a row has the key that another one would have."""
    held = identifying(table, given)
    is_whole = table.primary is not None and len(held) == len(table.primary.indexed)
    return is_whole and world.find(table.name, held) is not None


def _may_hold_an_id(column: Column) -> bool:
    """Whether a column of both sides has room for a uuid."""
    for kind in column.types:
        found = LENGTH.match(kind.name)
        wide = found and "char" in found[1] and int(found[2] or len(USER)) >= len(USER)
        if kind.name not in ("uuid", "text") and not wide:
            return False
    return True


def _compared(column: Column, literals: Literals) -> list[str]:
    """The values of a column that policies may tell apart."""
    if column.type.category not in "BESND" and column.name not in literals.compared:
        return []
    return candidates(column, literals)[:POOL]


def _wishes(pools: Mapping[OfColumn, list[str]]) -> Iterator[dict[OfColumn, str]]:
    """Nothing; each value by itself; then all columns together, the last ones changing first."""
    yield {}
    for place, values in pools.items():
        yield from ({place: value} for value in values)
    if len(pools) > 1:
        yield from (dict(zip(pools, chosen, strict=True)) for chosen in product(*pools.values()))
