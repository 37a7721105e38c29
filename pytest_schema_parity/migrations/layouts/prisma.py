"""Prisma: ``<timestamp>_<name>/migration.sql`` by name, or numbered files in one directory."""

from __future__ import annotations

from pathlib import Path

from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.migrations.layouts.layout import Layout, Listing, Numbered, lies_below

_SCRIPT = "migration.sql"


def _directories(path: Path) -> list[Path]:
    """The migrations' directories; hidden ones are left out."""
    if not path.is_dir():
        return []
    inside = (entry for entry in path.iterdir() if entry.is_dir() and entry.name[0] != ".")
    return sorted(inside, key=lambda entry: entry.name.encode(errors="surrogateescape"))


def _fits(path: Path) -> bool:
    if any((directory / _SCRIPT).is_file() for directory in _directories(path)):
        return True
    return bool(Numbered.at(path).files) and (
        (path / "migration_lock.toml").is_file() or lies_below(path, "prisma")
    )


def _list(path: Path) -> Listing:
    """The files of a directory; raises TreeError for a migration without its SQL file."""
    flat = Numbered.at(path)
    directories = _directories(path)
    if not any((directory / _SCRIPT).is_file() for directory in directories):
        skipped = tuple((file, "its name does not begin with a number") for file in flat.others)
        return Listing(flat.files, skipped=skipped)
    for directory in directories:
        if not (directory / _SCRIPT).is_file():
            raise TreeError(
                f"{directory} contains no {_SCRIPT}: restore the file or delete the directory"
                " (Prisma stops here, too)"
            )
    reason = f"Prisma reads only <name>/{_SCRIPT}"
    loose = tuple((file, reason) for file in (*flat.files, *flat.others))
    return Listing(tuple(directory / _SCRIPT for directory in directories), skipped=loose)


LAYOUT = Layout(
    name="prisma",
    looks_for="<timestamp>_<name>/migration.sql (prisma)",
    fits=_fits,
    list_files=_list,
    as_prisma=True,
)
