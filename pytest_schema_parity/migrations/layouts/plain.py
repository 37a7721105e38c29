"""Plain: every SQL file of a directory, by number if all have one, else by name."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_schema_parity.migrations.layouts.layout import Layout, Listing, sql_files

_LEADING_NUMBER = re.compile(r"[0-9]+")


def _list(path: Path) -> Listing:
    files = sql_files(path)
    numbers = {file: _LEADING_NUMBER.match(file.name) for file in files}
    if all(numbers.values()):
        files.sort(key=lambda file: int(number.group()) if (number := numbers[file]) else 0)
    return Listing(tuple(files))


LAYOUT = Layout(
    name="plain",
    looks_for="*.sql in one directory (plain)",
    fits=lambda path: bool(sql_files(path)),
    list_files=_list,
    general=True,
)
