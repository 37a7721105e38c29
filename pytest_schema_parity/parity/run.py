"""What built trees come to, as the one value that every report is made of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from pytest_schema_parity.errors import SchemaParityError
from pytest_schema_parity.parity.trees import Parity
from pytest_schema_parity.report.run import RunReport, TreeReport

MAKES_NOTHING: Final = "the files of the reference make nothing: there is nothing to compare with"


def run_report(parity: Parity, *, names: Collection[str], with_rows: Collection[str]) -> RunReport:
    """What is known of the trees of these names; builds and compares what is not yet.

    The rows of views are those of the trees ``with_rows``.
    """
    return RunReport(
        reference=parity.config.reference,
        version=parity.site.version,
        source=parity.site.source,
        trees={
            name: _tree_report(parity, name, with_rows=name in with_rows)
            for name in parity
            if name in names
        },
    )


def _tree_report(parity: Parity, name: str, *, with_rows: bool) -> TreeReport:
    files = tuple(file.name for file in parity.trees[name].files)
    try:
        build = parity.build(name)
        if name == parity.config.reference:
            return TreeReport(
                files=files,
                failures=build.failures,
                stand_ins=build.stand_ins,
                error=MAKES_NOTHING if build.is_empty else None,
            )
        judgement = parity.judgement(name)
        stale, expired = parity.dead_allowances(name)
        return TreeReport(
            files=files,
            failures=build.failures,
            stand_ins=build.stand_ins,
            comparison=judgement.comparison,
            allowed=judgement.allowed,
            stale=tuple(stale),
            expired=tuple(expired),
            rows=parity.rows(name) if with_rows else None,
        )
    except SchemaParityError as error:
        return TreeReport(files=files, error=str(error))
