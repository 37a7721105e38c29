"""Supabase: ``<version>_<name>.sql``, sorted by name as its command line sorts them."""

from __future__ import annotations

from pathlib import Path

from pytest_schema_parity.migrations.layouts.layout import (
    TIMESTAMP,
    Layout,
    Listing,
    Numbered,
    lies_below,
    number_of,
)

_LAST_DEPRECATED = "20211209000000"


def _fits(path: Path) -> bool:
    numbered = Numbered.at(path)
    if lies_below(path, "prisma"):
        return False
    return numbered.timestamped or (bool(numbered.files) and lies_below(path, "supabase"))


def _list(path: Path) -> Listing:
    """The files of a directory; a second file of a version is refused."""
    numbered = Numbered.at(path)
    files = list(numbered.files)
    skipped = [(file, "its name is not <version>_<name>.sql") for file in numbered.others]
    if files and _is_old_init(files[0]):
        skipped.append((files.pop(0), "Supabase skips a <version>_init.sql from before 2021-12"))
    refused: dict[Path, str] = {}
    first: dict[str, Path] = {}
    for file in files:
        taken = first.setdefault(number_of(file), file)
        if taken is not file:
            refused[file] = (
                f"version {number_of(file)} is already taken by {taken.name}:"
                " Supabase records each version once and rolls back the second file"
            )
    return Listing(tuple(files), refused, tuple(skipped))


def _is_old_init(file: Path) -> bool:
    """Whether a file is the first migration of an early version of Supabase."""
    number = number_of(file)
    return (
        file.name.endswith("_init.sql") and len(number) == TIMESTAMP and number < _LAST_DEPRECATED
    )


LAYOUT = Layout(
    name="supabase",
    looks_for="<version>_<name>.sql (supabase)",
    fits=_fits,
    list_files=_list,
)
