"""Compares two results of one view as multisets of rows.

Columns are matched by name.  Values are compared as the text that the server sends, so nothing is
rounded: 1.0 and 1.00 of one type are two values, as they are to a client.  Where a column has
different types in the two trees, which the structural checks report, the types alone make no row
differ: numbers are compared as numbers, and UTC times without their zone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pytest_schema_parity.behavior.row_comparison import ViewRows
from pytest_schema_parity.behavior.row_pairs import pair_rows
from pytest_schema_parity.findings.evidence import Row

NUMBERS: Final = frozenset({20, 21, 23, 700, 701, 1700})
"""The oids of bigint, smallint, integer, real, double precision and numeric."""
TIMES: Final = frozenset({1114, 1184})
"""The oids of timestamp without and with time zone."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """A view's result: column names and the oids of their types, and the rows as text."""

    columns: tuple[str, ...]
    types: tuple[int, ...]
    rows: tuple[Row, ...]

    def type_of(self, column: str) -> int:
        """The oid of a column's type."""
        return self.types[self.columns.index(column)]

    def select_columns(
        self, columns: Sequence[str], converters: Sequence[Callable[[str], str]] | None = None
    ) -> list[Row]:
        """The rows with these columns only, each value converted by its function."""
        indexes = [self.columns.index(column) for column in columns]
        chosen = list(zip(indexes, converters or [str] * len(indexes), strict=True))
        return [
            tuple(None if (value := row[at]) is None else convert(value) for at, convert in chosen)
            for row in self.rows
        ]


def compare_results(
    name: str, reference: QueryResult, candidate: QueryResult, *, left_out: Collection[str] = ()
) -> ViewRows:
    """Compare two results of one view, in the columns that both have and that are not left out."""
    shared = [column for column in reference.columns if column in candidate.columns]
    columns = tuple(column for column in shared if column not in left_out)
    converters = [_converter(reference.type_of(c), candidate.type_of(c)) for c in columns]
    expected = Counter(reference.select_columns(columns, converters))
    actual = Counter(candidate.select_columns(columns, converters))
    missing, extra = expected - actual, actual - expected
    return ViewRows(
        name=name,
        columns=columns,
        only_reference=tuple(c for c in reference.columns if c not in shared),
        only_candidate=tuple(c for c in candidate.columns if c not in shared),
        left_out=tuple(column for column in shared if column in left_out),
        reference_count=len(reference.rows),
        candidate_count=len(candidate.rows),
        missing=missing.total(),
        extra=extra.total(),
        differing=pair_rows(missing, extra),
    )


def volatile_columns(one: QueryResult, other: QueryResult) -> tuple[str, ...] | None:
    """The columns in which two results of one view differ; None if their row counts differ.

    All columns, if each column has the same values on its own but the rows differ.
    """
    if Counter(one.rows) == Counter(other.rows):
        return ()
    if len(one.rows) != len(other.rows):
        return None
    pairs = zip(zip(*one.rows, strict=True), zip(*other.rows, strict=True), strict=True)
    same = [Counter(left) == Counter(right) for left, right in pairs]
    equal_columns = [column for column, equal in zip(one.columns, same, strict=False) if equal]
    if Counter(one.select_columns(equal_columns)) != Counter(other.select_columns(equal_columns)):
        return one.columns
    return tuple(column for column in one.columns if column not in equal_columns)


def chance_columns(
    first: QueryResult, one: QueryResult, later: QueryResult
) -> tuple[str, ...] | None:
    """The columns in which two loads differ; None if the row counts of three loads differ.

    Two loads with random rows can have the same number of rows, so a third is used.
    """
    columns = volatile_columns(one, later)
    return None if columns and len(first.rows) != len(later.rows) else columns


def _converter(reference: int, candidate: int) -> Callable[[str], str]:
    """A function that makes values of two types comparable, given the oids of the types."""
    if reference != candidate and {reference, candidate} <= NUMBERS:
        return _plain_number
    if reference != candidate and {reference, candidate} <= TIMES:
        return _without_zone
    return str


def _plain_number(text: str) -> str:
    """A number written out, without trailing zeros: 1.50 and 1.5 are 1.5, 1e+20 has 21 digits."""
    number = Decimal(text)
    if not number.is_finite():
        return text
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain == "-0" else plain


def _without_zone(text: str) -> str:
    """A timestamp in UTC, without its zone."""
    return text.removesuffix("+00")
