"""The constants that have to do with a table."""

from __future__ import annotations

from pytest_schema_parity.behavior.statements.mentions import mentions
from pytest_schema_parity.behavior.statements.model import Model, Table
from pytest_schema_parity.behavior.statements.sql_constants import Literals, mine_all


def literals_of(model: Model, table: Table) -> Literals:
    """The constants of both sides that have to do with a table."""
    texts = [*table.texts]
    texts += [check.expression for check in table.checks]
    texts += [text for key in table.keys for text in (key.predicate, key.exclusion) if text]
    texts += [text for column in table.columns for text in column.defaults if text]
    for trigger in table.triggers:
        texts += [trigger.definition, *called(model, trigger.body)]
    for view in model.views.values():
        if table.name in view.tables:
            texts += view.definitions
    return mine_all(dict.fromkeys(texts))


def called(model: Model, body: str) -> list[str]:
    """A function's body, and those of the functions that it names."""
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
