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

# The shell reads from a pipe that only we can write to: whatever ends us ends its `read`.  It is
# the server's parent, so the number it signals cannot have become another process's.
#   stdin  the pipe        stdout  passed to the server alone: closed when the server is gone
#   stderr the lock, held as long as the shell lives (so its own complaints land in that file)
# A server that has not set up its signals yet ignores SIGQUIT, as a shell's background job does;
# SIGTERM reaches it at any time.  One that was killed left its pid file, and the 56 bytes of shared
# memory (System V's) that the file names.
LIFELINE: Final = """
directory=$1; shift
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
"""

PATIENCE: Final = 30.0
"""Seconds that a server may take to start or to stop."""


class StartError(ServerError):
    """The server was run, and did not start."""


class Server:
    """A running ``postgres`` in a run directory.  It ends when we do, however we end."""

    def __init__(self, run: RunDirectory, command: Sequence[str], account: Account) -> None:
        self.run = run
        reader, self._line = os.pipe()
        self._status, writer = os.pipe()
        try:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", LIFELINE, "schema-parity-lifeline", str(run.path), *command],
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


def launch(
    run: RunDirectory, postgres: Path, settings: Mapping[str, str], account: Account
) -> Server:
    """Start ``postgres`` on a run directory's data, and wait until it takes connections.

    The run directory is the server's from now on: when starting fails, it is removed.
    """
    command = [str(postgres), "-D", str(run.data), "-k", str(run.path), "-p", str(PORT)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    try:
        server = Server(run, command, account)
    except BaseException:
        run.remove()
        raise
    try:
        _wait_until_ready(server, postgres)
    except BaseException:
        server.end()
        raise
    return server


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
