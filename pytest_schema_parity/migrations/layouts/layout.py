"""What a layout is, and the rules that layouts of numbered files share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a tree in the order of its tool.

    ``refused`` are files on which the tool would fail, ``skipped`` files that it skips, each with
    the reason.
    """

    files: tuple[Path, ...] = ()
    refused: Mapping[Path, str] = field(default_factory=dict)
    skipped: tuple[tuple[Path, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """A migration tool's rules: which files, in which order.

    A ``general`` one is used only if no tool's own layout fits.  ``as_prisma``: files are applied
    as Prisma's schema engine does, in one session (SET search_path or SET ROLE stays in effect for
    later files), each as one query, and with an update of its table after each.
    """

    name: str
    looks_for: str
    fits: Callable[[Path], bool]
    list_files: Callable[[Path], Listing]
    general: bool = False
    as_prisma: bool = False


@dataclass(frozen=True, slots=True)
class Numbered:
    """Files named ``<digits>_<name>.sql`` in one directory, in the order of their names."""

    files: tuple[Path, ...]
    others: tuple[Path, ...]

    @property
    def timestamped(self) -> bool:
        """Whether a file is numbered by a timestamp such as 20250902000001."""
        return any(len(number_of(file)) == TIMESTAMP for file in self.files)

    @classmethod
    def at(cls, path: Path) -> Numbered:
        """The numbered files of a directory; none if it is no directory."""
        files = sql_files(path)
        numbered = tuple(file for file in files if number_of(file))
        return cls(numbered, tuple(file for file in files if file not in set(numbered)))


TIMESTAMP: Final = 14
"""The number of digits of a timestamp in a file's name."""

_NUMBER: Final = re.compile(r"([0-9]+)_.*\.sql", re.DOTALL)


def number_of(file: Path) -> str:
    """The digits in front of a file's name, or nothing."""
    match = _NUMBER.fullmatch(file.name)
    return match.group(1) if match else ""


def sql_files(path: Path) -> list[Path]:
    """The SQL files of a directory, sorted by name; none if it is no directory."""
    if not path.is_dir():
        return []
    return sorted(
        (file for file in path.iterdir() if file.suffix == ".sql" and file.is_file()),
        key=lambda file: file.name.encode(errors="surrogateescape"),
    )


def lies_below(path: Path, directory: str) -> bool:
    """Whether one of the last three parts of the path is this directory name."""
    return directory in (part.lower() for part in path.resolve().parts[-3:])
