"""A running ``postgres``, tied to this process's life."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.account import Account
from pytest_schema_parity.postgres.rundir import PORT, RunDirectory

# The shell reads from a pipe that only we can write to, and those to whom we lend the server: when
# the last of us has ended, however, so does its `read`.  It is the server's parent, so the number
# it signals cannot have become another process's.
#   stdin  the pipe        stdout  passed to the server alone: closed when the server is gone
#   stderr the lock, held as long as the shell lives (so its own complaints land in that file)
# What told others of the server goes with it: the files that begin with a name, and their directory
# if nobody else's are in it.
# A server that has not set up its signals yet ignores SIGQUIT, as a shell's background job does;
# SIGTERM reaches it at any time.  One that was killed left its pid file, and the 56 bytes of shared
# memory (System V's) that the file names.
LIFELINE: Final = """
directory=$1 notices=$2; shift 2
"$@" </dev/null 3>&1 >>"$directory/log" 2>&1 &
server=$!
trap : HUP TERM
exec >/dev/null
read -r _
kill -TERM $server
kill -QUIT $server
wait $server
[ -e "$directory/data/postmaster.pid" ] &&
    ipcrm -m "$(sed -n '7s/.* //p' "$directory/data/postmaster.pid")"
rm -rf "$directory" || rm -rf "$directory"
[ -z "$notices" ] || { rm -f "$notices"*; rmdir "${notices%/*}"; }
"""

PATIENCE: Final = 30.0
"""Seconds that a server may take to start or to stop."""


LEAVING: Final = 1.0
"""Seconds in which a server ends that nobody uses any more."""


class StartError(ServerError):
    """The server was run, and did not start."""


class Server:
    """A running ``postgres`` in a run directory.  It ends when we do, however we end.

    Others that hold its :class:`Loan` keep it alive.  ``notices`` is how the paths of the files
    begin that tell them of it.
    """

    def __init__(
        self, run: RunDirectory, command: Sequence[str], account: Account, notices: Path | None
    ) -> None:
        self.run = run
        reader, self._line = _lifeline(run)
        self._status, writer = os.pipe()
        told = "" if notices is None else str(notices)
        script = ["/bin/sh", "-c", LIFELINE, "schema-parity-lifeline", str(run.path), told]
        try:
            self._shell = subprocess.Popen(
                [*script, *command],
                stdin=reader,
                stdout=writer,
                stderr=run.lock,
                start_new_session=True,
                cwd="/",
                env=environment(),
                **account.popen,
            )
        except OSError as error:
            os.close(self._line)
            os.close(self._status)
            raise ServerError(f"PostgreSQL cannot be started: {error}") from error
        finally:
            os.close(reader)
            os.close(writer)

    def gone_within(self, seconds: float) -> bool:
        """Whether the server ends within these seconds: then its end of the status pipe closes."""
        return bool(select.select([self._status], [], [], seconds)[0])

    def shut_down(self) -> None:
        """Stop in good order, keeping the directory: its data then need no recovery."""
        postmaster = int((self.run.data / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGINT)
        if not self.gone_within(PATIENCE):
            raise ServerError(f"PostgreSQL does not shut down.\n{self.run.log_tail()}")

    def end(self) -> None:
        """Stop at once, and remove the directory."""
        with suppress(BrokenPipeError):  # somebody killed the shell
            os.write(self._line, b"\n")
        # The shell's end of the line closes when it exits: sooner seen than by Popen.wait, which
        # looks in ever longer steps.
        poller = select.poll()
        poller.register(self._line, 0)
        poller.poll(PATIENCE * 1000)
        os.close(self._line)
        try:
            self._shell.wait(1.0)
        except subprocess.TimeoutExpired:
            os.killpg(self._shell.pid, signal.SIGKILL)
            self._shell.wait()
        os.close(self._status)
        self.run.remove()

    def leave(self) -> None:
        """Let go of it: it goes on as long as somebody else holds a loan of it, else it ends."""
        os.close(self._line)
        os.close(self._status)
        os.close(self.run.lock)
        with suppress(subprocess.TimeoutExpired):
            self._shell.wait(LEAVING)


class Loan:
    """A server that another process started, and that does not end before we let go of it."""

    def __init__(self, directory: Path) -> None:
        """Take hold of the server of this run directory.  Raises ServerError if it has ended."""
        try:
            self._line = os.open(
                directory / "line", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
            )
        except OSError as error:
            raise ServerError(f"The server in {directory} has ended: {error.strerror}") from error

    def end(self) -> None:
        """Let go of it."""
        os.close(self._line)

    leave = end


def launch(
    run: RunDirectory,
    postgres: Path,
    settings: Mapping[str, str],
    account: Account,
    *,
    notices: Path | None = None,
) -> Server:
    """Start ``postgres`` on a run directory's data, and wait until it takes connections.

    The run directory is the server's from now on: when starting fails, it is removed.  Files whose
    paths begin with ``notices`` are removed with it.
    """
    command = [str(postgres), "-D", str(run.data), "-k", str(run.path), "-p", str(PORT)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    try:
        server = Server(run, command, account, notices)
    except BaseException:
        run.remove()
        raise
    try:
        _wait_until_ready(server, postgres)
    except BaseException:
        server.end()
        raise
    return server


def _lifeline(run: RunDirectory) -> tuple[int, int]:
    """Both ends of the named pipe by which the server's shell sees whether anybody is left."""
    with suppress(FileExistsError):
        os.mkfifo(run.line, 0o600)
    reader = os.open(run.line, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # waits for no writer
    writer = os.open(run.line, os.O_WRONLY | os.O_CLOEXEC)
    os.set_blocking(reader, True)
    return reader, writer


def _wait_until_ready(server: Server, postgres: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    status = server.run.data / "postmaster.pid"
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            if status.read_text().rstrip().endswith("ready"):
                return
        if server.gone_within(0.001):
            break
    raise StartError(f"PostgreSQL ({postgres}) did not start. It said:\n{server.run.log_tail()}")


def environment() -> dict[str, str]:
    """Our environment without what would make a server differ from one machine to the next."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_")) and name not in ("LANG", "LANGUAGE", "TZ")
    }
    return kept | {"LC_ALL": "C"}
