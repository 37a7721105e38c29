"""Open a runner on two databases: read their catalogs, and empty their tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.behavior.connections import open_sides
from pytest_schema_parity.behavior.same_now import LONG_PATIENCE
from pytest_schema_parity.behavior.statements.catalog_document import (
    CatalogDocument,
    leave_out,
    read_document,
    remove,
)
from pytest_schema_parity.behavior.statements.database_specific import database_specific
from pytest_schema_parity.behavior.statements.emptying import empty
from pytest_schema_parity.behavior.statements.external_effects import (
    foreign_tables,
    reaching_outside,
)
from pytest_schema_parity.behavior.statements.merging import merge
from pytest_schema_parity.behavior.statements.renamed_columns import Renamed, rename
from pytest_schema_parity.behavior.statements.runner import Runner

PATIENCE: Final = LONG_PATIENCE
"""Seconds to try to begin both transactions at one instant."""
NO_RENAMES: Final[Renamed] = MappingProxyType({})


@contextmanager
def open_runner(
    reference: tuple[str, str],
    candidate: tuple[str, str],
    omits: Callable[[str], bool] = lambda name: False,  # noqa: ARG005
    roles: Sequence[str] = (),
    renamed: Renamed = NO_RENAMES,
) -> Iterator[Runner]:
    """A runner on the databases of two (tree, conninfo): their tables are empty while it is open.

    ``omits`` returns whether a table or view, by its name, is left out; ``roles`` are those that
    statements may run as; ``renamed`` columns are the same ones under other names.
    """
    with open_sides(reference, candidate, patience=PATIENCE) as sides:
        documents = sides.both(lambda side: read_document(side.connection))
        rename(documents[1], renamed)
        for document in documents:
            leave_out(document, omits)
        reasons: dict[str, str] = {}
        for found in (database_specific, reaching_outside):  # the latter is the graver reason
            reasons |= {**found(documents[1]), **found(documents[0])}
        foreign = foreign_tables(documents[0]).keys() | foreign_tables(documents[1]).keys()
        local = [name for name in _tables_of_both(documents) if name not in foreign]
        for document in documents:
            remove(document, reasons)
        names = _tables_of_both(documents)
        untested = [name for name in local if name not in names]
        emptied = sides.both(lambda side: empty(side.connection, names, untested))
        for each in emptied:
            reasons |= each.kept
        for document in documents:
            remove(document, reasons)
        model = merge(*documents)
        parents = frozenset(filter(omits, model.tables))
        model = replace(model, parents=parents, renamed=renamed)
        truncated = emptied[0].truncated, emptied[1].truncated
        yield Runner(sides, model, reasons, roles, truncated)


def _tables_of_both(documents: Sequence[CatalogDocument]) -> list[str]:
    return [name for name in documents[0]["tables"] if name in documents[1]["tables"]]
