"""Inner pytest runs, and their xdist workers, as forks of one process that has imported everything.

Imports are half of the processor time of a small run, and most of a worker's. A fork is still a
process of its own, with a working directory, an environment, file descriptors and an end of its
own; what the parent imported is all that it takes over. Runs that are about starting (``-X dev``,
``PYTHONPATH``, signals, idle imports) start an interpreter themselves, and so do their workers.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, ClassVar, Final, NoReturn, cast

import pytest
from execnet import gateway_base, gateway_io

SERVE = "import sys; from support.forking import serve; serve(sys.argv[1], sys.argv[2])"

ADDRESS = "forks"
"""Of the socket, from the process's own directory: the name of a socket has to be short."""
WORKER: Final = ["-c", gateway_io.popen_bootstrapline]


class Forks:
    """The parent of such runs, a context manager; ``directory`` is its own."""

    def __init__(self, directory: Path) -> None:
        empty = directory / "empty"
        empty.mkdir()
        paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, ADDRESS, str(empty)],
            cwd=directory,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = cast("IO[str]", self.process.stdout).readline()
        if ready != "ready\n":
            raise RuntimeError(f"no process to fork from: {ready!r}")

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()  # it ends with its standard input

    def start(self, arguments: Sequence[str], stdout: IO[str], stderr: IO[str]) -> Run:
        """Run ``pytest ARGUMENTS`` in the directory and the environment of the caller."""
        with Path(os.devnull).open() as stdin:
            return start(self.process.pid, arguments, (stdin, stdout, stderr))


class Run:
    """One fork, with what pytester and execnet ask of a ``subprocess.Popen``."""

    stdin: Final = None

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.answers = connection.makefile("r")
        self.pid = int(self.answers.readline())

    def wait(self, timeout: float | None = None) -> int:
        """The exit status.  Raises subprocess.TimeoutExpired after ``timeout`` seconds."""
        self.connection.settimeout(timeout)
        try:
            status = self.answers.readline()
        except TimeoutError:
            raise subprocess.TimeoutExpired("pytest", timeout or 0) from None
        self.answers.close()
        self.connection.close()
        return int(status)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def start(server: int, command: Sequence[str], streams: Sequence[IO[Any]]) -> Run:
    """Fork from a process: pytest with these arguments, or a worker with WORKER."""
    order = {"command": command, "cwd": str(Path.cwd()), "environment": dict(os.environ)}
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(f"/proc/{server}/cwd/{ADDRESS}")
    socket.send_fds(connection, [b"."], [stream.fileno() for stream in streams])
    connection.sendall(json.dumps(order).encode())
    connection.shutdown(socket.SHUT_WR)
    return Run(connection)


class ForkedWorkers(gateway_io.Popen2IOMaster):
    """execnet's pipes to a worker, which forks it unless another interpreter is asked for."""

    server: ClassVar[int]

    def __init__(self, command: list[str], execmodel: gateway_base.ExecModel) -> None:
        if command != [sys.executable, "-u", "-c", gateway_io.popen_bootstrapline]:
            super().__init__(command, execmodel)
            return
        (stdin, to_it), (from_it, stdout) = os.pipe(), os.pipe()
        with open(stdin, "rb") as read, open(stdout, "wb") as written:  # noqa: PTH123
            self.popen = start(self.server, WORKER, (read, written, sys.__stderr__))
        gateway_base.Popen2IO.__init__(
            self, os.fdopen(to_it, "wb"), os.fdopen(from_it, "rb"), execmodel
        )


def serve(address: str, empty: str) -> None:
    """Import, say so, and fork a run for each connection until standard input ends."""
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main([empty, "-p", "no:cacheprovider"], plugins=[Everything()])
    tempfile.tempdir = None
    gc.collect()
    ForkedWorkers.server = os.getpid()
    gateway_io.Popen2IOMaster = ForkedWorkers  # type: ignore[misc]
    gc.freeze()  # at the end of a run pytest collects: then its own garbage, not all that is here
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who waits for a run is a fork, too
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        print("ready", flush=True)
        while connection := accepted(listening):
            with connection:
                if os.fork() == 0:
                    listening.close()
                    oversee(connection)


class Everything:
    """Imports what any run may, while pytest's import hook is there to rewrite its assertions."""

    def pytest_sessionstart(self) -> None:
        import pytest_schema_parity

        prefix = f"{pytest_schema_parity.__name__}."
        for module in pkgutil.walk_packages(pytest_schema_parity.__path__, prefix):
            importlib.import_module(module.name)


def accepted(listening: socket.socket) -> socket.socket | None:
    """The next connection, or None when the process that asks has gone."""
    readable, _, _ = select.select([listening, sys.stdin], [], [])
    return listening.accept()[0] if listening in readable else None


def oversee(connection: socket.socket) -> NoReturn:
    """Fork the run itself; tell its process id, and its exit status when it has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as received:
        order = json.loads(received.read())
    pid = os.fork()
    if pid == 0:
        connection.close()
        become(order["command"], order["cwd"], order["environment"], descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(f"{pid}\n".encode())
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        connection.sendall(f"{status}\n".encode())
    os._exit(0)


def become(
    command: list[str], cwd: str, environment: dict[str, str], descriptors: list[int]
) -> NoReturn:
    """Be what ``python -m pytest COMMAND`` is there, or what execnet starts as a worker."""
    for there, here in enumerate(descriptors):
        os.dup2(here, there)
        os.close(here)
    sys.stdin = sys.__stdin__ = os.fdopen(0, closefd=False)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(cwd)
    if command == WORKER:
        sys.path[0], sys.argv = "", ["-c"]
        exec(gateway_io.popen_bootstrapline, {"__name__": "__main__"})
        sys.exit()
    sys.path[0] = cwd
    sys.argv = [pytest.__file__, *command]
    sys.exit(pytest.console_main())
