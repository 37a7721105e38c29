"""Collect the constants in the rules of a table, and in triggers and views of it."""

from __future__ import annotations

from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.behavior.statements.model import Model, Table
from pytest_schema_parity.behavior.statements.sql_constants import Literals, constants_of_all


def literals_of(model: Model, table: Table) -> Literals:
    """The constants in the rules, triggers and views of a table, of both sides."""
    texts = [*table.texts]
    texts += [check.expression for check in table.checks]
    texts += [text for key in table.keys for text in (key.predicate, key.exclusion) if text]
    texts += [text for column in table.columns for text in column.defaults if text]
    for trigger in table.triggers:
        texts += [trigger.definition, *reachable_bodies(model, trigger.body)]
    for view in model.views.values():
        if table.name in view.tables:
            texts += view.definitions
    return constants_of_all(dict.fromkeys(texts))


def reachable_bodies(model: Model, body: str) -> list[str]:
    """A body, and those of the functions that it mentions, also through others."""
    bodies = {body: None}
    waiting = [body]
    while waiting:
        text = waiting.pop()
        for functions in model.functions:
            for name, other in functions.items():
                if other not in bodies and mentions(text, name):
                    bodies[other] = None
                    waiting.append(other)
    return list(bodies)
