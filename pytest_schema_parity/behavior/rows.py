"""Loads the same seed data into copies of two trees, and compares the rows of every view.

Values that differ between two loads of the same tree (a generated uuid, the running clock) are not
compared.  So if rows differ, two copies of the reference are loaded, too: columns in which these
differ are left out, and a note names them.  A column that is random in the candidate only differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

import psycopg

from pytest_schema_parity.behavior.comparing import QueryResult, chance_columns, compare_results
from pytest_schema_parity.behavior.connections import OpenSide, OpenSides, open_sides
from pytest_schema_parity.behavior.refresh import call_functions, call_procedures, refresh_views
from pytest_schema_parity.behavior.row_comparison import RowProblem, RowsComparison, ViewRows
from pytest_schema_parity.behavior.same_now import LONG_PATIENCE, PATIENCE
from pytest_schema_parity.behavior.seeds import Seed, load_seeds, problems, read_seed
from pytest_schema_parity.schema.facts import Schema

VIEWS: Final = frozenset({"view", "materialized view"})

Copies: TypeAlias = Callable[[str, str], AbstractContextManager[Sequence[str]]]
"""A context with the conninfos of fresh copies of two trees' databases."""


def compare_rows(
    reference: str,
    candidate: str,
    *,
    schemas: Mapping[str, Schema],
    copies: Copies,
    seeds: Iterable[Path] = (),
    root: Path | None = None,
    statement_timeout: float | None = None,
) -> RowsComparison:
    """Load seeds into copies of two trees' databases and compare the rows of the views of both.

    ``reference`` and ``candidate`` are names of trees, the keys of ``schemas`` and arguments of
    ``copies``; seed files are named relative to ``root`` (by default the current directory);
    ``statement_timeout`` is in seconds.  Loads the seeds in order, refreshes materialized views,
    calls the trees' own refresh routines, and reads the views, all with the same now() (see
    :mod:`pytest_schema_parity.behavior.same_now`).
    """
    names = shared_views(schemas[reference], schemas[candidate])
    read = [read_seed(path, root or Path.cwd()) for path in seeds]
    loader = _Loader(schemas, copies, read, names, statement_timeout)
    loaded = loader.load_and_read(reference, candidate)
    views = loaded.compared()
    if loaded.apart and not all(view.equal for view in views):
        loaded = loader.load_and_read(reference, candidate, patience=LONG_PATIENCE)
        views = loaded.compared()
    not_steady: tuple[str, ...] = ()
    if not all(view.equal for view in views):
        volatile = _volatile_columns(loader, reference, loaded)
        not_steady = tuple(name for name, columns in volatile.items() if columns is None)
        views = loaded.compared(volatile)
    return RowsComparison(
        reference=reference,
        tree=candidate,
        views=tuple(views),
        problems=tuple(loaded.problems),
        seeds=tuple(seed.file for seed in read),
        not_steady=not_steady,
        apart=loaded.apart,
    )


def shared_views(reference: Schema, candidate: Schema) -> list[str]:
    """The names of the views, also materialized ones, of both trees; not those of a platform."""
    return sorted(_views(reference) & _views(candidate))


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The result of loading two databases: each view's rows on both sides, and what failed."""

    apart: int
    results: dict[str, tuple[QueryResult, QueryResult]] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)

    def compared(
        self, left_out: Mapping[str, tuple[str, ...] | None] = MappingProxyType({})
    ) -> list[ViewRows]:
        """Compare the views, each without its ``left_out`` columns; skip views that have None."""
        return [
            compare_results(name, *pair, left_out=columns)
            for name, pair in self.results.items()
            if (columns := left_out.get(name, ())) is not None
        ]


@dataclass(frozen=True, slots=True)
class _Loader:
    """Loads the seeds into fresh copies of two trees, and reads views."""

    schemas: Mapping[str, Schema]
    copies: Copies
    seeds: Sequence[Seed]
    views: Sequence[str]
    statement_timeout: float | None

    def load_and_read(self, one: str, other: str, *, patience: float = PATIENCE) -> _Loaded:
        """Load the seeds into fresh copies of two trees, refresh, and read the views.

        Both get the same now(), if that succeeds within ``patience`` seconds.
        """
        with (
            self.copies(one, other) as conninfos,
            open_sides(
                (one, conninfos[0]),
                (other, conninfos[1]),
                statement_timeout=self.statement_timeout,
                patience=patience,
            ) as sides,
        ):
            loaded = _Loaded(sides.apart)
            loaded.problems.extend(load_seeds(sides, self.seeds))
            loaded.problems.extend(refresh_views(sides))
            stale = {each.subject for each in loaded.problems if each.step == "refresh"}
            loaded.problems.extend(call_functions(sides, self.schemas))
            for name in self.views:
                if name not in stale:
                    _read_view(sides, name, loaded)
            loaded.problems.extend(call_procedures(sides, self.schemas))
            return loaded


def _volatile_columns(
    loader: _Loader, reference: str, loaded: _Loaded
) -> dict[str, tuple[str, ...] | None]:
    """The columns, by view, in which two loads of the reference differ; None if the counts do.

    Two loads with the same now() differ in random values.  If the two trees could not be loaded so,
    columns that depend on now() must be found as well: their load is compared with a later one.
    """
    again = loader.load_and_read(
        reference, reference, patience=PATIENCE if loaded.apart else LONG_PATIENCE
    )
    pairs = {
        name: (loaded.results[name][0], later) if loaded.apart else (one, later)
        for name, (one, later) in again.results.items()
        if name in loaded.results
    }
    return {name: chance_columns(loaded.results[name][0], *pair) for name, pair in pairs.items()}


def _read_view(sides: OpenSides, name: str, loaded: _Loaded) -> None:
    """Read a view on both sides; add its rows, or the errors, to ``loaded``."""
    statement = f"SELECT * FROM {name}"  # noqa: S608 - the catalog quoted the name
    reference, candidate = sides.both(lambda side: _read(side, statement))
    if isinstance(reference, QueryResult) and isinstance(candidate, QueryResult):
        loaded.results[name] = reference, candidate
        return
    errors = [None if isinstance(side, QueryResult) else side for side in (reference, candidate)]
    found = problems(sides, errors, step="query", subject=name, statement=statement)
    loaded.problems.extend(found)


def _read(side: OpenSide, statement: str) -> QueryResult | psycopg.Error:
    """The rows of a query as text, or its error."""
    side.connection.execute("SAVEPOINT attempt")
    try:
        result = side.connection.execute(statement.encode()).pgresult
    except psycopg.Error as error:
        side.undo(error)
        return error
    side.keep()
    if result is None:
        return QueryResult((), (), ())
    width = range(result.nfields)
    return QueryResult(
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


def _views(schema: Schema) -> set[str]:
    return {fact.name for fact in schema if fact.kind in VIEWS and not fact.provided}
