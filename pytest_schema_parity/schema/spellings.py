"""Normalise a fact's attributes: values that PostgreSQL treats alike become equal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from pytest_schema_parity.schema.brackets import Brackets, Node, parse, text_of
from pytest_schema_parity.schema.expressions import canonical, is_array, read_type, rewrite
from pytest_schema_parity.schema.kinds import kind_of

_FULL_PRECISION: Final = re.compile(r"\b((?:timestamp|time|interval)[a-z ]*)\(6\)")
_GENERATED_NOT_NULL: Final = re.compile(r"[^.]+_[^.]+_not_null\d*")
_MODIFIERS: Final = re.compile(r"\([\d,-]+\)(?!.*\()")
_TEXT_TYPES: Final = ("text", "character varying")
_INTEGER_TYPES: Final = ("smallint", "integer", "bigint")
_EXACT_TYPES: Final = (*_INTEGER_TYPES, "numeric")
"""Types without a negative zero."""
_NUMBER_TYPES: Final = (*_EXACT_TYPES, "real", "double precision")
_MAX_DIGITS: Final = 400
_BOOLEAN_OPTION: Final = re.compile(
    r"((?:toast\.)?(?:autovacuum_enabled|vacuum_truncate|vacuum_index_cleanup|user_catalog_table"
    r"|fastupdate|deduplicate_items|autosummarize|buffering))=(.+)"
)
_ON: Final = frozenset({"on", "1", "t", "tr", "tru", "true", "y", "ye", "yes"})
_OFF: Final = frozenset({"of", "off", "0", "f", "fa", "fal", "fals", "false", "n", "no"})
_TYPES_CAST_ALIKE: Final = frozenset(
    {
        *_NUMBER_TYPES,
        *_TEXT_TYPES,
        "boolean",
        "date",
        "time without time zone",
        "time with time zone",
        "timestamp without time zone",
        "timestamp with time zone",
        "uuid",
        "json",
        "jsonb",
    }
)
"""Types for which an assignment gives the same value as an explicit cast."""


def canonical_attributes(kind: str, attributes: Mapping[str, object]) -> dict[str, object]:
    """The normalised attributes of a fact of this kind, without those that have no effect."""
    expressions = kind_of(kind).expressions
    done: dict[str, object] = {}
    for name, value in attributes.items():
        if name == "not_null_name" and isinstance(value, str) and is_generated_not_null(value):
            continue
        if name == "type" and isinstance(value, str):
            value = canonical_type(value)
        elif name == "body" and isinstance(value, str):
            value = canonical(value) if _is_parsed(attributes.get("language"), value) else value
        elif name == "options" and isinstance(value, list):
            value = [_canonical_option(item) for item in value]
        elif name in expressions:
            value = _canonical_value(value)
        done[name] = value
    default, type_ = done.get("default"), done.get("type")
    if isinstance(default, str) and isinstance(type_, str) and "default" in expressions:
        if shown := canonical_default(default, type_):
            done["default"] = shown
        else:
            del done["default"]
    return done


def _canonical_value(value: object) -> object:
    if isinstance(value, str):
        return canonical(value)
    if isinstance(value, list):
        return [_canonical_value(item) for item in value]
    return value


def _canonical_option(item: object) -> object:
    """A storage option with its boolean value written as ``on`` or ``off``."""
    if isinstance(item, str) and (option := _BOOLEAN_OPTION.fullmatch(item)):
        value = option[2].lower()
        word = "on" if value in _ON else "off" if value in _OFF else value
        return f"{option[1]}={word}"
    return item


def _is_parsed(language: object, body: str) -> bool:
    """Whether a function body is stored parsed (SQL standard syntax) and not as a string."""
    return language == "sql" and body.startswith(("BEGIN ATOMIC", "RETURN "))


def is_generated_not_null(name: str) -> bool:
    """Whether PostgreSQL may have made this name of a NOT NULL constraint: table_column_not_null.

    A renamed table or column leaves the old name in it, so any table and column are accepted.
    """
    return _GENERATED_NOT_NULL.fullmatch(name) is not None


def canonical_type(name: str) -> str:
    """A type's name without ``(6)``, the default precision of times and intervals."""
    return _FULL_PRECISION.sub(r"\1", name)


@lru_cache(maxsize=8192)
def canonical_default(text: str, type_: str) -> str | None:
    """One spelling of a default for a column of that type; None if it is NULL.

    The default is assigned to the column.  So a cast that the assignment does anyway is left out,
    and so is the type of a literal if it makes no difference.  NULL is kept for a type that may be
    a domain, which can have a default of its own.
    """
    nodes = parse(text)
    if nodes is None:
        return text
    base = _MODIFIERS.sub("", type_)
    nodes = _without_cast(rewrite(nodes), base)
    if nodes[:1] == ["null"] and _is_literal(nodes) and "." not in type_:
        return None
    return text_of(nodes)


def _without_cast(nodes: list[Node], base: str) -> list[Node]:
    """The expression without casts that assigning it to a column of the base type repeats."""
    while True:
        match nodes:
            case [Brackets(opening="(") as group]:
                nodes = group.nodes
            case [value, "::", *_] if (end := read_type(nodes, 2)) and end[0] == len(nodes):
                if not _is_repeated(value, end[1], base):
                    return _plain_literal(nodes, base)
                nodes = [value]
            case _:
                return _plain_literal(nodes, base)


def _is_repeated(value: Node, type_: list[Node], base: str) -> bool:
    """Whether assigning a value to a column of the base type does the cast anyway."""
    name = text_of(type_)
    if isinstance(value, Brackets):
        return name == base and base in _TYPES_CAST_ALIKE
    if value == "'{}'" and base.endswith("[]"):
        return is_array(type_)
    if not value.startswith("'"):
        return value == "null" or (name == base and base in _TYPES_CAST_ALIKE)
    if base in _TEXT_TYPES:
        return name in _TEXT_TYPES
    if base == "character":
        return name in (*_TEXT_TYPES, "bpchar")
    if base in _NUMBER_TYPES:
        return name == base or {name, base}.issubset(_INTEGER_TYPES)
    return name == base and base in _TYPES_CAST_ALIKE


def _plain_literal(nodes: list[Node], base: str) -> list[Node]:
    """A literal with its number normalised, unless the type keeps the number of digits."""
    match nodes:
        case [str(text)] if base in _NUMBER_TYPES:
            shown = _plain_number(text.strip("'"))
            if shown == "-0" and base in _EXACT_TYPES:
                shown = "0"
            return nodes if shown is None or (base == "numeric" and "." in text) else [shown]
    return nodes


def _plain_number(text: str) -> str | None:
    """A plain number without leading and trailing zeros; None for anything else."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _MAX_DIGITS:
        return None
    shown = f"{number:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _is_literal(nodes: list[Node]) -> bool:
    return len(nodes) == 1
