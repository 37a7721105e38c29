"""The values of the fixtures: built trees for a session, and copies of them for one test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from pytest_schema_parity.plugin.session import close_session, left_up, open_session

if TYPE_CHECKING:
    from pytest_schema_parity.building import BuiltTree, Clone
    from pytest_schema_parity.checks.parity import Parity


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
