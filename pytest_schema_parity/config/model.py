"""The configuration as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from pytest_schema_parity.config.glob_files import matching_files
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.schema.kinds import FAILING, Impact

TABLE_NAME: Final = "pytest-schema-parity"
"""The name of the table below ``[tool]``."""
OLDEST: Final = 15
"""The oldest major version of PostgreSQL that is supported."""
STATEMENT_TIMEOUT: Final = 60.0
"""Seconds that one statement of a migration may take."""
REHEARSED_EXAMPLES: Final = 1_000
"""In how many examples the behavior of an upgraded database is compared."""

LockMode: TypeAlias = Literal[
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
]
"""The modes of locks on tables as ``LOCK TABLE`` names them, the weakest first."""

LOCK_MODES: Final[tuple[LockMode, ...]] = LockMode.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeConfig:
    """The configuration of a tree: a directory or file (``path``), or its ``files`` in order.

    Paths are absolute, and need not exist.  ``layout`` is None if it has to be detected.
    ``platform`` and ``superuser`` (whether migrations have the rights of one) default to those of
    the whole configuration.  A tree without ``compare`` is only built, for rehearsals.  ``line``
    (from 1) is the line of the tree's table in the file.
    """

    name: str
    path: Path | None = None
    files: tuple[Path, ...] | None = None
    layout: str | None = None
    platform: str | None = None
    superuser: bool = True
    compare: bool = True
    line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviorConfig:
    """How the check ``behavior`` searches.

    It ends after so many ``examples``; 0 disables it.  The ``seed`` is that of the random values.
    ``seconds`` is a time limit.  Statements run as the superuser, and as each of the ``roles``.
    """

    examples: int = 20_000
    seconds: float = 60.0
    seed: int = 0
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalConfig:
    """An upgrade to rehearse.

    ``source`` is the tree that is deployed (the key ``from``), ``steps`` the directory of the
    upgrade, ``target`` the tree that the result must match (the key ``to``); ``seed`` are the files
    with rows in the schema of ``source``, None if rows are to be generated.  No step may take a
    stronger lock than ``max_lock`` on a table, nor rewrite a table if ``no_rewrite``.  The
    behavior of the upgraded database is compared in so many ``examples``; 0 switches that off.
    ``line`` is that of its table in the configuration file, from 1.
    """

    name: str
    source: str
    steps: Path
    target: str
    seed: tuple[Path, ...] | None = None
    max_lock: LockMode | None = None
    no_rewrite: bool = False
    examples: int = REHEARSED_EXAMPLES
    line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, checked.

    ``header`` is the header of its table, or empty if the keys are at the top level of the file.
    ``root`` is the directory that paths are relative to, ``seed`` holds glob patterns below it.
    ``postgres`` is a major version, or None for any.  ``server`` is the fixture whose server the
    trees are built on, or None for clusters of our own.  ``statement_timeout`` is in seconds.
    """

    file: Path
    root: Path
    header: str = f"tool.{TABLE_NAME}"
    reference: str
    trees: Mapping[str, TreeConfig]
    platform: str | None = None
    postgres: int | None = None
    server: str | None = None
    fail_on: frozenset[Impact] = FAILING
    seed: tuple[str, ...] = ()
    allow: tuple[Allowance, ...] = ()
    rehearsals: tuple[RehearsalConfig, ...] = ()
    statement_timeout: float = STATEMENT_TIMEOUT
    behavior: BehaviorConfig = BehaviorConfig()

    @property
    def allow_header(self) -> str:
        """The header of an allowance in the file."""
        return f"[[{self.header}.allow]]" if self.header else "[[allow]]"

    @property
    def candidates(self) -> tuple[str, ...]:
        """The trees that must match the reference, in the order of the file."""
        others = (name for name in self.trees if name != self.reference)
        return tuple(name for name in others if self.trees[name].compare)

    @property
    def not_compared(self) -> tuple[str, ...]:
        """The trees that are only built, for rehearsals, in the order of the file."""
        compared = (self.reference, *self.candidates)
        return tuple(name for name in self.trees if name not in compared)

    def line_of(self, name: str) -> int:
        """The line, from 1, of the table of a tree or of a rehearsal."""
        lines = {rehearsal.name: rehearsal.line for rehearsal in self.rehearsals}
        return lines[name] if name in lines else self.trees[name].line

    @property
    def seed_files(self) -> tuple[Path, ...]:
        """The files that the seed patterns match: in the order of the patterns, then by name."""
        found = (file for pattern in self.seed for file in matching_files(pattern, self.root))
        return tuple(dict.fromkeys(found))
