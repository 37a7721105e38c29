"""Values of the columns that policies mention: one condition at a time holds, and does not hold."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.statements.boundaries import parents_first
from pytest_schema_parity.behavior.statements.candidates import candidates
from pytest_schema_parity.behavior.statements.fresh_values import LENGTH
from pytest_schema_parity.behavior.statements.generated_statement import NULL, literal
from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.behavior.statements.model import Column, Model, Table
from pytest_schema_parity.behavior.statements.sql_constants import Literals, mine_all
from pytest_schema_parity.behavior.statements.table_literals import called

POOL: Final = 16
"""How many values of a column that policies compare are tried, beside all labels of an enum."""
CORE: Final = 4
"""With how many values of a column those of the other columns are tried."""
COMBINED: Final = 200
"""How many combinations of such values are considered."""
UUID: Final = 36
"""How many characters an id of a user has."""
AROUND: Final = ("now() - interval '1 day'", "now() + interval '1 day'")

OfColumn: TypeAlias = tuple[str, str]
"""A table and its column."""


@dataclass(frozen=True, slots=True)
class Policies:
    """What the policies of a table are about, with the functions that they call.

    ``related`` are the other tables that they read; ``owners`` the columns that may hold the id of
    a user; ``pools`` the values to try of the other columns, and NULL for owners that may be NULL;
    ``cores`` those of these values that the policies themselves compare.
    """

    related: tuple[Table, ...]
    owners: tuple[OfColumn, ...]
    pools: Mapping[OfColumn, list[str]]
    cores: Mapping[OfColumn, list[str]]


def related_tables(model: Model, table: Table, texts: Sequence[str]) -> list[Table]:
    """The other tables that are mentioned in the text of a table's policies."""
    return [
        other
        for other in model.tables.values()
        if other is not table
        and any(mentions(text, other.name.rpartition(".")[2]) for text in texts)
    ]


def policy_texts(model: Model, relation: str) -> list[str]:
    """The policies of a table, or of the tables of a view, with the functions that they call."""
    view = model.views.get(relation)
    names = view.tables if view else (relation,)
    policies = [p for name in names if name in model.tables for p in model.tables[name].policies]
    return list(dict.fromkeys(text for policy in policies for text in called(model, policy)))


def policies_of(model: Model, table: Table) -> Policies:
    """What the policies of both sides are about."""
    texts = policy_texts(model, table.name)
    literals = mine_all(texts)
    related = related_tables(model, table, texts)
    owners: list[OfColumn] = []
    pools: dict[OfColumn, list[str]] = {}
    cores: dict[OfColumn, list[str]] = {}
    for each in (table, *related):
        checked = mine_all(check.expression for check in each.checks)
        for column in each.columns:
            if column.generated or not any(mentions(text, column.name) for text in texts):
                continue
            place = each.name, column.name
            is_compared = column.name in literals.compared or column.name in checked.compared
            if _may_hold_an_id(column) and not is_compared:
                owners.append(place)
                if not column.not_null:
                    pools[place] = [NULL]
            elif values := _compared(column, literals, checked):
                cores[place] = _core(column, values, literals)
                pools[place] = values if column.not_null else [*values, NULL]
    return Policies(tuple(parents_first(model, related)), tuple(owners), pools, cores)


def wishes(policies: Policies, tables: Sequence[str]) -> Iterator[dict[OfColumn, str]]:
    """Nothing; each value by itself; then each value beside those that the policies compare.

    Where a policy has several conditions, all others hold in some of the last ones.
    """
    pools = {place: pool for place, pool in policies.pools.items() if place[0] in tables}
    cores = {place: core for place, core in policies.cores.items() if place[0] in tables}
    combined = list(islice(product(*cores.values()), COMBINED))
    random.Random(0).shuffle(combined)  # noqa: S311 - the first ones are tried, and are a sample
    seen: set[frozenset[tuple[OfColumn, str]]] = set()
    for values in ((), *combined):
        others = dict(zip(cores, values, strict=False))
        found = [others]
        found += [{**others, place: v} for place, pool in pools.items() for v in pool]
        for each in found:
            if (key := frozenset(each.items())) not in seen:
                seen.add(key)
                yield each


def _may_hold_an_id(column: Column) -> bool:
    """Whether a column of both sides has room for a uuid."""
    for kind in column.types:
        found = LENGTH.match(kind.name)
        wide = found and "char" in found[1] and int(found[2] or UUID) >= UUID
        if kind.name not in ("uuid", "text") and not wide:
            return False
    return True


def _compared(column: Column, literals: Literals, checked: Literals) -> list[str]:
    """The values of a column that policies may tell apart, and those that its CHECKs allow."""
    mine = [*checked.compared.get(column.name, ())]
    if column.type.category not in "BESND" and column.name not in literals.compared and not mine:
        return []
    found = candidates(column, literals)
    if column.type.category not in "BE":
        found = found[: POOL - len(mine)]
        found += [each for each in candidates(column, literals, more=mine) if each not in found]
        found = found[:POOL]
    if column.type.category == "D" and not column.type.name.startswith("time "):
        found += AROUND
    return list(dict.fromkeys(found))


def _core(column: Column, values: Sequence[str], literals: Literals) -> list[str]:
    """The values that the policies compare; where these are not known, some of all."""
    constants = {literal(text) for text in literals.strings}
    chosen = [value for value in values if value in constants]
    if column.type.category == "D":
        chosen = [*chosen[:1], *AROUND]
    return (chosen or list(values))[:CORE]
