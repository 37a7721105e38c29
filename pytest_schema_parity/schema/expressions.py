"""Normalise expressions that PostgreSQL may deparse in several spellings.

The server's text of one expression can change when it is dumped and loaded: ``state IN ('a')`` on a
``varchar`` comes back as ``(ARRAY[…])::text[]`` first, and as ``ARRAY[(…)::text]`` after a reload.
Each rule here rewrites one spelling to another that means the same for every value; if that is not
certain from the text alone, it leaves the text as it is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pytest_schema_parity.schema.brackets import (
    Brackets,
    Node,
    is_one_of,
    parse,
    split_at,
    text_of,
)
from pytest_schema_parity.schema.column_prefixes import without_only_prefix

_WORDS_OF_TYPES: Final = {
    "character": ("varying",),
    "bit": ("varying",),
    "double": ("precision",),
}
_TEXT_TYPES: Final[tuple[list[Node], ...]] = (["text"], ["character", "varying"])
_TYPES_WITH_TIME_ZONE: Final = ("time", "timestamp")
_INTERVAL_FIELDS: Final = frozenset({"year", "month", "day", "hour", "minute", "second", "to"})


@lru_cache(maxsize=8192)
def canonical(text: str) -> str:
    """One spelling of an expression or a query that the server deparsed."""
    nodes = parse(text)
    return text if nodes is None else text_of(without_only_prefix(rewrite(nodes)))


def rewrite(nodes: list[Node]) -> list[Node]:
    """The nodes in their one spelling, the innermost brackets first."""
    inner: list[Node] = [
        node if isinstance(node, str) else Brackets(node.opening, rewrite(node.nodes))
        for node in nodes
    ]
    return _rewrite_level(inner)


def _rewrite_level(nodes: list[Node]) -> list[Node]:
    """The nodes of one level in their one spelling; inner brackets are rewritten already."""
    done: list[Node] = []
    at = 0
    while at < len(nodes):
        replaced = None if done and done[-1] == "." else _replacement(nodes, at)
        if replaced is None:
            done.append(nodes[at])
            at += 1
        else:
            new, at = replaced
            done += new
    return done


def _replacement(nodes: list[Node], at: int) -> tuple[list[Node], int] | None:
    """The replacement of the tokens from a node on, and where to read on; None to keep them."""
    node = nodes[at]
    following = nodes[at + 1] if at + 1 < len(nodes) else None
    if isinstance(node, Brackets):
        cast = node.opening == "(" and following == "::"
        return _cast(node, nodes, at + 2) if cast else None
    if node == "array" and nodes[at + 2 : at + 3] == ["::"] and following != Brackets("["):
        return _cast(Brackets("(", nodes[at : at + 2]), nodes, at + 3)
    if _is_string(node) and following == "::":
        end, _ = read_type(nodes, at + 2)
        if nodes[end : end + 1] == ["::"]:
            return _cast(Brackets("(", nodes[at:end]), nodes, end + 1)
    called = isinstance(following, Brackets) and following.opening == "("
    if node in _SYNONYMS and not called:
        return [*_SYNONYMS[node]], at + 1
    if node == "transaction_timestamp" and following == Brackets("("):
        return ["now"], at + 1
    if node == "array" and following == Brackets("["):
        after, type_ = read_type(nodes, at + 3) if nodes[at + 2 : at + 3] == ["::"] else (0, [])
        return (["'{}'", "::", *type_], after) if is_array(type_) else None
    precise = node in (*_TYPES_WITH_TIME_ZONE, "interval") and following == Brackets("(", ["6"])
    if precise and (node == "interval" or nodes[at + 2 : at + 3] in (["with"], ["without"])):
        return [node], at + 2
    return None


_NOW: Final[tuple[Node, ...]] = ("now", Brackets("("))
_SYNONYMS: Final[dict[str, tuple[Node, ...]]] = {
    "current_timestamp": _NOW,
    "localtimestamp": (Brackets("(", [*_NOW]), "::", "timestamp", "without", "time", "zone"),
    "current_date": (Brackets("(", [*_NOW]), "::", "date"),
    "current_role": ("current_user",),
    "user": ("current_user",),
}
"""Key words that are synonyms of an expression; as a column's name, each would be quoted."""


def _cast(group: Brackets, nodes: list[Node], at: int) -> tuple[list[Node], int] | None:
    """Move the cast of a group, to the type at a node, to the elements of the group.

    ``(ARRAY[…])::t[]`` becomes ``ARRAY[(…)::t]``, and ``('a'::varchar)::text`` one cast.
    """
    end, type_ = read_type(nodes, at)
    match group.nodes:
        case ["array", Brackets(opening="[") as elements] if elements.nodes and is_array(type_):
            parts = split_at(elements.nodes, ",")
            if (arrays := _holds_arrays(parts)) is None:
                return None
            joined: list[Node] = []
            for part in parts:
                of_part = type_ if arrays else type_[:-1]
                joined += [*([","] if joined else []), *_cast_element(part, of_part)]
            return ["array", Brackets("[", joined)], end
        case [str(literal), "::", *inner] if _is_string(literal):
            if inner in _TEXT_TYPES and type_ in _TEXT_TYPES:
                return [literal, "::", *type_], end
    return None


def _cast_element(part: list[Node], type_: list[Node]) -> list[Node]:
    """An element of an array with a cast to a type."""
    return _rewrite_level([part[0] if _is_group(part) else Brackets("(", part), "::", *type_])


def _is_group(part: list[Node]) -> bool:
    return len(part) == 1 and isinstance(part[0], Brackets)


def _holds_arrays(parts: list[list[Node]]) -> bool | None:
    """Whether the elements of an array are arrays; None if that is not certain.

    All elements have one type, to which they were cast implicitly.  So one element of known type is
    enough, unless that type may be a domain: then all must be of that type.
    """
    types = [_type_of(part) for part in parts]
    for type_ in types:
        if type_ and "." not in type_:
            return is_array(type_)
    return (
        is_array(types[0]) if types and types[0] and types.count(types[0]) == len(types) else None
    )


def _type_of(part: list[Node]) -> list[Node]:
    """The type that an expression shows, as a number or a cast does; empty if it shows none."""
    match part:
        case [Brackets(opening="(") as group]:
            return _type_of(group.nodes)
        case [str(number)] if number[0].isdigit():
            return ["numeric"]
        case ["array", Brackets(opening="[")]:
            return ["anyelement", Brackets("[")]
        case [_, "::", *_]:
            end, type_ = read_type(part, 2)
            return type_ if end == len(part) else []
    return []


def read_type(nodes: list[Node], at: int) -> tuple[int, list[Node]]:
    """The position after the type name that begins at a node, and its nodes, modifiers included."""
    start, first = at, nodes[at] if at < len(nodes) else None
    if not isinstance(first, str):
        return at, []
    at += 1
    while nodes[at : at + 1] == ["."] and at + 1 < len(nodes):
        at += 2
    if nodes[at : at + 1] and nodes[at] in _WORDS_OF_TYPES.get(first, ()):
        at += 1
    while first == "interval" and at < len(nodes) and is_one_of(nodes[at], _INTERVAL_FIELDS):
        at += 1
    if at < len(nodes) and isinstance(one := nodes[at], Brackets) and one.opening == "(":
        at += 1
    if first in _TYPES_WITH_TIME_ZONE and nodes[at : at + 1] in (["with"], ["without"]):
        at += 3
    while nodes[at : at + 1] == [Brackets("[")]:
        at += 1
    return at, nodes[start:at]


def is_array(type_: list[Node]) -> bool:
    """Whether a type's name ends in square brackets."""
    return type_[-1:] == [Brackets("[")]


def _is_string(node: Node) -> bool:
    return isinstance(node, str) and node.startswith("'")
