"""Shrink an example while it has the same cause; smaller variants run in batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, TypeAlias

from pytest_schema_parity.behavior.statements.example import Example, ResultPair
from pytest_schema_parity.behavior.statements.generated_statement import NULL, GeneratedStatement
from pytest_schema_parity.behavior.statements.role_statements import nobody_signed_in

ROUNDS: Final = 40
"""How often an example is replaced by a smaller variant of one kind, in a row."""
MAX_VARIANTS: Final = 300
"""How many smaller variants of one example are tried."""
FIRST_BATCH: Final = 16
"""How many of them are tried in the first batch."""
NUMBER: Final = re.compile(r"(?<![\w.-])\d{1,9}(?![\w.])")

Shows: TypeAlias = Callable[[Sequence[Example], Sequence[ResultPair]], int | None]
"""Returns the index of the first example that shows the cause; None if none does."""
Variants: TypeAlias = Callable[[Example], Iterator[Example]]
Run: TypeAlias = Callable[[Sequence[Example]], list[ResultPair]]


def shrink(example: Example, run: Run, shows: Shows) -> Example:
    """The smallest variant of an example that still has the same cause."""
    while True:
        example = _shrink_by(_shorter, example, run, shows)
        simpler = _shrink_by(_simpler, example, run, shows)
        if simpler is example:
            return example
        example = simpler


def _shrink_by(variants: Variants, example: Example, run: Run, shows: Shows) -> Example:
    """Replace an example by its first variant with the same cause, until none has it."""
    for _ in range(ROUNDS):
        found = _first_that_shows(islice(variants(example), MAX_VARIANTS), run, shows)
        if found is None:
            break
        example = found
    return example


def _first_that_shows(examples: Iterator[Example], run: Run, shows: Shows) -> Example | None:
    """The first example with the cause; batches grow, as mostly an early one has it."""
    size = FIRST_BATCH
    while batch := list(islice(examples, size)):
        if (at := shows(batch, run(batch))) is not None:
            return batch[at]
        size *= 2
    return None


def _shorter(example: Example) -> Iterator[Example]:
    yield from _without_statements(example)
    yield from _with_rows_merged(example)
    yield from _without_columns(example)


def _without_statements(example: Example) -> Iterator[Example]:
    count = len(example.statements)
    size = count // 2
    while size:
        for start in range(0, count, size):
            kept = example.statements[:start] + example.statements[start + size :]
            shorter = replace(example, statements=kept)
            if kept and _roles(shorter) == _roles(example):
                yield shorter
        size //= 2


def _roles(example: Example) -> list[str]:
    """The statements that change the role, which variants keep."""
    return [each.text for each in example.statements if each.kind == "role"]


def _with_rows_merged(example: Example) -> Iterator[Example]:
    """Variants without one row: later statements use the values of an earlier row instead."""
    for at, statement in enumerate(example.statements):
        for earlier in example.statements[:at]:
            if statement.kind == earlier.kind == "insert" and statement.table == earlier.table:
                kept = dict(earlier.values)
                other = {v: kept[c] for c, v in statement.values if kept.get(c, v) != v}
                later = tuple(
                    _with_values_replaced(each, other) for each in example.statements[at + 1 :]
                )
                yield replace(example, statements=(*example.statements[:at], *later))


def _with_values_replaced(
    statement: GeneratedStatement, other: Mapping[str, str]
) -> GeneratedStatement:
    values = tuple((column, other.get(value, value)) for column, value in statement.values)
    where = tuple((column, other.get(value, value)) for column, value in statement.where)
    return replace(statement, values=values, where=where)


def _without_columns(example: Example) -> Iterator[Example]:
    """Variants without some columns of one statement: without all, halves, …, single ones."""
    for at, statement in enumerate(example.statements):
        columns = [column for column, _ in statement.values]
        least = 1 if statement.kind == "update" else 0
        size = len(columns)
        while size:
            for start in range(0, len(columns), size):
                gone = frozenset(columns[start : start + size])
                if len(columns) - len(gone) >= least and statement.kind in ("insert", "update"):
                    yield _with_statement(example, at, statement.without(gone))
            size //= 2


def _simpler(example: Example) -> Iterator[Example]:
    for at, statement in enumerate(example.statements):
        if (nobody := nobody_signed_in(statement)) != statement:
            yield _with_statement(example, at, nobody)
        for place, (column, value) in enumerate(statement.values):
            for other in _simpler_values(value):
                values = list(statement.values)
                values[place] = (column, other)
                yield _with_statement(example, at, replace(statement, values=tuple(values)))


def _simpler_values(value: str) -> Iterable[str]:
    """Variants of a value with a smaller number: 0, 1, half of it, three quarters, …, one less."""
    if value == NULL or not (value[:1].isdigit() or value.startswith(("'{", "'["))):
        return
    for match in NUMBER.finditer(value):
        number = int(match[0])
        tried = {0, 1} if number > 1 else set()
        step = number
        while step > 1:
            step //= 2
            tried.add(number - step)
        for smaller in sorted(each for each in tried if each < number):
            yield value[: match.start()] + str(smaller) + value[match.end() :]


def _with_statement(example: Example, at: int, statement: GeneratedStatement) -> Example:
    statements = (*example.statements[:at], statement, *example.statements[at + 1 :])
    return replace(example, statements=statements)
