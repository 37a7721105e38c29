"""Choose values of the columns that policies mention, so that each condition holds and fails."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

from pytest_schema_parity.behavior.statements.boundaries import TableColumn, parents_first
from pytest_schema_parity.behavior.statements.candidates import candidates
from pytest_schema_parity.behavior.statements.fresh_values import LENGTH
from pytest_schema_parity.behavior.statements.generated_statement import NULL, literal
from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.behavior.statements.model import Column, Model, Table
from pytest_schema_parity.behavior.statements.sql_constants import Literals, constants_of_all
from pytest_schema_parity.behavior.statements.table_literals import reachable_bodies

MAX_VALUES: Final = 16
"""How many values of a column in policies are tried, except the labels of an enum."""
MAX_COMPARED_VALUES: Final = 4
"""How many values of each column are combined with those of the other columns."""
MAX_COMBINATIONS: Final = 200
"""How many combinations of such values are generated."""
UUID_LENGTH: Final = 36
"""The length of the text of a uuid."""
NEARBY_TIMES: Final = ("now() - interval '1 day'", "now() + interval '1 day'")


@dataclass(frozen=True, slots=True)
class Policies:
    """The tables and columns that the policies of a table, and functions in these, depend on.

    ``related`` are the other tables that they read; ``owners`` the columns that may hold the id of
    a user; ``pools`` the values to try of the other columns, and NULL for owners that may be NULL;
    ``compared_values`` those of these values that the policies themselves compare.
    """

    related: tuple[Table, ...]
    owners: tuple[TableColumn, ...]
    pools: Mapping[TableColumn, list[str]]
    compared_values: Mapping[TableColumn, list[str]]


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
    return list(
        dict.fromkeys(text for policy in policies for text in reachable_bodies(model, policy))
    )


def policies_of(model: Model, table: Table) -> Policies:
    """The tables and columns that the policies of both sides depend on."""
    texts = policy_texts(model, table.name)
    literals = constants_of_all(texts)
    related = related_tables(model, table, texts)
    owners: list[TableColumn] = []
    pools: dict[TableColumn, list[str]] = {}
    compared_values: dict[TableColumn, list[str]] = {}
    for each in (table, *related):
        checked = constants_of_all(check.expression for check in each.checks)
        for column in each.columns:
            if column.generated or not any(mentions(text, column.name) for text in texts):
                continue
            place = each.name, column.name
            is_compared = column.name in literals.compared or column.name in checked.compared
            if _may_hold_an_id(column) and not is_compared:
                owners.append(place)
                if not column.not_null:
                    pools[place] = [NULL]
            elif values := _values_to_try(column, literals, checked):
                compared_values[place] = _compared_values(column, values, literals)
                pools[place] = values if column.not_null else [*values, NULL]
    return Policies(tuple(parents_first(model, related)), tuple(owners), pools, compared_values)


def wishes(policies: Policies, tables: Sequence[str]) -> Iterator[dict[TableColumn, str]]:
    """No value; each value alone; then each value with combinations of compared values.

    If a policy has several conditions, all others hold for some of these combinations.
    """
    pools = {place: pool for place, pool in policies.pools.items() if place[0] in tables}
    compared_values = {
        place: values_of_column
        for place, values_of_column in policies.compared_values.items()
        if place[0] in tables
    }
    combined = list(islice(product(*compared_values.values()), MAX_COMBINATIONS))
    random.Random(0).shuffle(combined)  # noqa: S311 - the first ones are tried, and are a sample
    seen: set[frozenset[tuple[TableColumn, str]]] = set()
    for values in ((), *combined):
        others = dict(zip(compared_values, values, strict=False))
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
        wide = found and "char" in found[1] and int(found[2] or UUID_LENGTH) >= UUID_LENGTH
        if kind.name not in ("uuid", "text") and not wide:
            return False
    return True


def _values_to_try(column: Column, literals: Literals, checked: Literals) -> list[str]:
    """The values of a column between which policies may differ, and those in its CHECKs."""
    allowed = [*checked.compared.get(column.name, ())]
    if column.type.category not in "BESND" and column.name not in literals.compared and not allowed:
        return []
    found = candidates(column, literals)
    if column.type.category not in "BE":
        found = found[: MAX_VALUES - len(allowed)]
        found += [each for each in candidates(column, literals, more=allowed) if each not in found]
        found = found[:MAX_VALUES]
    if column.type.category == "D" and not column.type.name.startswith("time "):
        found += NEARBY_TIMES
    return list(dict.fromkeys(found))


def _compared_values(column: Column, values: Sequence[str], literals: Literals) -> list[str]:
    """The values that the policies compare with; if these are unknown, the first ones."""
    constants = {literal(text) for text in literals.strings}
    chosen = [value for value in values if value in constants]
    if column.type.category == "D":
        chosen = [*chosen[:1], *NEARBY_TIMES]
    return (chosen or list(values))[:MAX_COMPARED_VALUES]
