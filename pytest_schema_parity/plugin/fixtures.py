"""The fixtures: built trees for a session, and copies of them for a test that writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_schema_parity.parity import Clone, Parity


class Databases:
    """A test's own copies of the built trees' databases, made when they are first asked for."""

    def __init__(self, parity: Parity, stack: ExitStack) -> None:
        self._parity = parity
        self._stack = stack
        self._clones: dict[str, Clone] = {}

    def __getitem__(self, name: str) -> Clone:
        if name not in self._clones:
            self._clones[name] = self._stack.enter_context(self._parity[name].clone())
        return self._clones[name]


@pytest.fixture(scope="session")
def schema_parity(request: pytest.FixtureRequest) -> Iterator[Parity]:
    """The configured trees: ``schema_parity["supabase"]`` is built when it is first asked for.

    A built tree has ``.schema``, ``.comparison`` (against the reference, allowances applied),
    ``.conninfo``, ``.connect()`` (both for reading) and ``.clone()`` (for writing).
    """
    from pytest_schema_parity.plugin.session import close_session, left_up, open_session

    parity = open_session(request.config)
    if parity.lent is None:
        yield parity
        return
    parity.lent.take(request.getfixturevalue(parity.lent.fixture))
    try:
        yield parity
    finally:
        left_up(request.config)
        close_session(request.config, wait=True)  # as long as the server is there


@pytest.fixture
def schema_parity_database(schema_parity: Parity) -> Iterator[Databases]:
    """Copies of the built databases for one test: ``schema_parity_database["supabase"]``.

    Each has ``.conninfo`` and ``.connect()``, may be written to, and is dropped after the test.
    """
    with ExitStack() as stack:
        yield Databases(schema_parity, stack)
