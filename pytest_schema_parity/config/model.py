"""What a configuration says, as plain values."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_schema_parity.findings.allowances import Allowance
from pytest_schema_parity.schema.kinds import FAILING, Impact

NAME: Final = "pytest-schema-parity"
"""The name of the table below ``[tool]``."""
STATEMENT_TIMEOUT: Final = 60.0
"""Seconds that one statement of a migration may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeConfig:
    """Where a tree's files are: a directory or file (``path``), or its ``files`` in order.

    Paths are absolute; whether they exist is for the loading of the tree to say.  ``layout`` is
    None where it is found by looking; ``platform`` and ``superuser`` (whether it is applied with
    the rights of one) are the tree's own, else those of all trees; ``line`` is that of its table
    in the configuration file, from 1.
    """

    name: str
    path: Path | None = None
    files: tuple[Path, ...] | None = None
    layout: str | None = None
    platform: str | None = None
    superuser: bool = True
    line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviorConfig:
    """How the check ``behavior`` searches.

    It ends after so many ``examples``, by the same ``seed`` the same ones; 0 switches it off.
    ``seconds`` guard against trees whose statements take long.  ``roles`` are those whose view of
    the rows is compared, too.
    """

    examples: int = 20_000
    seconds: float = 60.0
    seed: int = 0
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, checked.

    ``header`` is that of its table in the file, or empty where the keys stand at the top level.
    ``root`` is the directory that paths are relative to, ``seed`` glob patterns below it,
    ``postgres`` a major version or None for any, ``server`` the fixture whose server the trees are
    built on or None for clusters of our own, ``statement_timeout`` in seconds.
    """

    file: Path
    root: Path
    header: str = f"tool.{NAME}"
    reference: str
    trees: Mapping[str, TreeConfig]
    platform: str | None = None
    postgres: int | None = None
    server: str | None = None
    fail_on: frozenset[Impact] = FAILING
    seed: tuple[str, ...] = ()
    allow: tuple[Allowance, ...] = ()
    statement_timeout: float = STATEMENT_TIMEOUT
    behavior: BehaviorConfig = BehaviorConfig()

    @property
    def allow_header(self) -> str:
        """What stands above an allowance in the file."""
        return f"[[{self.header}.allow]]" if self.header else "[[allow]]"

    @property
    def candidates(self) -> tuple[str, ...]:
        """The trees that must match the reference, in the order of the file."""
        return tuple(name for name in self.trees if name != self.reference)

    @property
    def seed_files(self) -> tuple[Path, ...]:
        """The files that the seed patterns match: patterns in order, each one's files by name."""
        found = (file for pattern in self.seed for file in matching(pattern, self.root))
        return tuple(dict.fromkeys(found))


def matching(pattern: str, root: Path) -> list[Path]:
    """The files below a directory that a glob pattern (``**`` for any depth) matches, by name."""
    names = glob.glob(pattern, root_dir=root, recursive=True)  # noqa: PTH207, takes absolute ones
    return [file for file in (root / name for name in sorted(names)) if file.is_file()]
