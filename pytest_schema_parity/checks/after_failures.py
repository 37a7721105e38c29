"""Find the failed statement that may have caused a difference."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.migrations.without_effect import Lost, names_in
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Fact, Place, Schema
from pytest_schema_parity.schema.names import name_tokens

_PRIVILEGE: Final = re.compile(r"(?:ON [A-Z ]+ )?(?P<object>.*?)(?:\(.*\))? TO (?P<to>.*)")
Side: TypeAlias = "tuple[Schema, Sequence[Failure]]"
"""The schema of a tree, and its failures."""

_PUBLIC: Final = "PUBLIC"
_ANY_OBJECT: Final = frozenset({"", "call", "do", "select", "with"})
"""Commands that may change any object."""
_CREATED_BY: Final = {
    "composite type": {"type"},
    "constraint": {"domain", "index", "table"},
    "domain": {"domain"},
    "enum": {"type"},
    "function": {"function", "routine"},
    "index": {"index", "table"},
    "materialized view": {"view"},
    "policy": {"policy"},
    "procedure": {"procedure", "routine"},
    "rule": {"rule"},
    "sequence": {"sequence", "table"},
    "table": {"table"},
    "trigger": {"table", "trigger"},
    "view": {"view"},
}
"""By kind: the objects of CREATE and ALTER statements that can create or change such a fact."""


def causing_failure(difference: Difference, sides: Sequence[Side]) -> Place | None:
    """The first failed statement that may have caused a difference, or None.

    It may if a statement that was lost with it names the fact: a table by its name, a column by its
    own and its table's, a constraint by its own name or by those of its table and columns.
    ``sides`` are the reference and the tree.
    """
    facts = [(schema, fact) for schema, _ in sides if (fact := schema.get(difference.key))]
    wanted = [names for schema, fact in facts for names in _identifying_names(fact, schema)]
    above = {fact.parent[0] for _, fact in facts if fact.parent}
    for (_, failures), unmatched in zip(sides, ("missing", "extra"), strict=True):
        is_there = difference.change == unmatched and not any("view" in kind for kind in above)
        for failure in failures:
            for statement in failure.lost:
                makes = _can_make(statement, difference, above, is_there=is_there)
                if makes and any(names <= statement.names for names in wanted):
                    return Place(failure.file, failure.line)
    return None


def _can_make(statement: Lost, difference: Difference, above: set[str], *, is_there: bool) -> bool:
    """Whether a statement of this command can cause a difference of this kind.

    ``is_there``: the fact exists without the statement, so a CREATE is not the cause.
    """
    command, kind = statement.command, difference.kind
    if command in _ANY_OBJECT:
        return True
    if command == "comment":
        return "comment" in (difference.attribute or "")
    if command in ("grant", "revoke") or "privilege" in kind:
        return command in ("alter", "grant", "revoke") and "privilege" in kind
    if is_there and command == "create":
        return False
    created_by = (
        _CREATED_BY.get(kind, set()) if kind != "column" else {one.split()[-1] for one in above}
    )
    return not created_by or statement.about in created_by


def _identifying_names(fact: Fact, schema: Schema) -> Iterator[frozenset[str]]:
    """The sets of names that identify a fact: a statement about it holds all names of one set."""
    if privilege := _PRIVILEGE.fullmatch(fact.name):
        to = frozenset() if privilege["to"] == _PUBLIC else names_in(privilege["to"])
        names = [name for name in name_tokens(privilege["object"]) if name != "."]
        yield names_in(" ".join(names[1:] or names)) | to
        return
    parent = schema.get(fact.parent) if fact.parent else None
    is_in_schema = parent is None or parent.kind == "schema"
    if is_in_schema or parent is None or not fact.name.startswith(f"{parent.name}."):
        yield _last_part(fact.name)
    if is_in_schema or parent is None:
        return
    above = _last_part(parent.name)
    yield above | _last_part(fact.name)
    if "definition" in parent.attributes:
        yield above
    if isinstance(columns := fact.attributes.get("columns"), list):
        yield above | names_in(" ".join(map(str, columns)))


def _last_part(name: str) -> frozenset[str]:
    """The last part of a qualified name; of a function, without its arguments."""
    tokens = name_tokens(name)
    end = tokens.index("(") if "(" in tokens else len(tokens)
    return names_in(tokens[end - 1]) if end else frozenset()
