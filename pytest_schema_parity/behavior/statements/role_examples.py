"""Generate examples that run as roles: on rows of two users, one of whom is signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.statements.attempts import copy_of, identifying
from pytest_schema_parity.behavior.statements.boundaries import TableColumn
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
from pytest_schema_parity.behavior.statements.planned_rows import (
    CannotBuildError,
    PlannedRows,
    Wish,
)
from pytest_schema_parity.behavior.statements.policy_values import (
    Policies,
    policies_of,
    wishes,
)
from pytest_schema_parity.behavior.statements.role_statements import signed_in, signed_out
from pytest_schema_parity.behavior.statements.solver import RowValues

USER: Final = "00000000-0000-4000-8000-00000000a001"
"""The id of the user who is signed in: a uuid, as platforms cast the claim ``sub`` to uuid."""
OTHER: Final = "00000000-0000-4000-8000-00000000a002"
"""The id of the other user."""
MAX_DATABASES: Final = 40
"""How many sets of rows the policies of a table are tried on."""
MAX_DATABASES_IF_DIFFERENT: Final = 160
"""How many, if the table differs."""
CHANGED_DATABASES: Final = 8
"""For how many of these, roles also change the columns in policies."""
VALUES_PER_COLUMN: Final = 6
"""How many values of each column are tried then."""


RoleChange: TypeAlias = tuple[Sequence[GeneratedStatement], GeneratedStatement]
"""The statements that the superuser runs first, and the statement of a role."""


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
        """The examples of all tables in this order: the roles read each, then write to it."""
        for name in order if self.roles else ():
            table = self.model.tables[name]
            policies = policies_of(self.model, table)
            most = MAX_DATABASES_IF_DIFFERENT if self.differs(name) else MAX_DATABASES
            built = list(islice(self._databases(table, policies), most))
            for statements in self._role_reads(table, built):
                yield self._example(table, "what a role sees", statements)
            for statements in self._role_writes(table, policies, built, most):
                yield self._example(table, "what a role does", statements)

    def _example(
        self, table: Table, probe: str, statements: Sequence[GeneratedStatement]
    ) -> Example:
        self.made += 1
        return Example(table.name, probe, tuple(statements), self.reads(table.name))

    def _role_reads(
        self, table: Table, built: Sequence[tuple[PlannedRows, list[RowValues]]]
    ) -> Iterator[list[GeneratedStatement]]:
        for planned, _ in built:
            for role, user in product(self.roles, (USER, "")):
                yield [*planned.statements, *signed_in(table.name, role, user)]

    def _role_writes(
        self,
        table: Table,
        policies: Policies,
        built: Sequence[tuple[PlannedRows, list[RowValues]]],
        most: int,
    ) -> Iterator[list[GeneratedStatement]]:
        """INSERT a row of each user, UPDATE columns, DELETE; those without WHERE reach all rows."""
        for at, (planned, rows) in enumerate(built):
            changes = (
                [*self._inserts(table, policies, planned, {})] if at < CHANGED_DATABASES else []
            )
            changes += [(planned.statements, each) for each in self._writes_without_where(table)]
            if at < CHANGED_DATABASES:
                others = self._updates(table, policies, rows)
                changes += [(planned.statements, each) for each in others]
            yield from self._by_roles(table, changes)
        planned = built[0][0]
        for wish in islice(wishes(policies, [table.name]), 1, most):
            values = {column: value for (_, column), value in wish.items()}
            changes = [*self._inserts(table, policies, planned, values)]
            changes.append((planned.statements, update(table.name, values, {})))
            yield from self._by_roles(table, changes)

    def _by_roles(
        self, table: Table, changes: Sequence[RoleChange]
    ) -> Iterator[list[GeneratedStatement]]:
        for before, change in changes:
            for role in self.roles:
                after = signed_out(table.name)
                yield [*before, *signed_in(table.name, role, USER), change, after]

    def _inserts(
        self, table: Table, policies: Policies, planned: PlannedRows, values: RowValues
    ) -> Iterator[RoleChange]:
        """INSERTs of a row of each user with these values."""
        users = (USER,) if any(value == NULL for value in values.values()) else (USER, OTHER)
        for user in users:
            more = copy_of(planned)
            fixed = {**self._owner_values(policies, table, user), **values}
            try:
                self.builder.add(more, table.name, Wish(fixed=fixed, new_parents=True))
            except CannotBuildError:
                continue
            yield more.statements[:-1], more.statements[-1]

    def _writes_without_where(self, table: Table) -> Iterator[GeneratedStatement]:
        """DELETE and UPDATE without WHERE, as a role."""
        yield delete(table.name, {})
        yield from (
            update(table.name, dict([each]), {}) for each in self._column_without_keys(table)
        )

    def _updates(
        self, table: Table, policies: Policies, rows: Sequence[RowValues]
    ) -> Iterator[GeneratedStatement]:
        """UPDATE of each column in policies, without WHERE; DELETE and UPDATE of one row."""
        where = identifying(table, rows[0]) if rows else {}
        for column, value in self._values_to_assign(policies, table):
            yield update(table.name, {column: value}, {})
        if where:
            yield delete(table.name, where)
            for column, value in (
                *self._column_without_keys(table),
                *self._values_to_assign(policies, table),
            ):
                yield update(table.name, {column: value}, where)

    def _column_without_keys(self, table: Table) -> Iterator[tuple[str, str]]:
        """A column in no key, if there is one, and its new value."""
        keyed = {c for key in table.keys for c in key.columns}
        keyed |= {c for key in table.foreign_keys for c in key.columns}
        keyed |= {c.name for c in table.columns if c.generated}
        named = {c for text in table.policies for c in table.by_name if mentions(text, c)}
        plain = [c for c in table.columns if c.name not in keyed]
        for column in sorted(plain, key=lambda each: each.name in named)[:1]:
            yield column.name, fresh(column.type, 70, column.name)

    def _values_to_assign(self, policies: Policies, table: Table) -> Iterator[tuple[str, str]]:
        """The columns that policies mention, and their new values."""
        for name, column in policies.owners:
            if name == table.name:
                yield column, literal(OTHER)
        for (name, column), values in policies.pools.items():
            if name == table.name:
                yield from ((column, value) for value in values[:VALUES_PER_COLUMN])

    def _databases(
        self, table: Table, policies: Policies
    ) -> Iterator[tuple[PlannedRows, list[RowValues]]]:
        """Sets of rows: one of each user, in the table and those that its policies read."""
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
        wish: Mapping[TableColumn, str],
        owner: TableColumn | None,
    ) -> tuple[PlannedRows, list[RowValues]]:
        """One set of rows; with ``owner`` only this column of the table has the signed-in user."""
        planned = PlannedRows()
        rows: list[RowValues] = []
        for each in (*policies.related, table):
            for user in (USER, OTHER):
                given = self._owner_values(policies, each, user)
                if owner and user == USER and each is table:
                    given = {
                        c: v if (each.name, c) == owner else literal(OTHER)
                        for c, v in given.items()
                    }
                given |= {c: v for (name, c), v in wish.items() if name == each.name}
                if _key_is_taken(planned, each, given):
                    continue
                try:
                    row = self.builder.add(planned, each.name, Wish(fixed=given))
                except CannotBuildError:
                    continue
                if each is table:
                    rows.append(row)
        return planned, rows

    def _owner_values(self, policies: Policies, table: Table, user: str) -> RowValues:
        return {column: literal(user) for name, column in policies.owners if name == table.name}


def _key_is_taken(planned: PlannedRows, table: Table, given: RowValues) -> bool:
    """Whether a planned row has the primary key of a row with these values."""
    held = identifying(table, given)
    is_whole = table.primary is not None and len(held) == len(table.primary.indexed)
    return is_whole and planned.find(table.name, held) is not None
