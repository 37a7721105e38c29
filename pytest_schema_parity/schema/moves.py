"""Renamed schemas and moved extensions, and names that contain the names of other objects."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pytest_schema_parity.schema.column_references import tokens_of
from pytest_schema_parity.schema.facts import Key

_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Move:
    """A renamed schema, or an extension whose objects lie in another schema.

    ``key`` is the schema or the extension.  Objects of an extension are not facts: for an extension
    ``own`` holds the names of all facts, and any other name in its schema counts as its object.
    """

    key: Key
    old: str
    new: str
    own: frozenset[str] | None = None

    def explains(self, mine: Sequence[str], yours: Sequence[str], at: int) -> bool:
        """Whether this move explains why two texts differ in the token ``at``."""
        if (mine[at], yours[at]) != (self.old, self.new):
            return False
        if mine[at + 1 : at + 2] != ["."]:
            return self.own is None and len(mine) == 1
        name = "".join(mine[at + 1 : at + 3])
        return self.own is None or self.own.isdisjoint((self.old + name, self.new + name))


def is_named_after(old: str, new: str, above_old: str, above_new: str) -> bool:
    """Whether two names differ only in their first part, which is the name of the parent."""
    before, after = (unquoted(tokens_of(name)[-1:]) for name in (above_old, above_new))
    mine, yours = (unquoted(tokens_of(name)[-1:]) for name in (old, new))
    return mine.startswith(f"{before}_") and yours == after + mine.removeprefix(before)


def unquoted(tokens: tuple[str, ...]) -> str:
    """The last of some tokens as a name without its quotes."""
    last = tokens[-1] if tokens else ""
    return last[1:-1].replace('""', '"') if last.startswith('"') else last


def replace_column_name(name: str, column: str, after: str) -> str:
    """A name with a column's unquoted name in its last part replaced."""
    tokens = tokens_of(name)
    mine, yours = unquoted((column,)), unquoted((after,))
    last = unquoted(tokens)
    return f"{name.removesuffix(tokens[-1])}{quoted(last.replace(mine, yours, 1))}"


def quoted(name: str) -> str:
    """A name, quoted unless it is plain lower case; key words are not quoted."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'
