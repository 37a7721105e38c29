"""Finds the configuration of a run: the file that is named, else the nearest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from pytest_schema_parity.plugin.project_hooks import added_trees

if TYPE_CHECKING:
    from pytest_schema_parity.config import Config
    from pytest_schema_parity.config.model import BehaviorConfig

Number = TypeVar("Number", int, float)

ONE_CONFIGURATION = (
    "A run checks one configuration: run pytest once for each, or say which with "
    "--schema-parity-config=FILE."
)


def find_configuration(config: pytest.Config) -> Config:
    """The session's configuration.

    It is in the file that ``--schema-parity-config`` or its ini value names, else in the TOML file
    that the command line names as what to run, else in the nearest one, from the paths that run
    upwards, then from the working directory, then from the rootdir.  Raises UsageError, with the
    remedy, if there is none, if there are two, or if it has mistakes.
    """
    with usage_errors():
        if (named := path_setting(config, "schema-parity-config")) is not None:
            files = [named]
        else:
            files = _named_on_command_line(config) or _nearest(config)
        for file in files:
            if (configuration := _load(config, file)) is not None:
                return replace(configuration, behavior=_behavior(config, configuration.behavior))
    raise pytest.UsageError(_no_configuration_message(files, config.invocation_params.dir))


def path_setting(config: pytest.Config, name: str) -> Path | None:
    """An option's path, else that of the ini value of the same name, else None.

    As in pytest, an option is relative to the working directory, an ini value to the ini file.
    """
    here = config.invocation_params.dir
    if (given := config.getoption(f"--{name}")) is not None:
        return Path(here, given)
    if value := config.getini(name.replace("-", "_")):
        return Path(config.inipath.parent if config.inipath is not None else here, value)
    return None


@contextmanager
def usage_errors() -> Iterator[None]:
    """Convert a SchemaParityError into pytest's UsageError."""
    from pytest_schema_parity.errors import SchemaParityError

    try:
        yield
    except SchemaParityError as error:
        raise pytest.UsageError(str(error)) from None


def _behavior(config: pytest.Config, configured: BehaviorConfig) -> BehaviorConfig:
    """The settings of the check ``behavior``: options, else ini values, else the configuration.

    Raises UsageError.
    """
    from pytest_schema_parity.config.behavior import LARGEST_SEED, number_of_seconds
    from pytest_schema_parity.config.table import MOST_EXAMPLES, whole_number

    def number(key: str, convert: Callable[[str], Number | None], wanted: str) -> Number | None:
        option = config.getoption(f"--schema-parity-{key}")
        text = option if option is not None else config.getini(f"schema_parity_{key}") or None
        if text is None:
            return None
        found: Number | None = None
        with suppress(ValueError):
            found = convert(text)
        if found is None:
            given = f"--schema-parity-{key}={text}"
            if option is None:
                given = f"{config.inipath}: schema_parity_{key} = {text}"
            raise pytest.UsageError(f"{given}: has to be {wanted}")
        return found

    whole = "a whole number from 0 on"
    examples = number("examples", lambda t: whole_number(int(t), MOST_EXAMPLES), whole)
    seed = number("seed", lambda t: whole_number(int(t), LARGEST_SEED), whole)
    seconds = number(
        "seconds", lambda t: number_of_seconds(float(t)), "a number of seconds above 0"
    )
    return replace(
        configured,
        examples=configured.examples if examples is None else examples,
        seed=configured.seed if seed is None else seed,
        seconds=configured.seconds if seconds is None else seconds,
    )


def _load(config: pytest.Config, file: Path) -> Config | None:
    """The configuration in a file, with the trees that hooks add."""
    from pytest_schema_parity.checks.file_mistakes import KNOWN
    from pytest_schema_parity.config import load_config

    return load_config(file, added=added_trees(config), known=KNOWN)


def _paths_that_run(config: pytest.Config) -> list[Path]:
    """The paths on the command line, else ``testpaths``, else the working directory."""
    paths = (config.invocation_params.dir / arg.partition("::")[0] for arg in config.args)
    return list(dict.fromkeys(path.resolve() for path in paths if path.exists()))


def _named_on_command_line(config: pytest.Config) -> list[Path]:
    """The configuration file among the paths on the command line, if there is one."""
    files = [path for path in _paths_that_run(config) if path.suffix == ".toml"]
    return _refuse_several([file for file in files if _load(config, file) is not None])


def _nearest(config: pytest.Config) -> list[Path]:
    """The nearest files with a configuration, above the paths that run and elsewhere."""
    from pytest_schema_parity.config import find_config

    paths = _paths_that_run(config)
    starts = dict.fromkeys(path if path.is_dir() else path.parent for path in paths)
    above = dict.fromkeys(filter(None, map(find_config, starts)))
    others = map(find_config, (config.invocation_params.dir, config.rootpath))
    return [*_refuse_several(list(above)), *filter(None, others)]


def _refuse_several(files: list[Path]) -> list[Path]:
    """These files; raises UsageError if they are several."""
    from pytest_schema_parity.showing import printable

    if len(files) > 1:
        names = " and ".join(map(str, files))
        raise pytest.UsageError(
            printable(
                f"{len(files)} configurations apply to the paths that run, {names}. "
                f"{ONE_CONFIGURATION}"
            )
        )
    return files


def _no_configuration_message(files: list[Path], here: Path) -> str:
    """The error message if there is no configuration; it names those in subdirectories."""
    from pytest_schema_parity.config import configurations_below
    from pytest_schema_parity.showing import printable

    places = " or ".join(map(str, files)) or f"any pyproject.toml from {here} upwards"
    message = (
        "--schema-parity is given, but there is no table [tool.pytest-schema-parity] in "
        f"{places}. Add it, or name its file with --schema-parity-config=FILE."
    )
    if below := [str(file.relative_to(here)) for file in configurations_below(here)]:
        message += f" Files with it in subdirectories: {', '.join(below)}."
    return printable(message)
