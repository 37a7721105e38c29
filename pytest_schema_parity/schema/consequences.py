"""Find the differences that follow from a rename or a move, because they mention the old name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pytest_schema_parity.schema.column_references import Relations, tokens_of, without_new_aliases
from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.kinds import KINDS, kind_of
from pytest_schema_parity.schema.moves import Move, replace_column_name
from pytest_schema_parity.schema.names import signature

_NAMING_ATTRIBUTES: Final = frozenset(
    {
        "type",
        "returns",
        "arguments",
        "references",
        "function",
        "from_table",
        "partition_of",
        "inherits",
        "of_type",
        "columns",
        "referenced_columns",
        "on_delete_columns",
        "include",
        "schema",
        "schemas",
        "child_names",
        "child_states",
        "child_options",
        "child_comments",
        "children_without",
        "declared_in_children",
        "multirange",
        "subtype",
        "canonical",
        "subtype_diff",
        "state_type",
        "moving_state_type",
        "sort_operator",
        *(f"{step}_function" for step in ("transition", "final", "combine", "serial", "deserial")),
        *(f"moving_{step}_function" for step in ("transition", "inverse", "final")),
    }
)
"""Attributes that name other objects, besides the expressions of a kind."""
_COLUMN_LISTS: Final = frozenset({"columns", "include", "on_delete_columns", "referenced_columns"})
"""Attributes that list columns, besides those that hold expressions."""


class Mentions:
    """Replaces the names of renamed objects in texts, whole tokens only, to explain differences.

    ``renamed`` maps keys of the reference to those of the candidate; ``schemas`` are the two, in
    which the relation of a column in a text is looked up.
    """

    def __init__(
        self,
        renamed: Mapping[Key, Key],
        moves: Iterable[Move] = (),
        schemas: Sequence[Schema] = (),
    ) -> None:
        self._moves = tuple(moves)
        self._schemas = tuple(schemas)
        self._new: dict[tuple[str, ...], tuple[Key, tuple[str, ...]]] = {}
        self._columns: dict[str, dict[str, tuple[Key, str]]] = {}
        for old, new in sorted(renamed.items()):
            before, after = (tokens_of(name.partition("(")[0]) for _, name in (old, new))
            if not before or not after:
                continue
            if kind_of(old[0]).rename == "place" and before[:-1] == after[:-1]:
                table = old[1].removesuffix(f".{before[-1]}")
                self._columns.setdefault(table, {})[before[-1]] = (old, after[-1])
            elif len(before) == len(after) == 3 and old[1] != new[1]:
                self._new.setdefault(before, (old, after))
                string, other = (name.replace("'", "''") for name in (old[1], new[1]))
                self._new.setdefault(
                    (f"'{string}'", "::", "regclass"), (old, (f"'{other}'", "::", "regclass"))
                )
        self._relations = Relations(self._schemas if self._columns else ())

    def __bool__(self) -> bool:
        return bool(self._new or self._columns or self._moves)

    def causes(self, old: Fact, new: Fact, attribute: str) -> set[Key]:
        """The keys of the renames and moves that explain a change; empty if they do not."""
        described = attribute == "options" and old.kind not in KINDS
        expressions = kind_of(old.kind).expressions
        if not described and attribute not in _NAMING_ATTRIBUTES and attribute not in expressions:
            return set()
        ours, theirs = old.canonical.get(attribute), new.canonical.get(attribute)
        if not isinstance(ours, list) or not isinstance(theirs, list):
            ours, theirs = [ours], [theirs]
        if len(ours) != len(theirs):
            return set()
        found: set[Key] = set()
        for mine, yours in zip(ours, theirs, strict=True):
            if mine == yours:
                continue
            if not isinstance(mine, str) or not isinstance(yours, str):
                return set()
            columns = (
                self._columns if attribute in _COLUMN_LISTS or attribute in expressions else {}
            )
            columns = self._columns if described else columns
            texts = tokens_of(mine), tokens_of(yours)
            places = self._relations.mentioned(old, attribute, texts, columns) if columns else {}
            causes = self._explain(texts, places)
            if not causes:
                return set()
            found |= causes
        return found

    def _explain(
        self, texts: tuple[tuple[str, ...], tuple[str, ...]], columns: Mapping[int, tuple[Key, str]]
    ) -> set[Key]:
        """The renames and moves that turn one text into the other; empty if they do not."""
        replaced, causes, places = self._replace(texts[0], columns)
        return self._match(*without_new_aliases(replaced, texts[1], places), causes)

    def _match(self, replaced: list[str], wanted: list[str], causes: set[Key]) -> set[Key]:
        """The causes, with the moves that explain the other tokens; empty if a token differs."""
        found = set(causes)
        if len(replaced) != len(wanted):
            return set()
        for at, token in enumerate(replaced):
            if token != wanted[at]:
                moves = [one.key for one in self._moves if one.explains(replaced, wanted, at)]
                if not moves:
                    return set()
                found.add(min(moves))
        return found

    def followers(
        self, missing: Mapping[Key, Fact], extra: Mapping[Key, Fact]
    ) -> list[tuple[Key, Key, Key]]:
        """Facts that were renamed with another fact: (cause, key, key in the candidate).

        A function with an argument's type, a constraint or a view's column with a column, a
        privilege with the object that it is granted on.
        """
        long: dict[tuple[str, int], list[tuple[str, list[str]]]] = {}
        for kind, name in extra:
            if signature(name) or kind_of(kind).rename == "never":
                tokens = list(tokens_of(name))
                long.setdefault((kind, len(tokens)), []).append((name, tokens))
        found = []
        counterparts: dict[Key, Key] = {}
        for key, fact in sorted(missing.items()):
            parent = counterparts.get(fact.parent, fact.parent) if fact.parent else None
            replaced, causes, _ = self._replace(tokens_of(fact.name) if long and self else (), {})
            explained = [
                (min(all_causes), key, (fact.kind, name))
                for name, wanted in long.get((fact.kind, len(replaced)), ())
                if (all_causes := self._match(replaced, wanted, causes))
                if fact.name not in {cause for _, cause in all_causes}  # no namesake of a cause
            ]
            if len(explained) == 1:
                found += explained
                continue
            for column, cause, after in self._names_after(fact):
                counterpart = (fact.kind, replace_column_name(fact.name, column, after))
                other = extra.get(counterpart)
                if other and other.parent == parent and self._is_same(fact, other):
                    found.append((cause, key, counterpart))
                    counterparts[key] = counterpart
                    break
        taken = [counterpart for _, _, counterpart in found]
        return [one for one in found if taken.count(one[2]) == 1]

    def _names_after(self, fact: Fact) -> list[tuple[str, Key, str]]:
        """The renamed columns after which a fact may be named: (old name, cause, new name)."""
        if fact.parent is None:
            return []
        if kind_of(fact.kind).rename == "place":
            causes = self._causes_above(fact.parent)
            return [
                (column, cause, after)
                for columns in self._columns.values()
                for column, (cause, after) in columns.items()
                if cause in causes
            ]
        return [
            (column, cause, after)
            for table, columns in self._columns.items()
            if f"{fact.parent[1]}.".startswith(f"{table}.")
            for column, (cause, after) in columns.items()
        ]

    def _causes_above(self, key: Key) -> set[Key]:
        """The renames that changed a view's definition, or columns of a table's parents."""
        sides = [found for schema in self._schemas if (found := schema.get(key))]
        if len(sides) != 2:
            return set()
        old, new = sides
        inherits = old.attributes.get("inherits")
        parents = {
            old.attributes.get("partition_of"),
            *(inherits if isinstance(inherits, list) else ()),
        }
        inherited = {
            cause
            for table, columns in self._columns.items()
            for cause, _ in columns.values()
            if table in parents
        }
        return inherited | self.causes(old, new, "definition")

    def _is_same(self, old: Fact, new: Fact) -> bool:
        """Whether two facts have the same attributes, except mentions of renamed facts."""
        ours, theirs = old.canonical, new.canonical
        return ours.keys() == theirs.keys() and all(
            ours[attribute] == theirs[attribute] or self.causes(old, new, attribute)
            for attribute in ours
        )

    def _replace(
        self, tokens: tuple[str, ...], columns: Mapping[int, tuple[Key, str]]
    ) -> tuple[list[str], set[Key], dict[int, str]]:
        """The tokens with new names, the causes, and the old column names by their positions."""
        done: list[str] = []
        causes: set[Key] = set()
        places: dict[int, str] = {}
        at = 0
        while at < len(tokens):
            part = tokens[at : at + 3]
            if part in self._new and done[-1:] != ["."]:
                cause, after = self._new[part]
                causes.add(cause)
                done += after
                at += 3
                continue
            if at in columns:
                places[len(done)] = tokens[at]
                causes.add(columns[at][0])
            done.append(columns[at][1] if at in columns else tokens[at])
            at += 1
        return done, causes, places
