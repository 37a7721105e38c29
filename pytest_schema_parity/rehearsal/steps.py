"""Find the steps of an upgrade by their file names, one up and at most one down file each.

Known are ``001_name.up.sql`` with ``001_name.down.sql``, Flyway's ``V1__name.sql`` with
``U1__name.sql``, and Prisma's ``<number>_name/migration.sql`` with ``down.sql`` beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.migrations.tree import Tree, load_tree

Direction = Literal["up", "down"]

_PAIRED: Final = re.compile(r"(?P<number>\d+)_(?P<name>.+)\.(?P<way>up|down)\.sql")
_FLYWAY: Final = re.compile(r"(?P<way>[VU])(?P<number>\d+(?:[._]\d+)*)__(?P<name>.+)\.sql")
_LIKE_A_STEP: Final = re.compile(r"\.(?:up|down)\.sql$|^[VU]\d", re.IGNORECASE)
_DIRECTORY: Final = re.compile(r"(?P<number>\d+)_(?P<name>.+)")
_PRISMA: Final = "migration.sql"
_IN_DIRECTORY: Final[tuple[tuple[str, Direction], ...]] = (
    (_PRISMA, "up"),
    ("down.sql", "down"),
)


@dataclass(frozen=True, slots=True)
class MigrationStep:
    """A step of an upgrade; ``down`` is None if there is no down file."""

    name: str
    up: Path
    down: Path | None = None


@dataclass(frozen=True, slots=True)
class MigrationSteps:
    """The steps in order, and the SQL files in the directory that belong to no step."""

    steps: tuple[MigrationStep, ...]
    skipped: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    """An up or down file, with the number and name of its step."""

    number: tuple[int, ...]
    name: str
    direction: Direction
    path: Path


def load_steps(directory: Path) -> MigrationSteps:
    """Find the steps of an upgrade in a directory.

    Raises TreeError if there is none, if two have one number, if a down file has no up file, or if
    a file is named like one of these but without a number.
    """
    if not directory.is_dir():
        raise TreeError(f"{directory} is not a directory with the steps of an upgrade")
    files = list(_files(directory))
    known = {file.path for file in files}
    others = tuple(path for path in sorted(directory.glob("*.sql")) if path not in known)
    for path in others:
        if _LIKE_A_STEP.search(path.name):
            raise TreeError(
                f"{path} has no number that says when it is run; name it like 001_name.up.sql"
            )
    ups: dict[tuple[int, ...], _File] = {}
    for file in sorted(
        (file for file in files if file.direction == "up"), key=lambda file: file.number
    ):
        taken = ups.setdefault(file.number, file)
        if taken is not file:
            raise TreeError(f"{taken.path} and {file.path} have the same number; renumber one")
    if not ups:
        raise TreeError(
            f"{directory} contains no step of an upgrade. Looked for: 001_name.up.sql,"
            " V1__name.sql, 001_name/migration.sql"
        )
    downs: dict[tuple[int, ...], Path] = {}
    for file in files:
        if file.direction == "down":
            up = ups.get(file.number)
            if up is None or up.name != file.name:
                raise TreeError(f"{file.path} is a down file without an up file of its name")
            downs[file.number] = file.path
    return MigrationSteps(
        tuple(MigrationStep(up.name, up.path, downs.get(number)) for number, up in ups.items()),
        others,
    )


def tree_of(file: Path, root: Path) -> Tree:
    """An up or down file as a tree, named from ``root``.  Raises TreeError if it is not there.

    Prisma's migration.sql has Prisma's layout: it is applied as one query.  Its down.sql is no
    migration for Prisma, which has no way back.
    """
    layout = "prisma" if file.name == _PRISMA else None
    return load_tree(file.name, root=root, files=[file], layout=layout)


def _files(directory: Path) -> Iterator[_File]:
    """The files of a directory that are up or down files of a step, by name."""
    for path in sorted(directory.iterdir(), key=lambda path: path.name):
        if path.is_dir():
            if match := _DIRECTORY.fullmatch(path.name):
                for name, way in _IN_DIRECTORY:
                    if (path / name).is_file():
                        yield _File(_version(match["number"]), path.name, way, path / name)
        elif match := _PAIRED.fullmatch(path.name):
            name = f"{match['number']}_{match['name']}"
            yield _File(
                _version(match["number"]), name, "up" if match["way"] == "up" else "down", path
            )
        elif match := _FLYWAY.fullmatch(path.name):
            name = f"{match['number']}__{match['name']}"
            yield _File(
                _version(match["number"]), name, "up" if match["way"] == "V" else "down", path
            )


def _version(number: str) -> tuple[int, ...]:
    """The sort key of a version number: 1.10 comes after 1.9, and 1.0 equals 1."""
    parts = [int(part) for part in re.split(r"[._]", number)]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
