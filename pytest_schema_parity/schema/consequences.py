"""What follows from a rename: the same thing, named otherwise wherever it is mentioned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    }
)
"""Attributes that name other things, beside the expressions of a kind."""
_APART: Final = "\0"


class Mentions:
    """Replaces the qualified names of renamed things, whole tokens only."""

    def __init__(self, renamed: Mapping[Key, Key]) -> None:
        self._new: dict[tuple[str, ...], tuple[Key, tuple[str, ...]]] = {}
        for old, new in sorted(renamed.items()):
            before, after = _tokens(old[1]), _tokens(new[1])
            if before and after and len(before) == len(after) == 3 and old[1] != new[1]:
                self._new.setdefault(before, (old, after))
                self._new.setdefault((f"'{old[1]}'",), (old, (f"'{new[1]}'",)))

    def __bool__(self) -> bool:
        return bool(self._new)

    def causes(self, old: Fact, new: Fact, attribute: str) -> set[Key]:
        """The renames from which a change of an attribute follows; none if it says more."""
        if attribute not in _MENTIONING and attribute not in kind_of(old.kind).expressions:
            return set()
        ours, theirs = old.canonical.get(attribute), new.canonical.get(attribute)
        if isinstance(ours, str) and isinstance(theirs, str):
            return self._causes(ours, theirs)
        if not isinstance(ours, list) or not isinstance(theirs, list) or len(ours) != len(theirs):
            return set()
        found: set[Key] = set()
        for mine, yours in zip(ours, theirs, strict=True):
            if mine == yours:
                continue
            causes = self._causes(str(mine), str(yours))
            if not causes:
                return set()
            found |= causes
        return found

    def followers(
        self, missing: Iterable[Key], extra: Mapping[Key, Fact]
    ) -> list[tuple[Key, Key, Key]]:
        """What only has another name because an argument's type has; each with its cause."""
        extras = {(kind, _text(name)): (kind, name) for kind, name in extra if signature(name)}
        found = []
        for kind, name in missing:
            if extras and signature(name):
                replaced, causes = self._replace(name)
                if causes and (twin := extras.get((kind, replaced))):
                    found.append((min(causes), (kind, name), twin))
        return found

    def _causes(self, ours: str, theirs: str) -> set[Key]:
        replaced, causes = self._replace(ours)
        return causes if causes and replaced == _text(theirs) else set()

    def _replace(self, text: str) -> tuple[str, set[Key]]:
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
                done.append(tokens[at])
                at += 1
        return _APART.join(done), causes


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(token.text for token in meaningful(text) or ())


def _text(text: str) -> str:
    return _APART.join(_tokens(text))
