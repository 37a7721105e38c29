"""Start a server in a run directory, and shut it down."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.base_directories import PORT
from pytest_schema_parity.postgres.lifeline import Lifeline
from pytest_schema_parity.postgres.remedy import with_remedy

START_TIMEOUT: Final = 30.0
"""Seconds that a server may take to start or to stop."""


class StartError(ServerError):
    """The server was started, but does not accept connections."""


def start_postgres(lifeline: Lifeline, postgres: Path, settings: Mapping[str, str]) -> None:
    """Start ``postgres`` in a run directory, and wait until it accepts connections.

    Raises StartError, with the end of the server's log.
    """
    run = lifeline.run
    command = [str(postgres), "-D", str(run.data), "-k", str(run.path), "-p", str(PORT)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    lifeline.start(command)
    deadline = time.monotonic() + START_TIMEOUT
    status = run.data / "postmaster.pid"
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            if status.read_text().rstrip().endswith("ready"):
                return
        if lifeline.ends_within(0.001):
            break
    failed = f"PostgreSQL ({postgres}) did not start in {run.data}. Its log:\n{run.log_tail()}"
    raise StartError(with_remedy(failed))


def shut_down(lifeline: Lifeline) -> None:
    """Shut the server down (fast mode) and keep its directory: the data need no recovery."""
    run = lifeline.run
    postmaster = int((run.data / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGINT)
    if not lifeline.ends_within(START_TIMEOUT):
        raise ServerError(f"PostgreSQL did not shut down. Its log:\n{run.log_tail()}")
