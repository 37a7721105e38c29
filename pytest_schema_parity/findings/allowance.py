"""An allowance: a rule that accepts findings, with a reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Protocol

from pytest_schema_parity.schema.difference import Change
from pytest_schema_parity.schema.facts import Place, Value
from pytest_schema_parity.schema.kinds import Impact


class Coverable(Protocol):
    """The fields of a finding or a difference that an allowance is compared with."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def change(self) -> str: ...  # noqa: D102
    @property
    def attribute(self) -> str | None: ...  # noqa: D102
    @property
    def impact(self) -> Impact | None: ...  # noqa: D102
    @property
    def actual(self) -> Value: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Allowance:
    """A rule that accepts findings; every field that is given must match.

    Without a ``kind`` it accepts differences of the catalogs only.

    ``tree`` and ``name`` are patterns: ``*`` is any text and ``?`` any character, and the brackets
    of ``integer[]`` are themselves.  ``actual`` is what the tree must have: an attribute's value,
    or for a whole fact the values of some attributes (false where one is absent).  ``until`` is the
    last day on which the allowance holds, ``place`` its line in the configuration.
    """

    reason: str
    tree: str | None = None
    kind: str | None = None
    name: str | None = None
    change: Change | None = None
    attribute: str | None = None
    actual: Value = field(default=None, hash=False)
    impact: Impact | None = None
    until: date | None = None
    place: Place | None = None

    def concerns(self, tree: str) -> bool:
        """Whether the allowance applies to a tree."""
        return self.tree is None or _matches_pattern(tree, self.tree)

    def covers(self, found: Coverable, *, is_difference: bool) -> bool:
        """Whether the allowance accepts a finding or a difference, with the parts of the fact."""
        return (
            (self.kind == found.kind or (self.kind is None and is_difference))
            and self.change in (None, found.change)
            and self.attribute in (None, found.attribute)
            and self.impact in (None, found.impact)
            and (self.name is None or _matches_pattern(found.name, self.name))
            and (self.actual is None or _matches_value(found.actual, self.actual))
        )

    def is_expired(self, today: date) -> bool:
        """Whether its last day is past."""
        return self.until is not None and self.until < today


def _matches_pattern(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _matches_value(actual: Value, wanted: Value) -> bool:
    """Whether a value is the wanted one; of a fact, whether its attributes include the wanted."""
    if isinstance(actual, dict) and isinstance(wanted, dict):
        return all(actual.get(key, False) == value for key, value in wanted.items())
    return actual == wanted
