"""Trees of migrations: named, with their files in the order in which they are applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.migrations.layouts import Listing, detect_layout, get_layout
from pytest_schema_parity.migrations.other_tools import refuse_directory, refuse_marked
from pytest_schema_parity.migrations.sql_file import read_sql
from pytest_schema_parity.showing import printable, suggestion


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """A file of a tree; ``name`` is its path as a user would write it, from the project's root.

    ``refused`` is the reason for which the tree's tool would fail on it, else None.
    """

    path: Path
    name: str
    refused: str | None = None

    def read(self) -> str:
        """The text of the file; raise ScriptError if no server could read it."""
        return read_sql(self.path, file=self.name)


@dataclass(frozen=True, slots=True)
class Tree:
    """A named source of a schema: migrations in order.

    ``skipped`` names the files that the tool skips, with the reason.
    """

    name: str
    layout: str
    files: tuple[MigrationFile, ...]
    skipped: tuple[tuple[str, str], ...] = ()


def load_tree(
    name: str,
    *,
    root: Path,
    path: str | Path | None = None,
    files: Sequence[str | Path] = (),
    layout: str | None = None,
) -> Tree:
    """Find a tree's files; raise TreeError if there are none, or more than one layout fits.

    Also raised for the files of a tool that has no layout here and would be misread.

    ``path`` (from ``root``) is listed by its ``layout``, or by the one that fits; ``files`` name
    them one by one instead, in the order in which they were deployed, from ``path`` or ``root``.
    """
    if path is None and not files:
        raise TreeError(f"tree {name!r} has neither a path nor files")
    try:
        listing, chosen = list_files(root / path if path is not None else root, files, layout)
    except TreeError as error:
        raise TreeError(printable(f"tree {name!r}: {error}")) from None
    return Tree(
        name,
        chosen or "files",
        tuple(
            MigrationFile(file, _shown_path(file, root), listing.refused.get(file))
            for file in listing.files
        ),
        tuple((_shown_path(file, root), reason) for file, reason in listing.skipped),
    )


def list_files(
    base: Path, files: Sequence[str | Path] = (), layout: str | None = None
) -> tuple[Listing, str | None]:
    """The files of a directory, or those that are named, and their layout.  Raises TreeError."""
    if files:
        listing = _list_named_files(base, files)
        chosen = layout if layout is None else get_layout(layout).name
    else:
        listing, chosen = _list_directory(base, layout)
    refuse_marked(listing.files)
    return listing, chosen


def missing_file(path: Path) -> str | None:
    """Why a path cannot be a file of a tree, with the name that was probably meant; else None."""
    return None if path.is_file() else f"{path} is not a file{_suggestion(path)}"


def _list_directory(path: Path, layout: str | None) -> tuple[Listing, str]:
    """The files that a layout lists at a path, and its name."""
    chosen = None if layout is None else get_layout(layout)
    if not path.exists():
        raise TreeError(f"{path} does not exist{_suggestion(path)}")
    refuse_directory(path)
    chosen = chosen or detect_layout(path)
    listing = chosen.list_files(path)
    if not listing.files:
        passed = f" ({len(listing.skipped)} SQL files have other names)" if listing.skipped else ""
        raise TreeError(f"{path} contains no migrations{passed}. Looked for: {chosen.looks_for}")
    return listing, chosen.name


def _list_named_files(base: Path, files: Sequence[str | Path]) -> Listing:
    """The files that a configuration names one by one."""
    paths = tuple(base / file for file in files)
    for position, path in enumerate(paths):
        if (mistake := missing_file(path)) is not None:
            raise TreeError(mistake)
        if path in paths[:position]:
            raise TreeError(f"{path} is listed twice")
    return Listing(paths)


def _suggestion(path: Path) -> str:
    """``: did you mean …?`` with the most similar name in the same directory; else empty."""
    try:
        neighbours = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    close = suggestion(path.name, neighbours)
    return f": did you mean {close}?" if close else ""


def _shown_path(path: Path, root: Path) -> str:
    """A path as a user would write it: relative to the root if it is below, with slashes."""
    absolute, top = path.absolute(), root.absolute()
    return (absolute.relative_to(top) if absolute.is_relative_to(top) else absolute).as_posix()
