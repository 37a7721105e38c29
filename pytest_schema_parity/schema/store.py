"""Write and read schemas as JSON text: sorted, one fact a line, so that diffs are short."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar

from pytest_schema_parity.errors import SchemaFormatError
from pytest_schema_parity.schema.fact import UNKNOWN, Fact, Key, Origin, Place
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.showing import suggestion

SCHEMA_VERSION: Final = 1
"""The version of the format; raise it with a change that older readers would misread."""

_REMEDY: Final = "write the file again with Schema.to_json()"
_MAX_DEPTH: Final = (
    16  # a fact has at most some three ancestors; with more, the parents form a cycle
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Stored:
    """The contents of a stored schema: its facts, the server's version, and the platform."""

    facts: list[Fact]
    version: str
    platform: str | None


def to_json(facts: Mapping[Key, Fact], *, version: str, platform: str | None) -> str:
    """A schema as text that :func:`from_json` reads back unchanged, origins included."""
    head = {"schema_version": SCHEMA_VERSION, "version": version, "platform": platform}
    texts = [_text(_fact_to_json(facts[key])) for key in sorted(facts)]
    lines = ",\n".join(texts)
    return f'{_text(head)[:-1]}, "facts": [\n{lines}\n]}}\n'


def from_json(text: str | bytes) -> Stored:
    """The schema that :func:`to_json` wrote.

    Raises :class:`~pytest_schema_parity.errors.SchemaFormatError`, with the position in the
    document and a remedy.
    """
    document = _require_type(_parse(text), dict, "the document")
    version = _require_type(document.get("schema_version"), int, "schema_version")
    if version != SCHEMA_VERSION:
        raise SchemaFormatError(
            f"schema_version is {version}, but this release reads {SCHEMA_VERSION}: "
            + ("upgrade pytest-schema-parity" if version > SCHEMA_VERSION else _REMEDY)
        )
    _require_known_fields(
        document, {"schema_version", "version", "platform", "facts"}, "the document"
    )
    facts = [
        _fact(one, f"facts[{number}]")
        for number, one in enumerate(_require_type(document.get("facts"), list, "facts"))
    ]
    _check_family(facts)
    return Stored(
        facts,
        version=_require_type(document.get("version"), str, "version"),
        platform=_optional(document.get("platform"), str, "platform"),
    )


_FIELDS: Final = frozenset(
    {"kind", "name", "parent", "attributes", "made", "changed", "places", "provided"}
)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _fact_to_json(fact: Fact) -> dict[str, object]:
    """A fact as a JSON object; empty fields are left out."""
    fields: dict[str, object] = {"kind": fact.kind, "name": fact.name}
    if fact.parent:
        fields["parent"] = fact.parent
    if fact.attributes:
        fields["attributes"] = dict(sorted(fact.attributes.items()))
    for when, place in (("made", fact.origin.made), ("changed", fact.origin.changed)):
        if place:
            fields[when] = [place.file, place.line]
    if fact.origin.attributes:
        places = sorted(fact.origin.attributes.items())
        fields["places"] = {name: [place.file, place.line] for name, place in places}
    if fact.provided:
        fields["provided"] = True
    return fields


def _fact(value: object, where: str) -> Fact:
    """A fact from its JSON object; raises SchemaFormatError."""
    fields = _require_type(value, dict, where)
    _require_known_fields(fields, set(_FIELDS), where)
    made = _location(fields.get("made"), f"{where}.made")
    changed = _location(fields.get("changed"), f"{where}.changed")
    places = {
        name: place
        for name, value in _require_type(fields.get("places", {}), dict, f"{where}.places").items()
        if (place := _location(value, f"{where}.places.{name}"))
    }
    fact = Fact(
        kind=_require_type(fields.get("kind"), str, f"{where}.kind"),
        name=_require_type(fields.get("name"), str, f"{where}.name"),
        attributes=_require_type(fields.get("attributes", {}), dict, f"{where}.attributes"),
        parent=_parent(fields.get("parent"), f"{where}.parent"),
        origin=Origin(made, changed, places) if made or changed or places else UNKNOWN,
        provided=_require_type(fields.get("provided", False), bool, f"{where}.provided"),
    )
    order = kind_of(fact.kind).order
    if order and order in fact.attributes and fact.rank is None:
        _fail(f"{where}.attributes.{order}", "a whole number", fact.attributes[order])
    return fact


def _parent(value: object, where: str) -> Key | None:
    if value is None:
        return None
    parent = _require_type(value, list, where)
    if [type(part) for part in parent] != [str, str]:
        _fail(where, "[kind, name]", value)
    return (parent[0], parent[1])


def _location(value: object, where: str) -> Place | None:
    if value is None:
        return None
    place = _require_type(value, list, where)
    if [type(part) for part in place] != [str, int]:
        _fail(where, "[file, line]", value)
    return Place(place[0], place[1])


def _check_family(facts: list[Fact]) -> None:
    """Raise SchemaFormatError if two facts have one key, or parents form a cycle."""
    parents: dict[Key, Key | None] = {}
    for fact in facts:
        if fact.key in parents:
            raise SchemaFormatError(f"{fact.kind} {fact.name} occurs twice; {_REMEDY}")
        parents[fact.key] = fact.parent
    for fact in facts:
        above, depth = fact.parent, 0
        while above:
            above, depth = parents.get(above), depth + 1
            if depth > _MAX_DEPTH:
                raise SchemaFormatError(
                    f"the parents of {fact.kind} {fact.name} form a cycle; {_REMEDY}"
                )


def _parse(text: str | bytes) -> object:
    """Parse JSON strictly (RFC 8259): no NaN, no infinity, no name twice in one object."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_number,
            parse_float=_number,
        )
    except (ValueError, RecursionError) as error:  # bad JSON or UTF-8, huge numbers, deep nesting
        raise SchemaFormatError(f"this is not a stored schema: {error}; {_REMEDY}") from error


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} occurs twice in one object")
    return fields


def _number(digits: str) -> float:
    return number if math.isfinite(number := float(digits)) else _refuse_number(digits)


def _refuse_number(digits: str) -> NoReturn:
    raise ValueError(f"{digits} is not a number that JSON can hold")


def _require_type(value: Any, wanted: type[_T], where: str) -> _T:
    """The value; raises SchemaFormatError if it is of another type."""
    if type(value) is not wanted:
        _fail(where, _WORDS[wanted], value)
    return value


def _optional(value: Any, wanted: type[_T], where: str) -> _T | None:
    return None if value is None else _require_type(value, wanted, where)


def _require_known_fields(fields: Mapping[str, object], known: set[str], where: str) -> None:
    """Raise SchemaFormatError for an unknown field, with a similar name."""
    for name in fields.keys() - known:
        near = suggestion(name, known)
        hint = f"did you mean {near!r}?" if near else _REMEDY
        raise SchemaFormatError(f"{where} has an unknown field {name!r}; {hint}")


def _fail(where: str, wanted: str, value: object) -> NoReturn:
    """Raise SchemaFormatError for a value of another type than wanted."""
    found = "nothing" if value is None else _WORDS[type(value)]
    raise SchemaFormatError(f"{where}: expected {wanted}, found {found}; {_REMEDY}")


_WORDS: Final[Mapping[type, str]] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}
