"""Remove the relation's name before columns, which only some versions of PostgreSQL write."""

from __future__ import annotations

from typing import Final

from pytest_schema_parity.schema.brackets import Brackets, Node, is_one_of

_QUERIES: Final = frozenset({"select", "with", "values"})
_AFTER_FROM: Final = frozenset(
    {"where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", ";"}
)
_SET_OPERATIONS: Final = frozenset({"union", "intersect", "except"})
_NO_RELATION: Final = frozenset({",", "join", "lateral", "rows"})
"""Tokens after FROM that show more than one relation, or something that is no plain relation."""


def without_only_prefix(nodes: list[Node]) -> list[Node]:
    """Remove the relation's name before columns in a query of one relation.

    PostgreSQL 15 writes it, newer versions only if the column would be ambiguous without it.
    """
    words = [node for node in nodes if isinstance(node, str)]
    if words[:1] not in (["select"], ["with"]) or _SET_OPERATIONS.intersection(words):
        return nodes
    if nodes.count("from") != 1 or nodes.count("select") != 1:
        return nodes
    start = nodes.index("from") + 1
    ends = (i for i in range(start, len(nodes)) if is_one_of(nodes[i], _AFTER_FROM))
    relation = nodes[start : next(ends, len(nodes))]
    if not _NO_RELATION.isdisjoint(one for one in relation if isinstance(one, str)):
        return nodes
    named = relation[: relation.index("tablesample")] if "tablesample" in relation else relation
    name = next((one for one in reversed(named) if isinstance(one, str)), None)
    if name is None:
        return nodes
    return [
        *_without_prefix(nodes[: start - 1], name),
        "from",
        *relation,
        *_without_prefix(nodes[start + len(relation) :], name),
    ]


def _without_prefix(nodes: list[Node], name: str) -> list[Node]:
    """The nodes without a name before columns, except in subqueries and before functions."""
    done: list[Node] = []
    at = 0
    while at < len(nodes):
        node = nodes[at]
        if isinstance(node, Brackets):
            if not (node.nodes and is_one_of(node.nodes[0], _QUERIES)):
                node = Brackets(node.opening, _without_prefix(node.nodes, name))
        elif node == name and done[-1:] not in (["."], ["::"]):
            column = (
                nodes[at + 2] if nodes[at + 1 : at + 2] == ["."] and at + 2 < len(nodes) else ""
            )
            last = nodes[at + 3] if at + 3 < len(nodes) else None
            called = last == "." or (isinstance(last, Brackets) and last.opening == "(")
            if isinstance(column, str) and column not in ("", "*") and not called:
                at += 2
                continue
        done.append(node)
        at += 1
    return done
