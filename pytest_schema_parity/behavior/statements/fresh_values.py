"""Generate values of every type as SQL, by number."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

from pytest_schema_parity.behavior.statements.generated_statement import literal
from pytest_schema_parity.behavior.statements.model import Type

INTEGERS: Final = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
FLOATS: Final = frozenset({"real", "double precision"})
LENGTH: Final = re.compile(r"^(character varying|character|bit|bit varying)(?:\((\d+)\))?$")
NUMERIC: Final = re.compile(r"^numeric(?:\((\d+),(-?\d+)\))?$")
TEMPORAL: Final = re.compile(r"^(date|time|timestamp)(\(\d\))?( with(out)? time zone)?$")

SAMPLES: Final = {
    "point": "({n},{n})",
    "line": "{{1,2,{n}}}",
    "lseg": "[({n},0),(1,1)]",
    "box": "(({n},1),(0,0))",
    "path": "[({n},0),(1,1)]",
    "polygon": "(({n},0),(1,1),(0,1))",
    "circle": "<({n},0),1>",
    "tsvector": "word{n}",
    "tsquery": "word{n}",
    "xml": "<a>{n}</a>",
    "money": "{n}.00",
    "macaddr": "08:00:2b:01:{hi:02x}:{lo:02x}",
    "macaddr8": "08:00:2b:01:02:03:{hi:02x}:{lo:02x}",
    "inet": "10.1.{hi}.{lo}",
    "cidr": "10.1.{hi}.{lo}/32",
    "uuid": "00000000-0000-4000-8000-{n:012x}",
    "bytea": "\\x{n:04x}",
    "interval": "{n} hours",
    "pg_lsn": "0/{n:X}",
    "hstore": '"key"=>"{n}"',
    "ltree": "node{n}",
    "oid": "{n}",
}


@lru_cache(maxsize=50_000)
def fresh(kind: Type, number: int, name: str = "value") -> str:
    """The value with this number (from 1) of a type; types with few values repeat them."""
    base = kind.name
    if kind.kind == "e":
        return literal(kind.labels[(number - 1) % len(kind.labels)]) if kind.labels else "NULL"
    if kind.element is not None:
        return literal("{" + _element(fresh(kind.element, number, name)) + "}")
    if kind.kind == "c":
        return literal("(" + ",".join(_element(fresh(f, number, name)) for f in kind.fields) + ")")
    if kind.kind in ("r", "m"):
        return _range(kind, number, name)
    if base in INTEGERS or base in FLOATS:
        return str(number)
    if found := NUMERIC.match(base):
        return _numeric(found, number)
    if base == "boolean":
        return "false" if number % 2 else "true"
    if TEMPORAL.match(base):
        return _moment(base, number)
    if base in ("json", "jsonb"):
        return literal(json.dumps({"n": number}))
    if sample := SAMPLES.get(base):
        high, low = divmod(number, 256)
        return literal(sample.format(n=number, hi=high % 256, lo=low))
    return literal(_text(base, number, name))


def _element(value: str) -> str:
    """A value inside an array or row constant."""
    text = value[1:-1].replace("''", "'") if value.startswith("'") else value
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _range(kind: Type, number: int, name: str) -> str:
    below = kind.subtype or Type("integer")
    bounds = (_element(fresh(below, 2 * number + more, name)) for more in (0, 1))
    text = "[" + ",".join(bounds) + ")"
    return literal("{" + text + "}" if kind.name.endswith("multirange") else text)


def _numeric(found: re.Match[str], number: int) -> str:
    if found[1] is None:
        return str(number)
    precision, scale = int(found[1]), int(found[2])
    whole = precision - scale
    if whole > 0:
        return str(number % 10**whole)
    return str(Decimal(number % 10**precision).scaleb(-scale))


def _moment(base: str, number: int) -> str:
    """Days and minutes from a fixed date on, so that statements are the same in each run."""
    hours, minutes = divmod(number, 60)
    clock = f"{hours % 24:02}:{minutes:02}:00"
    if base == "date":
        return literal(f"{2020 + number // 336}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}")
    if base.startswith(("time ", "time(")) or base in ("time", "timetz"):
        return literal(clock)
    return literal(f"2020-01-{hours // 24 % 28 + 1:02} {clock}")


def _text(base: str, number: int, name: str) -> str:
    found = LENGTH.match(base)
    if found is None or (found[2] is None and "character" in base and base != "character"):
        return f"{name.strip(chr(34))}{number}"
    length = int(found[2] or 1)
    if base.startswith("bit"):
        return format(number % 2**length, f"0{length}b")
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return f"{name.strip(chr(34))[: max(0, length - len(digits))]}{digits}"[-length:]
