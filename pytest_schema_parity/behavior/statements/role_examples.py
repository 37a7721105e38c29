"""Generate what roles see and do: rows of two users, and one of these signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.statements.attempts import copy_of, identifying
from pytest_schema_parity.behavior.statements.builder import Builder
from pytest_schema_parity.behavior.statements.example import Example
from pytest_schema_parity.behavior.statements.fresh_values import fresh
from pytest_schema_parity.behavior.statements.generated_statement import (
    NULL,
    GeneratedStatement,
    delete,
    literal,
    update,
)
from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.behavior.statements.model import Model, Table
from pytest_schema_parity.behavior.statements.planned_rows import CannotBuildError, Wish, World
from pytest_schema_parity.behavior.statements.policy_values import (
    OfColumn,
    Policies,
    policies_of,
    wishes,
)
from pytest_schema_parity.behavior.statements.role_statements import signed_in, signed_out
from pytest_schema_parity.behavior.statements.solver import RowValues

USER: Final = "00000000-0000-4000-8000-00000000a001"
"""The id of the user who is signed in: a uuid, as which platforms read the claim ``sub``."""
OTHER: Final = "00000000-0000-4000-8000-00000000a002"
"""The id of the user who is not."""
DATABASES: Final = 40
"""How many small databases each table's policies are tried on at most."""
DIFFERING: Final = 160
"""How many, where the table or what it depends on is known to differ."""
CHANGED: Final = 8
"""In how many of them roles also give each column other values."""
FEW: Final = 6
"""How many other values these are of each column."""


RoleChange: TypeAlias = tuple[Sequence[GeneratedStatement], GeneratedStatement]
"""What the superuser runs before, and the statement of a role."""


class RoleExamples:
    """Makes the examples of each table that run as roles; ``made`` counts them."""

    def __init__(
        self,
        model: Model,
        builder: Builder,
        reads: Callable[[str], tuple[str, ...]],
        roles: Sequence[str],
        differs: Callable[[str], bool],
    ) -> None:
        self.model = model
        self.builder = builder
        self.reads = reads
        self.roles = roles
        self.differs = differs
        self.made = 0

    def all(self, order: Sequence[str]) -> Iterator[Example]:
        """The examples of all tables, what the roles see of each before what they do."""
        for name in order if self.roles else ():
            table = self.model.tables[name]
            policies = policies_of(self.model, table)
            most = DIFFERING if self.differs(name) else DATABASES
            built = list(islice(self._databases(table, policies), most))
            for statements in self._seen(table, built):
                yield self._example(table, "what a role sees", statements)
            for statements in self._done(table, policies, built, most):
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
        self,
        table: Table,
        policies: Policies,
        built: Sequence[tuple[World, list[RowValues]]],
        most: int,
    ) -> Iterator[list[GeneratedStatement]]:
        """INSERT a row of each user, UPDATE columns, DELETE; those without WHERE reach all rows."""
        for at, (world, rows) in enumerate(built):
            changes = [*self._inserted(table, policies, world, {})] if at < CHANGED else []
            changes += [(world.statements, each) for each in self._reaching_all(table)]
            if at < CHANGED:
                others = self._changed(table, policies, rows)
                changes += [(world.statements, each) for each in others]
            yield from self._by_roles(table, changes)
        world = built[0][0]
        for wish in islice(wishes(policies, [table.name]), 1, most):
            values = {column: value for (_, column), value in wish.items()}
            changes = [*self._inserted(table, policies, world, values)]
            changes.append((world.statements, update(table.name, values, {})))
            yield from self._by_roles(table, changes)

    def _by_roles(
        self, table: Table, changes: Sequence[RoleChange]
    ) -> Iterator[list[GeneratedStatement]]:
        for before, change in changes:
            for role in self.roles:
                after = signed_out(table.name)
                yield [*before, *signed_in(table.name, role, USER), change, after]

    def _inserted(
        self, table: Table, policies: Policies, world: World, values: RowValues
    ) -> Iterator[RoleChange]:
        """INSERTs of a row of each user with these values."""
        users = (USER,) if any(value == NULL for value in values.values()) else (USER, OTHER)
        for user in users:
            more = copy_of(world)
            fixed = {**self._owned(policies, table, user), **values}
            try:
                self.builder.add(more, table.name, Wish(fixed=fixed, new_parents=True))
            except CannotBuildError:
                continue
            yield more.statements[:-1], more.statements[-1]

    def _reaching_all(self, table: Table) -> Iterator[GeneratedStatement]:
        """DELETE and UPDATE of all rows that a role may reach."""
        yield delete(table.name, {})
        yield from (update(table.name, dict([each]), {}) for each in self._plain(table))

    def _changed(
        self, table: Table, policies: Policies, rows: Sequence[RowValues]
    ) -> Iterator[GeneratedStatement]:
        """UPDATE of each column that the policies mention, and all of these of one row."""
        where = identifying(table, rows[0]) if rows else {}
        for column, value in self._assigned(policies, table):
            yield update(table.name, {column: value}, {})
        if where:
            yield delete(table.name, where)
            for column, value in (*self._plain(table), *self._assigned(policies, table)):
                yield update(table.name, {column: value}, where)

    def _plain(self, table: Table) -> Iterator[tuple[str, str]]:
        """A column that no key is about, and the value that UPDATE gives it."""
        keyed = {c for key in table.keys for c in key.columns}
        keyed |= {c for key in table.foreign_keys for c in key.columns}
        keyed |= {c.name for c in table.columns if c.generated}
        named = {c for text in table.policies for c in table.by_name if mentions(text, c)}
        plain = [c for c in table.columns if c.name not in keyed]
        for column in sorted(plain, key=lambda each: each.name in named)[:1]:
            yield column.name, fresh(column.type, 70, column.name)

    def _assigned(self, policies: Policies, table: Table) -> Iterator[tuple[str, str]]:
        """The columns that policies mention, and the values that UPDATE gives them."""
        for name, column in policies.owners:
            if name == table.name:
                yield column, literal(OTHER)
        for (name, column), values in policies.pools.items():
            if name == table.name:
                yield from ((column, value) for value in values[:FEW])

    def _databases(
        self, table: Table, policies: Policies
    ) -> Iterator[tuple[World, list[RowValues]]]:
        """A row of each user, and rows of the tables that policies read; other values in each."""
        names = [table.name, *(each.name for each in policies.related)]
        for wish in wishes(policies, names):
            for owner in (None, *(each for each in policies.owners if each[0] == table.name)):
                yield self._database(table, policies, wish, owner)
                if wish:
                    break

    def _database(
        self,
        table: Table,
        policies: Policies,
        wish: Mapping[OfColumn, str],
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
                given |= {c: v for (name, c), v in wish.items() if name == each.name}
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


def _is_there(world: World, table: Table, given: RowValues) -> bool:
    """Whether a row has the key that another one would have."""
    held = identifying(table, given)
    is_whole = table.primary is not None and len(held) == len(table.primary.indexed)
    return is_whole and world.find(table.name, held) is not None
