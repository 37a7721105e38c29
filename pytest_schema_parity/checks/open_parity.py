"""Open a configuration: its server, its trees and its rehearsals, with their checks."""

from __future__ import annotations

from pathlib import Path

from pytest_schema_parity.building import open_trees
from pytest_schema_parity.building.adjustments import UNADJUSTED, Adjustments
from pytest_schema_parity.checks.check import Memory
from pytest_schema_parity.checks.context import context_of
from pytest_schema_parity.checks.parity import Parity
from pytest_schema_parity.config import Config


def open_parity(
    config: Config,
    *,
    bindir: Path | None = None,
    shown_from: Path | None = None,
    run: str | None = None,
    adjustments: Adjustments = UNADJUSTED,
    memory: Memory | None = None,
) -> Parity:
    """Find the server, the platforms and every tree's files; nothing is built yet.

    File names are relative to the directory ``shown_from`` if the configuration lies below it, else
    to the configuration's directory.  See :func:`~pytest_schema_parity.building.open_trees` for
    the rest and for the errors.
    """
    root = shown_from
    if root is None or not config.root.is_relative_to(root):
        root = config.root
    parity = Parity(
        config, root=root, adjustments=adjustments, context_of=context_of, memory=memory
    )
    parity.trees = open_trees(
        config,
        shown_from=root,
        compare=parity.comparison,
        bindir=bindir,
        run=run,
        adjustments=adjustments,
    )
    for rehearsal in config.rehearsals:
        parity.rehearsals[rehearsal.name] = parity.begin(rehearsal)
    return parity
