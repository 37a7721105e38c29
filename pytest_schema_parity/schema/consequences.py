"""What follows from a rename, or from another schema: other names wherever it is mentioned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_schema_parity.schema.facts import Fact, Key
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.names import signature
from pytest_schema_parity.schema.tokens import meaningful

_MENTIONING: Final = frozenset(
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
    }
)
"""Attributes that name other things, beside the expressions of a kind."""
_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Move:
    """A schema under another name, or an extension whose objects lie in another schema.

    ``key`` is the schema or the extension.  What an extension made is nobody's fact: a move of one
    leaves the names in ``own`` alone, and takes every other name in the schema for its object's.
    """

    key: Key
    old: str
    new: str
    own: frozenset[str] | None = None

    def explains(self, mine: Sequence[str], yours: Sequence[str], at: int) -> bool:
        """Whether two texts differ in a token because of this."""
        if (mine[at], yours[at]) != (self.old, self.new):
            return False
        if mine[at + 1 : at + 2] != ["."]:
            return self.own is None and len(mine) == 1
        name = "".join(mine[at + 1 : at + 3])
        return self.own is None or self.own.isdisjoint((self.old + name, self.new + name))


class Mentions:
    """Replaces the qualified names of renamed things, whole tokens only."""

    def __init__(self, renamed: Mapping[Key, Key], moves: Iterable[Move] = ()) -> None:
        self._moves = tuple(moves)
        self._new: dict[tuple[str, ...], tuple[Key, tuple[str, ...]]] = {}
        self._columns: dict[str, dict[str, tuple[Key, str]]] = {}
        for old, new in sorted(renamed.items()):
            before, after = _tokens(old[1]), _tokens(new[1])
            if kind_of(old[0]).rename == "place" and before[:-1] == after[:-1]:
                table = old[1].removesuffix(f".{before[-1]}")
                self._columns.setdefault(table, {})[before[-1]] = (old, after[-1])
            elif len(before) == len(after) == 3 and old[1] != new[1]:
                self._new.setdefault(before, (old, after))
                self._new.setdefault((f"'{old[1]}'",), (old, (f"'{new[1]}'",)))

    def __bool__(self) -> bool:
        return bool(self._new or self._columns or self._moves)

    def causes(self, old: Fact, new: Fact, attribute: str) -> set[Key]:
        """The renames from which a change of an attribute follows; none if it says more."""
        if attribute not in _MENTIONING and attribute not in kind_of(old.kind).expressions:
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
            causes = self._explain(mine, yours, self._columns_of(old, mine))
            if not causes:
                return set()
            found |= causes
        return found

    def _explain(self, mine: str, yours: str, columns: Mapping[str, tuple[Key, str]]) -> set[Key]:
        """The renames and moves by which one text becomes the other; none if others are needed."""
        replaced, causes = self._replace(mine, columns)
        wanted = list(_tokens(yours))
        if len(replaced) != len(wanted):
            return set()
        for at, token in enumerate(replaced):
            if token != wanted[at]:
                moves = [one.key for one in self._moves if one.explains(replaced, wanted, at)]
                if not moves:
                    return set()
                causes.add(min(moves))
        return causes

    def followers(
        self, missing: Mapping[Key, Fact], extra: Mapping[Key, Fact]
    ) -> list[tuple[Key, Key, Key]]:
        """What has another name because something it is named after has; each with its cause.

        That is: a function by an argument's type, a constraint or a view's column by a column, a
        privilege by what it is on.
        """
        long: dict[tuple[str, int], list[str]] = {}
        for kind, name in extra:
            if signature(name) or kind_of(kind).rename == "never":
                long.setdefault((kind, len(_tokens(name))), []).append(name)
        found = []
        twins: dict[Key, Key] = {}
        for key, fact in sorted(missing.items()):
            parent = twins.get(fact.parent, fact.parent) if fact.parent else None
            alike = long.get((fact.kind, len(_tokens(fact.name))), ()) if self else ()
            explained = [
                (min(causes), key, (fact.kind, name))
                for name in alike
                if (causes := self._explain(fact.name, name, {}))
            ]
            if len(explained) == 1:
                found += explained
                continue
            for column, cause, after in self._names_after(fact):
                twin = (fact.kind, _named_after(fact.name, column, after))
                other = extra.get(twin)
                if other and other.parent == parent and self._is_same(fact, other):
                    found.append((cause, key, twin))
                    twins[key] = twin
                    break
        taken = [twin for _, _, twin in found]
        return [one for one in found if taken.count(one[2]) == 1]

    def _names_after(self, fact: Fact) -> list[tuple[str, Key, str]]:
        """The renamed columns after which a fact may be named."""
        if fact.parent is None:
            return []
        if kind_of(fact.kind).rename == "place":  # of a view: it may be named after any
            tables = list(self._columns.values())
        else:
            tables = [
                columns
                for table, columns in self._columns.items()
                if f"{fact.parent[1]}.".startswith(f"{table}.")
            ]
        return [
            (column, cause, after)
            for columns in tables
            for column, (cause, after) in columns.items()
        ]

    def _is_same(self, old: Fact, new: Fact) -> bool:
        """Whether two facts say the same but for what is renamed."""
        ours, theirs = old.canonical, new.canonical
        return ours.keys() == theirs.keys() and all(
            ours[attribute] == theirs[attribute] or self.causes(old, new, attribute)
            for attribute in ours
        )

    def _columns_of(self, fact: Fact, text: str) -> dict[str, tuple[Key, str]]:
        """The renamed columns that a fact may mention by their bare names."""
        if not self._columns:
            return {}
        if fact.parent and fact.parent[1] in self._columns:
            return self._columns[fact.parent[1]]
        tokens = _tokens(text)
        found: dict[str, tuple[Key, str]] = {}
        for table, columns in self._columns.items():
            name = _tokens(table)
            within = (fact.parent[1] if fact.parent else "").startswith(f"{table}.")
            if within or any(
                tokens[at : at + len(name)] == name for at in range(len(tokens) - len(name) + 1)
            ):
                found |= columns
        return found

    def _replace(
        self, text: str, columns: Mapping[str, tuple[Key, str]]
    ) -> tuple[list[str], set[Key]]:
        tokens = _tokens(text)
        done: list[str] = []
        causes: set[Key] = set()
        at = 0
        while at < len(tokens):
            for length in (3, 1):
                part = tokens[at : at + length]
                if part in self._new and done[-1:] != ["."]:
                    cause, after = self._new[part]
                    causes.add(cause)
                    done += after
                    at += length
                    break
            else:
                token = tokens[at]
                if renamed := columns.get(token):
                    causes.add(renamed[0])
                done.append(renamed[1] if renamed else token)
                at += 1
        return done, causes


def is_named_after(old: str, new: str, above_old: str, above_new: str) -> bool:
    """Whether two names differ only in the name of what they are named after."""
    before, after = (bare(_tokens(name)[-1:]) for name in (above_old, above_new))
    mine, yours = (bare(_tokens(name)[-1:]) for name in (old, new))
    return mine.startswith(f"{before}_") and yours == after + mine.removeprefix(before)


def bare(tokens: tuple[str, ...]) -> str:
    """The last of some tokens as a name without its quotes."""
    last = tokens[-1] if tokens else ""
    return last[1:-1].replace('""', '"') if last.startswith('"') else last


def _named_after(name: str, column: str, after: str) -> str:
    """A name with a column's bare name in its last part replaced."""
    tokens = _tokens(name)
    mine, yours = bare((column,)), bare((after,))
    last = bare(tokens)
    return f"{name.removesuffix(tokens[-1])}{quoted(last.replace(mine, yours, 1))}"


def quoted(name: str) -> str:
    """A name as SQL has it; a key word that wants quotes gets none."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(token.text for token in meaningful(text) or ())
