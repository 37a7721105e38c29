"""Built trees as servers for ``pytest_postgresql.factories.postgresql``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_schema_parity.plugin.fixtures import SchemaParity


def schema_parity_proc(tree: str | None = None, *, dbname: str = "tests") -> Callable[..., Any]:
    """A session fixture that stands for the server of a built tree, by default the reference's.

    ::

        supabase_proc = schema_parity_proc("supabase")
        supabase = pytest_postgresql.factories.postgresql("supabase_proc")

    A test that asks for ``supabase`` has a connection to a fresh copy of the tree's database, as
    the role that applied the tree.  ``dbname`` is the copies' name.
    """

    @pytest.fixture(scope="session")
    def proc(schema_parity: SchemaParity) -> Iterator[Any]:
        built = schema_parity[tree or schema_parity.reference]
        executor = _noop_executor()(
            host=built.target.host.host,
            port=built.target.host.port,
            user=built.target.role,
            password=built.target.host.password,
            options="",
            dbname=f"{dbname}{os.environ.get('PYTEST_XDIST_WORKER', '')}",
        )
        with built.clone(executor.template_dbname):
            yield executor

    return proc


def _noop_executor() -> Any:
    """pytest-postgresql's class for a server that it did not start."""
    try:
        module = import_module("pytest_postgresql.executors")
    except ModuleNotFoundError as missing:
        if missing.name != "pytest_postgresql.executors":
            raise
        module = import_module("pytest_postgresql.executor_noop")  # before version 9
    return module.NoopExecutor
