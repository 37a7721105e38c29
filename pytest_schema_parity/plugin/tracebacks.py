"""Show an error of ours in a user's test at the user's own line, without our frames."""

from __future__ import annotations

import contextlib
import inspect
from pathlib import Path
from types import TracebackType
from typing import Final

import pluggy
import psycopg
import pytest

from pytest_schema_parity.errors import SchemaParityError
from pytest_schema_parity.plugin import fixtures
from pytest_schema_parity.plugin.items import FindingsRepr, ParityItem

PACKAGE_DIRECTORY: Final = Path(__file__).parents[1]
RUNNER_DIRECTORIES: Final = tuple(
    Path(inspect.getfile(each)).parent for each in (pytest.Item, pluggy.HookImpl)
)
"""The directories of pytest and pluggy, whose frames surround every test."""
CONTEXTLIB_FILE: Final = Path(contextlib.__file__)
DRIVER_DIRECTORY: Final = Path(psycopg.__file__).parent


def hide_own_frames(
    item: pytest.Item, info: pytest.ExceptionInfo[BaseException]
) -> FindingsRepr | None:
    """Cut the traceback of an error that is raised on purpose where our frames begin.

    Returns only the message if no frame of the user's is left, as in the setup of a fixture.
    Other errors keep the frames that a report of a bug needs.
    """
    if isinstance(item, ParityItem) or not _is_for_the_user(info):
        return None
    if item.config.getoption("fulltrace", False):
        return None
    paths = [Path(entry.path) for entry in info.traceback]
    begin = next(
        (at for at, path in enumerate(paths) if path.is_relative_to(PACKAGE_DIRECTORY)), None
    )
    if begin is None:
        return None
    _hide_cause(info.value)
    while begin and (
        _is_below(paths[begin - 1], RUNNER_DIRECTORIES) or paths[begin - 1] == CONTEXTLIB_FILE
    ):
        begin -= 1
    if begin == 0:
        return FindingsRepr(f"{type(info.value).__name__}: {info.value}")
    info.traceback = info.traceback[:begin]
    last: TracebackType | None = info.tb
    for _ in range(begin - 1):
        last = last.tb_next if last is not None else None
    if last is not None:
        last.tb_next = None  # pytest reads what follows an entry anew
    return None


def _is_for_the_user(info: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether an error is meant for the user: wrong arguments, or failing SQL."""
    if isinstance(info.value, SchemaParityError | pytest.UsageError | psycopg.Error):
        return True
    return bool(info.traceback) and Path(info.traceback[-1].path) == Path(fixtures.__file__)


def _hide_cause(error: BaseException) -> None:
    """Remove the error that led to ours, if it comes from our code: the message has its text."""
    led = error.__cause__ or error.__context__
    trace = None if led is None else led.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or _is_below(
        Path(trace.tb_frame.f_code.co_filename), (PACKAGE_DIRECTORY, DRIVER_DIRECTORY)
    ):
        error.__cause__, error.__suppress_context__ = None, True


def _is_below(path: Path, directories: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(directory) for directory in directories)
