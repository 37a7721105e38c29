"""Give a changed attribute a milder impact if both sides have the same effect.

A rule belongs to an attribute of a kind.  It takes both facts with their schemas and returns the
impact, or None if the impact stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from pytest_schema_parity.schema.facts import Fact, Schema
from pytest_schema_parity.schema.kinds import Impact
from pytest_schema_parity.schema.tokens import meaningful, tokens

_MAX_VALUES: Final = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
_TOKENISED_LANGUAGES: Final = frozenset({"sql", "plpgsql"})
"""Languages whose bodies consist of SQL tokens; in others, white space may have a meaning."""
_OLD_TABLE_PRIVILEGES: Final = frozenset(
    {"DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"}
)
"""The privileges on a table before PostgreSQL 17, which added MAINTAIN."""


@dataclass(frozen=True, slots=True)
class Sides:
    """One fact on both sides, each with its schema."""

    old: Fact
    new: Fact
    reference: Schema
    candidate: Schema

    @property
    def majors(self) -> set[str]:
        """The major versions of the two servers, as far as they are known."""
        versions = (self.reference.version, self.candidate.version)
        return {version.partition(".")[0] for version in versions if version}


_Rule: TypeAlias = Callable[[Sides], "Impact | None"]


def milder(impacts: Mapping[str, Impact], sides: Sides) -> dict[str, Impact]:
    """The impacts of changed attributes, milder if both sides have the same effect."""
    found = dict(impacts)
    for attribute in impacts:
        rule = _RULES.get((sides.old.kind, attribute))
        if rule and (impact := rule(sides)):
            found[attribute] = impact
    if sides.old.kind == "sequence" and found.get("type") == "form":
        found.pop("maximum", None)  # it goes with the type
    return found


def why_milder(attribute: str, impact: Impact, sides: Sides) -> str:
    """The reason for a milder impact, as text for reports; empty if no rule made it milder."""
    if (sides.old.kind, attribute) not in _RULES or _RULES[sides.old.kind, attribute](
        sides
    ) is None:
        return ""
    reason = _REASONS.get((attribute, impact), "")
    return reason.format(majors=" and ".join(sorted(sides.majors)))


def _body(sides: Sides) -> Impact | None:
    """``form`` if only white space or letter case differs, ``comment`` if only comments do."""
    old, new = sides.old.attributes, sides.new.attributes
    bodies = old.get("body"), new.get("body")
    if (
        old.get("language") != new.get("language")
        or old.get("language") not in _TOKENISED_LANGUAGES
    ):
        return None
    if not isinstance(bodies[0], str) or not isinstance(bodies[1], str):
        return None
    if any("\\'" in body for body in bodies if isinstance(body, str)):
        return None  # where the string ends depends on a setting
    if (code := meaningful(bodies[0])) is None or code != meaningful(bodies[1]):
        return None
    return "form" if _comments(bodies[0]) == _comments(bodies[1]) else "comment"


def _comments(text: str) -> list[list[str]]:
    return [token.text.split() for token in tokens(text) or () if token.sort == "comment"]


def _sequence_type(sides: Sides) -> Impact | None:
    """``form`` if both types cover the range of the column that owns the sequence."""
    columns = (
        sides.reference.get(sides.old.parent) if sides.old.parent else None,
        sides.candidate.get(sides.new.parent) if sides.new.parent else None,
    )
    types = {str(column.attributes.get("type")) for column in columns if column}
    if None in columns or len(types) != 1 or not types <= _MAX_VALUES.keys():
        return None
    greatest = _MAX_VALUES[types.pop()]
    for fact in (sides.old, sides.new):
        maximum, increment = fact.attributes.get("maximum"), fact.attributes.get("increment")
        if maximum != _MAX_VALUES.get(str(fact.attributes.get("type"))) or maximum is None:
            return None
        if maximum < greatest or fact.attributes.get("cycle"):
            return None
        if not isinstance(increment, int) or increment <= 0:
            return None
    return "form"


def _privileges(attribute: str) -> _Rule:
    """A rule: ``form`` if only MAINTAIN differs, which a dump from before PostgreSQL 17 lacks."""

    def rule(sides: Sides) -> Impact | None:
        """The impact of a changed list of privileges."""
        old, new = (
            {str(one) for one in value} if isinstance(value, list) else set()
            for value in (sides.old.attributes.get(attribute), sides.new.attributes.get(attribute))
        )
        if old ^ new != {"MAINTAIN"} or old & new != _OLD_TABLE_PRIVILEGES:
            return None  # ALL was not granted, so MAINTAIN was granted by its name
        if any(int(major) < 17 for major in sides.majors if major.isdigit()):
            return "comment"
        return "form"

    return rule


def _extension_version(sides: Sides) -> Impact | None:
    """``comment`` between two major versions, each of which has its own version of it."""
    return "comment" if len(sides.majors) == 2 else None


_RULES: Final[Mapping[tuple[str, str], _Rule]] = {
    ("function", "body"): _body,
    ("procedure", "body"): _body,
    ("sequence", "type"): _sequence_type,
    ("privilege", "privileges"): _privileges("privileges"),
    ("privilege", "grantable"): _privileges("grantable"),
    ("extension", "version"): _extension_version,
}
_REASONS: Final[Mapping[tuple[str, Impact], str]] = {
    ("body", "form"): "only white space or the case of key words differs",
    ("body", "comment"): "only comments in the body differ",
    ("type", "form"): "both types cover the range of the column that owns the sequence",
    ("privileges", "form"): "only MAINTAIN is missing, which PostgreSQL 17 added",
    ("grantable", "form"): "only MAINTAIN is missing, which PostgreSQL 17 added",
    ("privileges", "comment"): "the servers are PostgreSQL {majors}: MAINTAIN exists since 17",
    ("grantable", "comment"): "the servers are PostgreSQL {majors}: MAINTAIN exists since 17",
    ("version", "comment"): "the servers are PostgreSQL {majors}: each has its own version",
}
