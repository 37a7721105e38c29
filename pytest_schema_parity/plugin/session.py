"""The trees of a pytest session, shared by the gate's checks and the fixtures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest

from pytest_schema_parity.plugin.configuration import (
    find_configuration,
    path_setting,
    usage_errors,
)
from pytest_schema_parity.plugin.project_hooks import adjustments_of

if TYPE_CHECKING:
    from pytest_schema_parity.building import BuiltTree
    from pytest_schema_parity.checks.parity import Parity
    from pytest_schema_parity.config import Config

PARITY: pytest.StashKey[Parity] = pytest.StashKey()
KEPT_TREES: pytest.StashKey[list[BuiltTree]] = pytest.StashKey()
RUN_ID: pytest.StashKey[str] = pytest.StashKey()
RUN_KEY = "schema_parity_run"
"""The key under which a controller tells its workers what their run is."""


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def is_controller(config: pytest.Config) -> bool:
    """Whether this process only hands work to the workers of pytest-xdist."""
    workers = config.getoption("dist", "no") != "no" and config.getoption("tx", None)
    return bool(workers) and not is_worker(config) and not config.getoption("collectonly", False)


def is_distributed(config: pytest.Config) -> bool:
    """Whether this is one of several processes that share a run."""
    return is_worker(config) or is_controller(config)


def has_local_workers(config: pytest.Config) -> bool:
    """Whether a controller has workers on its own host, which can use its clusters."""
    specs: Sequence[str] = config.getoption("tx", None) or ()
    return any(spec.rpartition("*")[2].startswith("popen") for spec in specs)


def run_of(config: pytest.Config) -> str | None:
    """The id of a run, which all processes of pytest-xdist share.

    None in a worker whose controller does not have this plugin.
    """
    if is_worker(config):
        return cast("str | None", cast("Any", config).workerinput.get(RUN_KEY))
    return config.stash.setdefault(RUN_ID, uuid4().hex)


def open_session(config: pytest.Config) -> Parity:
    """The session's trees, not yet built; raises UsageError for mistakes or without a server."""
    if PARITY not in config.stash:
        config.stash[PARITY] = _open(config, find_configuration(config))
    return config.stash[PARITY]


def _open(config: pytest.Config, configuration: Config) -> Parity:
    from pytest_schema_parity.checks.open_parity import open_parity

    with usage_errors():
        return open_parity(
            configuration,
            bindir=path_setting(config, "schema-parity-bindir"),
            shown_from=config.rootpath,
            run=run_of(config) if is_distributed(config) else None,
            adjustments=adjustments_of(config),
            memory=PytestCache(config),
        )


class PytestCache:
    """Stores values between runs in pytest's cache; does nothing if that is disabled."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def get(self, key: str) -> object:
        """The value of a key; None if there is none."""
        cache = getattr(self._config, "cache", None)
        return None if cache is None else cache.get(f"schema-parity/{key}", None)

    def set(self, key: str, value: object) -> None:
        """Keep a value that JSON can hold."""
        if (cache := getattr(self._config, "cache", None)) is not None:
            cache.set(f"schema-parity/{key}", value)


def kept_trees(config: pytest.Config) -> list[BuiltTree]:
    """The trees that ``--schema-parity-keep`` keeps: those built at the first call."""
    if KEPT_TREES not in config.stash:
        parity = config.stash.get(PARITY, None)
        wanted = config.getoption("--schema-parity-keep") and not is_worker(config)
        trees = parity.trees if parity and wanted else None
        config.stash[KEPT_TREES] = [trees[name] for name in trees.built()] if trees else []
        for tree in config.stash[KEPT_TREES]:
            tree.target.host.keep()
    return config.stash[KEPT_TREES]


def close_session(config: pytest.Config, *, wait: bool = False) -> None:
    """Stop the servers of :func:`open_session`; without ``wait`` return at once.

    A worker of pytest-xdist does not stop servers that other workers still use.  Nothing stops
    those of :func:`kept_trees`.
    """
    if (parity := config.stash.get(PARITY, None)) is not None:
        parity.trees.close(wait=wait, end="leave" if is_worker(config) else "stop")
