"""The tokens of an expression, nested by its brackets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from pytest_schema_parity.schema.tokens import meaningful

_MAX_DEPTH: Final = 150
"""How deeply brackets may be nested: a text with more is left as it is."""
_CLOSING: Final = {"(": ")", "[": "]"}


@dataclass(slots=True)
class Brackets:
    """A pair of brackets and the tokens between them."""

    opening: str
    nodes: list[Node] = field(default_factory=list)


Node: TypeAlias = "str | Brackets"


def parse(text: str) -> list[Node] | None:
    """The tokens of a text, nested by its brackets; None if these do not match."""
    found = meaningful(text)
    if found is None:
        return None
    levels: list[list[Node]] = [[]]
    closing: list[str] = []
    for _, token in found:
        if token in _CLOSING:
            if len(levels) > _MAX_DEPTH:
                return None
            group = Brackets(token)
            levels[-1].append(group)
            levels.append(group.nodes)
            closing.append(_CLOSING[token])
        elif token in (")", "]"):
            if not closing or closing.pop() != token:
                return None
            levels.pop()
        else:
            levels[-1].append(token)
    return None if closing else levels[0]


def text_of(nodes: list[Node]) -> str:
    """The text of nodes, tokens separated by single blanks."""
    return " ".join(
        node
        if isinstance(node, str)
        else f"{node.opening} {text_of(node.nodes)} {_CLOSING[node.opening]}"
        for node in nodes
    )


def split_at(nodes: list[Node], separator: str) -> list[list[Node]]:
    """The parts between separators; no parts of an empty list."""
    parts: list[list[Node]] = [[]] if nodes else []
    for node in nodes:
        if node == separator:
            parts.append([])
        else:
            parts[-1].append(node)
    return parts


def is_one_of(node: Node, words: frozenset[str]) -> bool:
    """Whether a node is one of these tokens, and not brackets."""
    return isinstance(node, str) and node in words
