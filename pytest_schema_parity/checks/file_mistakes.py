"""Check that the files that a configuration names exist, so that one error lists all mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pytest_schema_parity.config import KnownValues, TreeConfig
from pytest_schema_parity.config.locator import KeyPath
from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.migrations.layouts import get_layout
from pytest_schema_parity.migrations.tree import list_files, missing_file
from pytest_schema_parity.platforms import PLATFORMS
from pytest_schema_parity.rehearsal.steps import load_steps


def _mistakes_in_tree(tree: TreeConfig) -> Iterator[tuple[KeyPath, str]]:
    """The mistakes in the layout and the files of a tree that has either a path or files."""
    layout = tree.layout
    if layout is not None:
        try:
            get_layout(layout)
        except TreeError as error:
            yield ("layout",), str(error)
            layout = None
    missing = [(n, missing_file(file)) for n, file in enumerate(tree.files or ())]
    for number, mistake in missing:
        if mistake is not None:
            yield ("files", number), mistake
    if any(mistake for _, mistake in missing):
        return
    key: KeyPath = ("path",) if tree.path is not None else ("files",)
    try:
        list_files(tree.path or Path(), tuple(dict.fromkeys(tree.files or ())), layout)
    except TreeError as error:
        yield key, str(error)


def _mistake_in_steps(directory: Path) -> str | None:
    """Why a directory holds no steps of an upgrade; None if it does."""
    try:
        load_steps(directory)
    except TreeError as error:
        return str(error)
    return None


KNOWN: Final = KnownValues(
    platforms=tuple(PLATFORMS),
    server_platforms=tuple(name for name, each in PLATFORMS.items() if not each.scripts),
    mistakes_in_tree=_mistakes_in_tree,
    mistake_in_steps=_mistake_in_steps,
)
"""The platforms and layouts of this package, and the files of this machine."""
