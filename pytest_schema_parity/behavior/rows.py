"""Row parity: the same seed data, and what every view of both trees gives for it.

Rows are compared as multisets, columns by name, values by the text that the server sends, so
nothing is rounded: 1.0 and 1.00 of one type are two values, as they are to a client.  Where the
two trees give a column different types, which the structural checks tell, the types alone make no
row differ: numbers are compared as numbers, and UTC times without their zone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import psycopg

from pytest_schema_parity.behavior.findings import Row, RowFindings, RowProblem, ViewRows
from pytest_schema_parity.behavior.pairing import forgive_clock, pair_rows
from pytest_schema_parity.behavior.refresh import call_functions, call_procedures, refresh_views
from pytest_schema_parity.behavior.seeds import load_seeds, problems, read_seed
from pytest_schema_parity.behavior.sides import Side, Sides, open_sides
from pytest_schema_parity.schema.facts import Schema

VIEWS: Final = frozenset({"view", "materialized view"})
NUMBERS: Final = frozenset({20, 21, 23, 700, 701, 1700})
"""The oids of bigint, smallint, integer, real, double precision and numeric."""
TIMES: Final = frozenset({1114, 1184})
"""The oids of timestamp without and with time zone."""


def compare_rows(
    *,
    reference: str,
    candidate: str,
    reference_schema: Schema,
    candidate_schema: Schema,
    reference_name: str,
    candidate_name: str,
    seeds: Iterable[Path] = (),
    root: Path | None = None,
    statement_timeout: float | None = None,
) -> RowFindings:
    """Load seeds into two scratch databases and compare what the views that both have give.

    ``reference`` and ``candidate`` are conninfos of databases that are written to; ``root`` is the
    directory that seed files are named from (the current one by default); ``statement_timeout`` is
    in seconds.  Loads the seeds in order, refreshes materialized views, calls the trees' own
    refresh routines, and reads the views, all at one instant (see
    :mod:`pytest_schema_parity.behavior.instant`).
    """
    read = [read_seed(path, root or Path.cwd()) for path in seeds]
    schemas = {reference_name: reference_schema, candidate_name: candidate_schema}
    trees = ((reference_name, reference), (candidate_name, candidate))
    with open_sides(*trees, statement_timeout=statement_timeout) as sides:
        found = list(load_seeds(sides, read))
        found += refresh_views(sides)
        stale = {problem.subject for problem in found if problem.step == "refresh"}
        found += call_functions(sides, schemas)
        views = []
        for name in shared_views(reference_schema, candidate_schema):
            if name not in stale:
                view, failed = _compare_view(sides, name)
                views += view
                found += failed
        found += call_procedures(sides, schemas)
        return RowFindings(
            reference=reference_name,
            tree=candidate_name,
            views=tuple(views),
            problems=tuple(found),
            seeds=tuple(seed.file for seed in read),
            apart=sides.apart,
        )


def shared_views(reference: Schema, candidate: Schema) -> list[str]:
    """The names of the views, materialized or not, that both trees have and brought themselves."""
    return sorted(_views(reference) & _views(candidate))


@dataclass(frozen=True, slots=True)
class Rows:
    """A view's result: column names and the oids of their types, and the rows as text."""

    columns: tuple[str, ...]
    types: tuple[int, ...]
    rows: tuple[Row, ...]

    def type_of(self, column: str) -> int:
        """The oid of a column's type."""
        return self.types[self.columns.index(column)]

    def picked(self, columns: Sequence[str], readings: Sequence[Callable[[str], str]]) -> list[Row]:
        """The rows with these columns only, each value as its reading reads it."""
        places = [self.columns.index(column) for column in columns]
        chosen = list(zip(places, readings, strict=True))
        return [
            tuple(None if (value := row[at]) is None else reading(value) for at, reading in chosen)
            for row in self.rows
        ]


def compare_results(name: str, reference: Rows, candidate: Rows, *, apart: int = 0) -> ViewRows:
    """Compare two results of one view; the two clocks were ``apart`` microseconds apart."""
    columns = tuple(c for c in reference.columns if c in candidate.columns)
    readings = [_reading(reference.type_of(c), candidate.type_of(c)) for c in columns]
    expected = Counter(reference.picked(columns, readings))
    actual = Counter(candidate.picked(columns, readings))
    missing, extra = expected - actual, actual - expected
    if apart:
        missing, extra = forgive_clock(missing, extra, apart)
    return ViewRows(
        name=name,
        columns=columns,
        only_reference=tuple(c for c in reference.columns if c not in columns),
        only_candidate=tuple(c for c in candidate.columns if c not in columns),
        reference_count=len(reference.rows),
        candidate_count=len(candidate.rows),
        missing=missing.total(),
        extra=extra.total(),
        differing=pair_rows(missing, extra),
    )


def _compare_view(sides: Sides, name: str) -> tuple[list[ViewRows], list[RowProblem]]:
    """Read a view on both sides; the comparison, or what kept it from being made."""
    statement = f"SELECT * FROM {name}"  # noqa: S608 - the catalog quoted the name
    reference, candidate = sides.both(lambda side: _read(side, statement))
    if isinstance(reference, Rows) and isinstance(candidate, Rows):
        return [compare_results(name, reference, candidate, apart=sides.apart)], []
    errors = [None if isinstance(side, Rows) else side for side in (reference, candidate)]
    return [], problems(sides, errors, step="query", subject=name, statement=statement)


def _read(side: Side, statement: str) -> Rows | psycopg.Error:
    """The rows of a query, as the server writes them."""
    side.connection.execute("SAVEPOINT attempt")
    try:
        result = side.connection.execute(statement.encode()).pgresult
    except psycopg.Error as error:
        side.undo(error)
        return error
    side.keep()
    if result is None:
        return Rows((), (), ())
    width = range(result.nfields)
    return Rows(
        tuple((result.fname(at) or b"").decode() for at in width),
        tuple(result.ftype(at) for at in width),
        tuple(
            tuple(
                None if (value := result.get_value(row, at)) is None else value.decode()
                for at in width
            )
            for row in range(result.ntuples)
        ),
    )


def _reading(reference: int, candidate: int) -> Callable[[str], str]:
    """How values of a column are read whose type has these oids on the two sides."""
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
    return text.removesuffix("+00")


def _views(schema: Schema) -> set[str]:
    return {fact.name for fact in schema if fact.kind in VIEWS and not fact.provided}
