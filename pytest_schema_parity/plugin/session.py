"""One set of built trees a pytest session, shared by the gate's checks and by the fixtures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from pytest_schema_parity.config import Config
    from pytest_schema_parity.parity import Parity

PARITY: pytest.StashKey[Parity] = pytest.StashKey()
RUN: pytest.StashKey[str] = pytest.StashKey()
RUN_KEY = "schema_parity_run"
"""The key under which a controller tells its workers what their run is."""


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def is_controller(config: pytest.Config) -> bool:
    """Whether this process only hands work to the workers of pytest-xdist."""
    workers = config.getoption("dist", "no") != "no" and config.getoption("tx", None)
    return bool(workers) and not is_worker(config) and not config.option.collectonly


def is_distributed(config: pytest.Config) -> bool:
    """Whether this is one of several processes that share a run."""
    return is_worker(config) or is_controller(config)


def has_local_workers(config: pytest.Config) -> bool:
    """Whether a controller has workers on its own host, which can use its clusters."""
    specs: Sequence[str] = config.getoption("tx", None) or ()
    return any(spec.rpartition("*")[2].startswith("popen") for spec in specs)


def run_of(config: pytest.Config) -> str:
    """What the processes of one run of pytest-xdist have in common."""
    if is_worker(config):
        return str(cast("Any", config).workerinput[RUN_KEY])
    return config.stash.setdefault(RUN, uuid4().hex)


def setting(config: pytest.Config, name: str) -> str | None:
    """An option's value, else the ini value of the same name, else None."""
    given = config.getoption(f"--{name}")
    return given if given is not None else config.getini(name.replace("-", "_")) or None


def find_configuration(config: pytest.Config) -> Config:
    """The session's configuration: of the file that was named, else of the nearest one.

    Raises UsageError, with the remedy, when there is none or when it is wrong.
    """
    from pytest_schema_parity.config import find_config, load_config
    from pytest_schema_parity.showing import printable

    here = config.invocation_params.dir
    with usage_errors():
        if (name := setting(config, "schema-parity-config")) is not None:
            base = here if config.getoption("--schema-parity-config") else config.rootpath
            files = [base / name]
        else:
            found = (find_config(start) for start in (here, config.rootpath))
            files = [*_named_on_command_line(config), *filter(None, found)]
        for file in files:
            if (configuration := load_config(file)) is not None:
                return configuration
    places = " or ".join(map(str, files)) or f"any pyproject.toml from {here} upwards"
    raise pytest.UsageError(
        "schema parity was asked for, but there is no table [tool.pytest-schema-parity] in "
        f"{printable(places)}. Add it, or name its file with --schema-parity-config=FILE."
    )


def _named_on_command_line(config: pytest.Config) -> list[Path]:
    """The TOML files that the command line names as what to run."""
    names = (Path(arg.partition("::")[0]) for arg in config.args)
    files = (config.invocation_params.dir / name for name in names if name.suffix == ".toml")
    return [file.resolve() for file in files if file.is_file()]


def open_session(config: pytest.Config) -> Parity:
    """The session's trees, not yet built; a mistake in them or no server is a UsageError."""
    if PARITY not in config.stash:
        config.stash[PARITY] = _open(config, find_configuration(config))
    return config.stash[PARITY]


def _open(config: pytest.Config, configuration: Config) -> Parity:
    from pytest_schema_parity.parity import open_parity

    bindir = setting(config, "schema-parity-bindir")
    with usage_errors():
        return open_parity(
            configuration,
            bindir=Path(bindir) if bindir else None,
            shown_from=config.rootpath,
            run=run_of(config) if is_distributed(config) else None,
        )


@contextmanager
def usage_errors() -> Iterator[None]:
    """Raise what is wrong with the configuration or the machine as pytest's UsageError."""
    from pytest_schema_parity.errors import SchemaParityError

    try:
        yield
    except SchemaParityError as error:
        raise pytest.UsageError(str(error)) from None


def close_session(config: pytest.Config) -> None:
    """Stop what :func:`open_session` started, if it did; pytest need not wait for it.

    A worker of pytest-xdist leaves alone what other workers still use.
    """
    if (parity := config.stash.get(PARITY, None)) is not None:
        parity.close(wait=False, leave=is_worker(config))
