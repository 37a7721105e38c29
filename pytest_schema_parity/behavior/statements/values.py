"""Generate values of every type as SQL: fresh ones by number, and candidates from literals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from typing import Final

from pytest_schema_parity.behavior.statements.literals import Literals
from pytest_schema_parity.behavior.statements.model import Column, Type
from pytest_schema_parity.behavior.statements.statement import literal

INTEGERS: Final = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}
FLOATS: Final = frozenset({"real", "double precision"})
LENGTH: Final = re.compile(r"^(character varying|character|bit|bit varying)(?:\((\d+)\))?$")
NUMERIC: Final = re.compile(r"^numeric(?:\((\d+),(-?\d+)\))?$")
TEMPORAL: Final = re.compile(r"^(date|time|timestamp)(\(\d\))?( with(out)? time zone)?$")
LONGEST: Final = 300
"""Numbers up to this are also tried as lengths of texts."""
WIDEST_PATTERN: Final = 60
ADDRESS: Final = re.compile(r"'[^']*@[^']*'")
"""A constant with the sign of e-mail addresses, which is part of operators as well."""
CASES: Final[dict[str, Callable[[str], str]]] = {
    "upper": str.upper,
    "lower": str.lower,
    "initcap": str.capitalize,
}

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


def fresh(kind: Type, number: int, name: str = "value") -> str:
    """The value of this number (from 1) of a type; small types repeat theirs."""
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


def candidates(column: Column, literals: Literals, *, more: Iterable[str] = ()) -> list[str]:
    """Values of a column that the constants of both sides suggest, without repetition.

    ``more`` are further constants that may belong to the column.
    """
    kind = column.type
    compared = literals.compared.get(column.name, set()) | set(more)
    labels = [label for label in column.types[0].labels if label in column.types[1].labels]
    if kind.kind == "e":
        return [literal(label) for label in labels]
    if kind.name == "boolean":
        return ["true", "false"]
    if TEMPORAL.match(kind.name):
        return _moments(kind.name, compared, literals)
    if kind.name in ("json", "jsonb"):
        return _documents(literals)
    if kind.name in INTEGERS or kind.name in FLOATS or NUMERIC.match(kind.name):
        return _numbers(kind, compared)
    if kind.name == "text" or kind.name.startswith("character"):
        return _texts(kind, column.name, compared, literals)
    if kind.element is not None:
        members = [_element(literal(each)) for each in sorted(compared)]
        whole = ["{}", *("{" + each + "}" for each in members)]
        return [literal(each) for each in [*whole, "{" + ",".join(members) + "}"]]
    return [literal(each) for each in sorted(compared)]


def spelled(column: Column, expressions: Iterable[str], count: int) -> list[str]:
    """Texts in upper or lower case, and e-mail addresses, where conditions mention these."""
    found = LENGTH.match(column.type.name)
    if column.type.name not in ("text", "citext") and not (found and "char" in found[1]):
        return []
    longest = int(found[2]) if found and found[2] else LONGEST
    plain = [fresh(column.type, n, column.name)[1:-1] for n in range(1, count + 1)]
    joined = " ".join(expressions)
    texts = []
    if ADDRESS.search(joined):
        texts += [f"{text.lower()}@example.org" for text in plain]
        texts += [f"{chr(ord('a') + n)}@b.org" for n in range(min(count, 26))]
    for case, change in CASES.items():
        if re.search(rf"\b{case}\s*\(", joined, re.IGNORECASE):
            texts += [change(text) for text in [*plain, *texts]]
    return [literal(text) for text in dict.fromkeys(texts) if len(text) <= longest]


def _numbers(kind: Type, compared: Iterable[str]) -> list[str]:
    found: set[Decimal] = set()
    for text in compared:
        try:
            number = Decimal(text)
        except InvalidOperation:
            continue
        found |= {number, number + 1, number - 1}
        if kind.name not in INTEGERS:
            found |= {number + Decimal("0.5"), number - Decimal("0.5")}
    ordered = sorted(found)
    for low, high in pairwise(ordered):
        if high - low > 2:
            found.add((low + high) // 2)
    if kind.name in INTEGERS:
        limit = INTEGERS[kind.name]
        found = {each for each in found if each == int(each) and abs(each) <= limit}
    elif (exact := NUMERIC.match(kind.name)) and exact[1]:
        limit = 10 ** (int(exact[1]) - int(exact[2]))
        found = {each for each in found if abs(each) < limit}
    return [format(each.normalize(), "f") for each in sorted(found)]


def _texts(kind: Type, name: str, compared: set[str], literals: Literals) -> list[str]:
    found = LENGTH.match(kind.name)
    longest = int(found[2]) if found and found[2] else None
    texts = dict.fromkeys(sorted(each for each in compared if not each.isdigit()))
    for number in sorted(int(each) for each in compared if each.isdigit()):
        texts[str(number)] = None
        if number <= LONGEST:
            lengths = {number - 1, number, number + 1}
            texts.update((("x" * length), None) for length in sorted(lengths) if length >= 0)
    for pattern in sorted(literals.patterns.get(name, ())):
        texts.update((text, None) for text in matching(pattern))
    for each in list(texts):
        texts.setdefault(each.swapcase())
    return [literal(text) for text in texts if longest is None or len(text) <= longest]


@lru_cache(maxsize=256)
def matching(pattern: str, count: int = 4) -> list[str]:
    """Texts that match a regular expression, and one that does not; none without Hypothesis.

    The search runs in a thread: the caller may be a Hypothesis test, and Hypothesis fails on a
    search inside of a test.
    """
    if find_spec("hypothesis") is None:
        return []
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_search_matching, pattern, count).result()


def _search_matching(pattern: str, count: int) -> list[str]:
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis import strategies as st
    from hypothesis.errors import NoSuchExample

    try:
        compiled = re.compile(pattern, re.ASCII)
        strategy = st.from_regex(compiled).filter(lambda text: len(text) <= WIDEST_PATTERN)
        found: list[str] = []
        quiet = settings(
            database=None, derandomize=True, phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck), max_examples=200,
        )  # fmt: skip
        while len(found) < count:
            found.append(find(strategy, _new_text(found), settings=quiet))
    except NoSuchExample:
        pass
    except re.error:
        return []
    return [*found, "no match", ""]


def _new_text(known: Iterable[str]) -> Callable[[str], bool]:
    """A filter that accepts texts whose pattern of signs and digits was not seen before."""
    shapes = set(map(_shape, known))
    return lambda text: text.isascii() and text.isprintable() and _shape(text) not in shapes


def _shape(text: str) -> str:
    return re.sub(
        "[a-zA-Z]+", "a", re.sub("[0-9]{2,}", "00", re.sub("(?<![0-9])[0-9](?![0-9])", "0", text))
    )


def _moments(base: str, compared: Iterable[str], literals: Literals) -> list[str]:
    """Times around the constants of the SQL, and around now minus each of its intervals."""
    if base.startswith("time "):
        return [literal(each) for each in sorted(compared) if re.match(r"^\d\d:\d\d", each)]
    fixed = [literal(each) for each in sorted(compared) if re.match(r"^\d{4}-\d\d-\d\d", each)]
    found = list(fixed)
    for each in fixed:
        kind = base.split("(")[0].split(" ")[0]
        step = "1 day" if base == "date" else "1 second"
        found += [f"{kind} {each} - interval '{step}'", f"{kind} {each} + interval '{step}'"]
    for span in sorted(literals.intervals):
        for start in ("CURRENT_DATE", "now()"):
            moment = f"{start} - interval {literal(span)}"
            found += [moment, f"{moment} - interval '1 second'", f"{moment} + interval '1 second'"]
        found += [f"CURRENT_DATE - interval {literal(span)} - interval '1 day'"]
        found += [f"now() + interval {literal(span)}"]
    return [*found, "now()", "CURRENT_DATE"]


def _documents(literals: Literals) -> list[str]:
    """JSON documents with the keys and constants of the SQL."""
    words = {each for each in literals.strings if re.fullmatch(r"[A-Za-z_]\w*", each)}
    documents: dict[str, None] = {"{}": None, "[]": None, "null": None, '"text"': None}
    numbers: set[int] = set()
    for text in literals.numbers:
        if text.isdigit() and len(text) < 7:
            numbers |= {int(text) - 1, int(text), int(text) + 1}
    values: list[object] = [*sorted(numbers), *sorted(words)[:20]]
    values += [
        text for pattern in sorted(literals.patterns.get("", ())) for text in matching(pattern)
    ]
    values += [None, True, -1, 1.5, [1], {"a": 1}, ""]
    for key in sorted(literals.keys)[:12] or sorted(words)[:6]:
        for value in values:
            documents[json.dumps({key: value})] = None
            if isinstance(value, int) and not isinstance(value, bool):
                documents[json.dumps({key: str(value)})] = None
    return [literal(each) for each in documents]
