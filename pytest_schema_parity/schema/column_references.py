"""Resolve to which relation a column name in an expression or a query belongs, by the text alone.

The server deparses a column with its relation's name or alias if a query has two relations or is
a subquery, and without one otherwise.  If the text is ambiguous, no relation is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.names import short
from pytest_schema_parity.schema.tokens import meaningful

Tokens: TypeAlias = tuple[str, ...]
RenamedColumns: TypeAlias = Mapping[str, Mapping[str, tuple[Key, str]]]
"""Renamed columns by their table's name: what renamed it, and the new name."""

_BEFORE_RELATIONS: Final = frozenset({"from", "join", ",", "only", "update", "into", "using", "("})
_NO_ALIASES: Final = frozenset(
    {
        "where",
        "join",
        "left",
        "right",
        "full",
        "inner",
        "cross",
        "natural",
        "on",
        "using",
        "group",
        "order",
        "limit",
        "offset",
        "fetch",
        "for",
        "union",
        "except",
        "intersect",
        "having",
        "window",
        "tablesample",
        "set",
        "values",
        "select",
        "do",
        "returning",
        "default",
        "with",
        "overriding",
        "when",
        "then",
        "else",
        "end",
        "and",
        "or",
        "as",
        "not",
        "is",
        "in",
        "from",
    }
)
"""Key words that may follow a relation and are not its alias."""
_ROW_NAMES: Final = {"trigger": ("old", "new"), "rule": ("old", "new")}
"""By the kind of a fact: further names for a row of the relation to which the fact belongs."""


class Relations:
    """The relations of both schemas with the columns that they have on either side."""

    def __init__(self, schemas: Sequence[Schema] = ()) -> None:
        self._schemas = tuple(schemas)
        self._columns: dict[Tokens, set[str]] = {}
        for schema in self._schemas:
            for fact in schema:
                if fact.parent and kind_of(fact.kind).rename == "place":
                    name = short(fact.name, fact.parent[1])
                    self._columns.setdefault(tokens_of(fact.parent[1]), set()).add(name)

    def named(self, tokens: Tokens) -> set[Tokens]:
        """The relations that a text mentions by their qualified names."""
        parts = (tokens[at : at + 3] for at in range(len(tokens) - 2))
        return {part for part in parts if part in self._columns}

    def relation_of(self, fact: Fact) -> Tokens:
        """The relation to which a fact belongs; empty if it belongs to none."""
        key = fact.parent
        while key is not None:
            if tokens_of(key[1]) in self._columns:
                return tokens_of(key[1])
            parents = (schema.get(key) for schema in self._schemas)
            key = next((parent.parent for parent in parents if parent), None)
        return ()

    def mentioned(
        self, fact: Fact, attribute: str, texts: tuple[Tokens, Tokens], renamed: RenamedColumns
    ) -> dict[int, tuple[Key, str]]:
        """The positions at which the first of two texts mentions renamed columns, with the renames.

        Only mentions that certainly mean the column; what renamed it, and the new name.
        """
        tables = {tokens_of(table): columns for table, columns in renamed.items()}
        tokens = texts[0]
        own = self._default_relation(fact, attribute)
        named = self.named(tokens) | self.named(texts[1])
        references = self._references(tokens, own, _ROW_NAMES.get(fact.kind, ()))
        bare = {own} if own and fact.kind != "rule" else named
        if "arguments" in kind_of(fact.kind).expressions:
            bare = set()  # an unqualified name is a parameter's
        found: dict[int, tuple[Key, str]] = {}
        for at, name in enumerate(tokens):
            is_qualified = tokens[at - 1 : at] == (".",)
            owners = _qualifier(tokens, at, references) if is_qualified else bare
            hits = [table for table in owners if name in tables.get(table, {})]
            if len(hits) != 1:
                continue
            (table,) = hits
            change = tables[table][name]
            if is_qualified:
                is_sure = len(owners) == 1
            else:
                others = named - {table}
                is_sure = _is_bare_column(tokens, at) and (
                    (bare == {own} and "select" not in tokens[:at])
                    or not self._any_has_column(others, name, change[1])
                )
            if is_sure:
                found[at] = change
        return found

    def _default_relation(self, fact: Fact, attribute: str) -> Tokens:
        """The relation to which unqualified column names in an attribute refer by default."""
        if attribute == "referenced_columns":
            return tokens_of(str(fact.canonical.get("references")))
        if attribute == "partition_key":
            return tokens_of(fact.name)
        return self.relation_of(fact)

    def _any_has_column(self, relations: Iterable[Tokens], *names: str) -> bool:
        """Whether any of some relations has a column of one of these names."""
        return any(not self._columns[one].isdisjoint(names) for one in relations)

    def _references(
        self, tokens: Tokens, own: Tokens, rows: Iterable[str]
    ) -> dict[str, set[Tokens]]:
        """The relations to which each name before a dot may refer; an empty one is unknown."""
        found: dict[str, set[Tokens]] = {}
        for name, relation in self._named_relations(tokens):
            found.setdefault(name, set()).add(relation)
        for name in rows:
            found.setdefault(name, set()).add(own)
        if own and own[-1] not in found:
            found[own[-1]] = {own}
        return found

    def _named_relations(self, tokens: Tokens) -> Iterator[tuple[str, Tokens]]:
        """Each name or alias of a relation in a text, with the relation (empty if unknown)."""
        for at, word in enumerate(tokens):
            before = tokens[at - 1] if at else ""
            part = tokens[at : at + 3]
            if part in self._columns and before not in (".", "::"):
                alias = _alias(tokens, at + 3) if before in _BEFORE_RELATIONS else ""
                yield alias or part[-1], part
            elif word == ")" and (alias := _alias(tokens, at + 1)):
                yield alias, ()
            elif before in ("with", ",", "recursive") and tokens[at + 1 : at + 2] == ("as",):
                yield word, ()
            elif before in ("from", "join", ",") and tokens[at + 1 : at + 2] != (".",):
                yield _alias(tokens, at + 1) or word, ()


def tokens_of(name: str) -> Tokens:
    """The tokens of a name or a text, without blanks and comments; empty if one never ends."""
    return tuple(token.text for token in meaningful(name) or ())


def _alias(tokens: Tokens, at: int) -> str:
    """The alias at a position; empty if there is no alias."""
    if tokens[at : at + 1] == ("as",):
        at += 1
    token = tokens[at] if at < len(tokens) else ""
    is_name = token[:1] == '"' or (token[:1].isalpha() or token[:1] == "_")
    return token if is_name and token not in _NO_ALIASES else ""


def _qualifier(tokens: Tokens, at: int, references: Mapping[str, set[Tokens]]) -> set[Tokens]:
    """The relations to which the name before a dot may refer."""
    if tokens[at - 3 : at - 2] == (".",):
        return {tokens[max(at - 4, 0) : at - 1]} if at >= 4 else set()
    if tokens[at + 1 : at + 2] == ("(",):
        return set()
    return references.get(tokens[at - 2], set()) if at >= 2 else set()


def _is_bare_column(tokens: Tokens, at: int) -> bool:
    """Whether an unqualified name may be a column's."""
    before, after = tokens[at - 1] if at else "", tokens[at + 1 : at + 2]
    if before in ("as", "::") or after in (("(",), (".",), ("=>",)):
        return False
    if tokens[max(at - 2, 0) : at] == ("extract", "("):
        return False
    start = at - 1
    while start > 0 and tokens[start] not in ("(", ")"):
        start -= 1
    return tokens[max(start - 1, 0) : start + 1] != ("using", "(")


def without_new_aliases(
    mine: Sequence[str], yours: Sequence[str], places: Mapping[int, str]
) -> tuple[list[str], list[str]]:
    """Two texts without the aliases by which a view keeps its own name for a renamed column.

    That is ``new AS old`` on one side; on the other ``old`` was replaced already.  ``places`` maps
    the positions of replaced names to the old names.
    """
    left: list[str] = []
    kept: list[str] = []
    at = other = 0
    while at < len(mine):
        left.append(mine[at])
        kept += yours[other : other + 1]
        at, other = at + 1, other + 1
        if at - 1 in places:
            own, new = _alias_after_as(mine, at), _alias_after_as(yours, other)
            if own is None and new == places[at - 1]:
                other += 2
            elif new is None and own == mine[at - 1]:
                at += 2
    return left, [*kept, *yours[other:]]


def _alias_after_as(tokens: Sequence[str], at: int) -> str | None:
    """The alias after an AS at a position; None if there is no AS."""
    return tokens[at + 1] if at + 1 < len(tokens) and tokens[at] == "as" else None
