"""Normalise expressions that PostgreSQL may deparse in several spellings.

The server's text of one expression can change when it is dumped and loaded: ``state IN ('a')`` on a
``varchar`` comes back as ``(ARRAY[…])::text[]`` first, and as ``ARRAY[(…)::text]`` after a reload.
Each rule here rewrites one spelling to another that means the same for every value; where that is
not certain from the text alone, it leaves the text as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

from pytest_schema_parity.schema.tokens import meaningful

_DEEPEST: Final = 150
"""How deeply brackets may be nested: a text with more is left as it is."""
_CLOSING: Final = {"(": ")", "[": "]"}
_QUERIES: Final = frozenset({"select", "with", "values"})
_AFTER_FROM: Final = frozenset(
    {"where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", ";"}
)
_SET_OPERATIONS: Final = frozenset({"union", "intersect", "except"})
_NO_RELATION: Final = frozenset({",", "join", "lateral", "rows"})
"""Tokens after FROM that show more than one relation, or something that is no plain relation."""
_WORDS_OF_TYPES: Final = {
    "character": ("varying",),
    "bit": ("varying",),
    "double": ("precision",),
}
_TEXTS: Final[tuple[list[Node], ...]] = (["text"], ["character", "varying"])
_ZONED: Final = ("time", "timestamp")
_INTERVAL_FIELDS: Final = frozenset({"year", "month", "day", "hour", "minute", "second", "to"})


@dataclass(slots=True)
class Group:
    """A pair of brackets and the tokens between them."""

    opening: str
    nodes: list[Node] = field(default_factory=list)


Node: TypeAlias = "str | Group"


@lru_cache(maxsize=8192)
def canonical(text: str) -> str:
    """One spelling of an expression or a query that the server deparsed."""
    nodes = parse(text)
    return text if nodes is None else render(_without_only_prefix(rewrite(nodes)))


def parse(text: str) -> list[Node] | None:
    """The tokens of a text, nested by its brackets; None where these do not pair."""
    found = meaningful(text)
    if found is None:
        return None
    levels: list[list[Node]] = [[]]
    closing: list[str] = []
    for _, token in found:
        if token in _CLOSING:
            if len(levels) > _DEEPEST:
                return None
            group = Group(token)
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


def render(nodes: list[Node]) -> str:
    """The text of nodes, tokens separated by single blanks."""
    return " ".join(
        node
        if isinstance(node, str)
        else f"{node.opening} {render(node.nodes)} {_CLOSING[node.opening]}"
        for node in nodes
    )


def rewrite(nodes: list[Node]) -> list[Node]:
    """The nodes in their one spelling, the innermost brackets first."""
    inner: list[Node] = [
        node if isinstance(node, str) else Group(node.opening, rewrite(node.nodes))
        for node in nodes
    ]
    return _rewrite_level(inner)


def _rewrite_level(nodes: list[Node]) -> list[Node]:
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
    """The replacement of the tokens that begin at a node, and where to read on; None for none."""
    node = nodes[at]
    following = nodes[at + 1] if at + 1 < len(nodes) else None
    if isinstance(node, Group):
        cast = node.opening == "(" and following == "::"
        return _cast(node, nodes, at + 2) if cast else None
    if node == "array" and nodes[at + 2 : at + 3] == ["::"] and following != Group("["):
        return _cast(Group("(", nodes[at : at + 2]), nodes, at + 3)
    if _is_string(node) and following == "::":
        end, _ = read_type(nodes, at + 2)
        if nodes[end : end + 1] == ["::"]:
            return _cast(Group("(", nodes[at:end]), nodes, end + 1)
    called = isinstance(following, Group) and following.opening == "("
    if node in _SYNONYMS and not called:
        return [*_SYNONYMS[node]], at + 1
    if node == "transaction_timestamp" and following == Group("("):
        return ["now"], at + 1
    if node == "array" and following == Group("["):
        after, type_ = read_type(nodes, at + 3) if nodes[at + 2 : at + 3] == ["::"] else (0, [])
        return (["'{}'", "::", *type_], after) if is_array(type_) else None
    precise = node in (*_ZONED, "interval") and following == Group("(", ["6"])
    if precise and (node == "interval" or nodes[at + 2 : at + 3] in (["with"], ["without"])):
        return [node], at + 2
    return None


_NOW: Final[tuple[Node, ...]] = ("now", Group("("))
_SYNONYMS: Final[dict[str, tuple[Node, ...]]] = {
    "current_timestamp": _NOW,
    "localtimestamp": (Group("(", [*_NOW]), "::", "timestamp", "without", "time", "zone"),
    "current_date": (Group("(", [*_NOW]), "::", "date"),
    "current_role": ("current_user",),
    "user": ("current_user",),
}
"""Key words that are synonyms of an expression; as a column's name, each would be quoted."""


def _cast(group: Group, nodes: list[Node], at: int) -> tuple[list[Node], int] | None:
    """Move the cast of a group, to the type at a node, to the elements of the group.

    ``(ARRAY[…])::t[]`` becomes ``ARRAY[(…)::t]``, and ``('a'::varchar)::text`` one cast.
    """
    end, type_ = read_type(nodes, at)
    match group.nodes:
        case ["array", Group(opening="[") as elements] if elements.nodes and is_array(type_):
            parts = split(elements.nodes, ",")
            if (arrays := _holds_arrays(parts)) is None:
                return None
            joined: list[Node] = []
            for part in parts:
                of_part = type_ if arrays else type_[:-1]
                joined += [*([","] if joined else []), *_apply(part, of_part)]
            return ["array", Group("[", joined)], end
        case [str(literal), "::", *inner] if _is_string(literal):
            if inner in _TEXTS and type_ in _TEXTS:
                return [literal, "::", *type_], end
    return None


def _apply(part: list[Node], type_: list[Node]) -> list[Node]:
    return _rewrite_level([part[0] if _is_group(part) else Group("(", part), "::", *type_])


def _is_group(part: list[Node]) -> bool:
    return len(part) == 1 and isinstance(part[0], Group)


def _holds_arrays(parts: list[list[Node]]) -> bool | None:
    """Whether the elements of an array are arrays; None where that is not certain.

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
        case [Group(opening="(") as group]:
            return _type_of(group.nodes)
        case [str(number)] if number[0].isdigit():
            return ["numeric"]
        case ["array", Group(opening="[")]:
            return ["anyelement", Group("[")]
        case [_, "::", *_]:
            end, type_ = read_type(part, 2)
            return type_ if end == len(part) else []
    return []


def read_type(nodes: list[Node], at: int) -> tuple[int, list[Node]]:
    """The name of the type that begins at a node, with its modifiers, and where it ends."""
    start, first = at, nodes[at] if at < len(nodes) else None
    if not isinstance(first, str):
        return at, []
    at += 1
    while nodes[at : at + 1] == ["."] and at + 1 < len(nodes):
        at += 2
    if nodes[at : at + 1] and nodes[at] in _WORDS_OF_TYPES.get(first, ()):
        at += 1
    while first == "interval" and at < len(nodes) and _is_one(nodes[at], _INTERVAL_FIELDS):
        at += 1
    if at < len(nodes) and isinstance(one := nodes[at], Group) and one.opening == "(":
        at += 1
    if first in _ZONED and nodes[at : at + 1] in (["with"], ["without"]):
        at += 3
    while nodes[at : at + 1] == [Group("[")]:
        at += 1
    return at, nodes[start:at]


def is_array(type_: list[Node]) -> bool:
    """Whether a type's name ends in square brackets."""
    return type_[-1:] == [Group("[")]


def split(nodes: list[Node], separator: str) -> list[list[Node]]:
    """The parts between separators; no parts of an empty list."""
    parts: list[list[Node]] = [[]] if nodes else []
    for node in nodes:
        if node == separator:
            parts.append([])
        else:
            parts[-1].append(node)
    return parts


def _is_one(node: Node, words: frozenset[str]) -> bool:
    return isinstance(node, str) and node in words


def _is_string(node: Node) -> bool:
    return isinstance(node, str) and node.startswith("'")


def _without_only_prefix(nodes: list[Node]) -> list[Node]:
    """Remove the relation's name before columns in a query of one relation.

    PostgreSQL 15 writes it, newer versions only where the column would be ambiguous without it.
    """
    words = [node for node in nodes if isinstance(node, str)]
    if words[:1] not in (["select"], ["with"]) or _SET_OPERATIONS.intersection(words):
        return nodes
    if nodes.count("from") != 1 or nodes.count("select") != 1:
        return nodes
    start = nodes.index("from") + 1
    ends = (i for i in range(start, len(nodes)) if _is_one(nodes[i], _AFTER_FROM))
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
    done: list[Node] = []
    at = 0
    while at < len(nodes):
        node = nodes[at]
        if isinstance(node, Group):
            if not (node.nodes and _is_one(node.nodes[0], _QUERIES)):
                node = Group(node.opening, _without_prefix(node.nodes, name))
        elif node == name and done[-1:] not in (["."], ["::"]):
            column = (
                nodes[at + 2] if nodes[at + 1 : at + 2] == ["."] and at + 2 < len(nodes) else ""
            )
            last = nodes[at + 3] if at + 3 < len(nodes) else None
            called = last == "." or (isinstance(last, Group) and last.opening == "(")
            if isinstance(column, str) and column not in ("", "*") and not called:
                at += 2
                continue
        done.append(node)
        at += 1
    return done
