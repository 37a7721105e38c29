"""The values of the fixtures: built trees for a session, and copies of them for one test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_schema_parity.plugin.session import close_session, left_up, open_session

if TYPE_CHECKING:
    from pytest_schema_parity.building import BuiltTree, Clone
    from pytest_schema_parity.checks.parity import Parity
    from pytest_schema_parity.config import RehearsalConfig
    from pytest_schema_parity.rehearsal.rehearse import Rehearsal


class SchemaParity(Mapping[str, "BuiltTree"]):
    """The configured trees, by name: each is built when it is first asked for."""

    def __init__(self, parity: Parity) -> None:
        self._parity = parity

    def __getitem__(self, name: str) -> BuiltTree:
        """The built tree; raises KeyError where none of that name is configured."""
        return self._parity.trees[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parity.trees)

    def __len__(self) -> int:
        return len(self._parity.trees.trees)

    def __contains__(self, name: object) -> bool:
        return name in self._parity.trees.trees

    def __repr__(self) -> str:
        return f"<schema_parity: {', '.join(self)}>"

    @property
    def reference(self) -> str:
        """The name of the tree that the others must match."""
        return self._parity.config.reference

    @property
    def candidates(self) -> tuple[str, ...]:
        """The names of the trees that must match the reference."""
        return self._parity.candidates

    @contextmanager
    def rehearse(
        self,
        name: str = "rehearsal",
        *,
        source: str | None = None,
        steps: str | Path | None = None,
        seed: Sequence[str | Path] = (),
    ) -> Iterator[Rehearsal]:
        """Carry out an upgrade on copies of what is deployed, on a server of its own.

        ``name`` is that of a configured rehearsal (``rehearsal``, ``rehearsal-NAME``); with a
        ``source`` (a tree) and ``steps`` (a directory) it is another one, with ``seed`` files, all
        relative to the configuration file.  Each step is carried out once; see
        :class:`~pytest_schema_parity.rehearsal.rehearse.Rehearsal` for what can be done then.
        Raises SchemaParityError where the seed or a step fails, and KeyError for an unknown name.
        """
        begun = self._parity.begin(self._rehearsal(name, source, steps, seed))
        with begun.ready() as rehearsal:
            yield rehearsal

    def _rehearsal(
        self,
        name: str,
        source: str | None,
        steps: str | Path | None,
        seed: Sequence[str | Path],
    ) -> RehearsalConfig:
        config = self._parity.config
        known = {rehearsal.name: rehearsal for rehearsal in config.rehearsals}
        if source is None and steps is None:
            if name not in known:
                names = ", ".join(known) or "none"
                raise KeyError(f"there is no rehearsal {name!r}; configured are: {names}")
            return known[name]
        from pytest_schema_parity.config import RehearsalConfig

        if source is None or steps is None:
            raise TypeError("rehearse() needs both a source and steps, or the name of a rehearsal")
        if source not in config.trees:
            raise KeyError(f"there is no tree {source!r}; the trees are {', '.join(config.trees)}")
        files = tuple(config.root / file for file in seed)
        return RehearsalConfig(
            name=name, source=source, steps=config.root / steps, target=source, seed=files
        )


class Databases:
    """A test's own copies of the built trees' databases, made when they are first asked for."""

    def __init__(self, trees: Mapping[str, BuiltTree], stack: ExitStack) -> None:
        self._trees = trees
        self._stack = stack
        self._clones: dict[str, Clone] = {}

    def __getitem__(self, name: str) -> Clone:
        if name not in self._clones:
            self._clones[name] = self._stack.enter_context(self._trees[name].clone())
        return self._clones[name]


def opened(request: pytest.FixtureRequest) -> Iterator[SchemaParity]:
    """The session's trees; on a fixture's server only as long as that is there."""
    parity = open_session(request.config)
    external = parity.trees.external
    if external is None:
        yield SchemaParity(parity)
        return
    external.take(request.getfixturevalue(external.fixture))
    try:
        yield SchemaParity(parity)
    finally:
        left_up(request.config)
        close_session(request.config, wait=True)
