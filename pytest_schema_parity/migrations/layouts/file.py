"""File: a whole schema in one SQL file."""

from __future__ import annotations

from pathlib import Path

from pytest_schema_parity.migrations.layouts.layout import Layout, Listing


def _list(path: Path) -> Listing:
    return Listing((path,) if path.is_file() else ())


LAYOUT = Layout(
    name="file",
    looks_for="one file (file)",
    fits=Path.is_file,
    list_files=_list,
)
