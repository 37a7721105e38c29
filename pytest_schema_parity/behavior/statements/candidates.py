"""Values of a column that the constants of both sides suggest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Final

from pytest_schema_parity.behavior.statements.fresh_values import (
    FLOATS,
    INTEGERS,
    LENGTH,
    NUMERIC,
    TEMPORAL,
    _element,
    fresh,
)
from pytest_schema_parity.behavior.statements.generated_statement import literal
from pytest_schema_parity.behavior.statements.model import Column, Type
from pytest_schema_parity.behavior.statements.regex_samples import texts_matching
from pytest_schema_parity.behavior.statements.sql_constants import Literals

LONGEST: Final = 300
"""Numbers up to this one are also tried as lengths of texts."""


ADDRESS: Final = re.compile(r"'[^']*@[^']*'")
"""A constant with the sign of e-mail addresses, which is part of operators as well."""


CASES: Final[dict[str, Callable[[str], str]]] = {
    "upper": str.upper,
    "lower": str.lower,
    "initcap": str.capitalize,
}


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
    """Texts in upper or lower case, and e-mail addresses, if the expressions mention these."""
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
        texts.update((text, None) for text in texts_matching(pattern))
    for each in list(texts):
        texts.setdefault(each.swapcase())
    return [literal(text) for text in texts if longest is None or len(text) <= longest]


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
        text
        for pattern in sorted(literals.patterns.get("", ()))
        for text in texts_matching(pattern)
    ]
    values += [None, True, -1, 1.5, [1], {"a": 1}, ""]
    for key in sorted(literals.keys)[:12] or sorted(words)[:6]:
        for value in values:
            documents[json.dumps({key: value})] = None
            if isinstance(value, int) and not isinstance(value, bool):
                documents[json.dumps({key: str(value)})] = None
    return [literal(each) for each in documents]
