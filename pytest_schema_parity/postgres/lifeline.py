"""A shell process that stops a server and removes its directory, however our process ends."""

from __future__ import annotations

import glob
import os
import select
import shlex
import signal
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.account import Account
from pytest_schema_parity.postgres.rundir import make_run_directory

# The shell starts before anything is in the directory.  It reads commands from a FIFO that this
# process has open for writing, and so has each process that is attached to the server.  When the
# last of them has ended, `read` gets end of file.  The shell is the parent of the server, so the
# process id that it signals cannot have been reused.
#   stdin  the FIFO        stdout  inherited by the server: end of file when the server has ended
#   stderr the directory, open and locked as long as the shell runs; error messages are lost
# A server that has not installed its signal handlers ignores SIGQUIT, as background jobs of a shell
# do; SIGTERM always works.  A server that was killed, or that crashed under initdb, leaves its pid
# file, and 56 bytes of System V shared memory whose id is in that file.  If this process ends
# during initdb, the shell waits for initdb: removing its directory would leave such memory behind
# without the file that has its id.
LIFELINE_SCRIPT: Final = """
directory=$1 server=
trap : HUP TERM
while read -r word; do
    case $word in
        run)
            eval "$(cat "$directory/command")" </dev/null 3>&1 >"$directory/log" 2>&1
            ln -s $? "$directory/code" || break  # where even a full disk has room for it
            ;;
        start)
            eval "exec $(cat "$directory/command")" </dev/null 3>&1 >>"$directory/log" 2>&1 &
            server=$!
            exec >/dev/null
            ;;
        keep)
            wait $server
            server=
            break
            ;;
        *) break ;;
    esac
done
if [ -n "$server" ]; then
    kill -TERM $server
    kill -QUIT $server
    wait $server
fi
pid_file=$directory/data/postmaster.pid
[ -e "$pid_file" ] && ipcrm -m "$(sed -n '7s/.* //p' "$pid_file")"
rm -rf "$directory" || rm -rf "$directory"
"""
GUARD_SCRIPT: Final = """
trap : HUP TERM
read -r _
rm -f "$1"*
rmdir "${1%/*}"
exit 0
"""

END_TIMEOUT: Final = 30.0
"""Seconds that a shell may take to stop its server and to remove the directory."""
POLL_INTERVAL: Final = 0.005
"""Seconds between two checks whether a program has ended."""
LEAVE_TIMEOUT: Final = 1.0
"""Seconds that :meth:`Lifeline.leave` waits for the server to stop."""


class Lifeline:
    """A new run directory, and a shell that removes it when this process ends, however it ends.

    The shell also stops the server that it started, unless another process holds an
    :class:`Attachment` (the write end of its FIFO).
    """

    def __init__(self, account: Account) -> None:
        """Create the directory and start the shell.  Raises ServerError or OSError."""
        self.account = account
        self.run = make_run_directory(account)
        with ExitStack() as failed, ExitStack() as done:
            failed.callback(self.run.remove)
            os.mkfifo(self.run.fifo, 0o600)
            failed.callback(self.run.fifo.unlink)
            reader = os.open(self.run.fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            done.callback(os.close, reader)
            self._fifo = os.open(self.run.fifo, os.O_WRONLY | os.O_CLOEXEC)
            failed.callback(os.close, self._fifo)
            os.set_blocking(reader, True)  # open() would have waited for a writer
            self._status, writer = os.pipe()
            failed.callback(os.close, self._status)
            done.callback(os.close, writer)
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", LIFELINE_SCRIPT, "schema-parity-lifeline", str(self.run.path)],
                stdin=reader,
                stdout=writer,
                stderr=self.run.lock,
                start_new_session=True,
                cwd="/",
                env=server_environment(),
                **account.popen_arguments,
            )
            failed.pop_all()

    def run_program(self, command: Sequence[str]) -> int:
        """Let the shell run a program; returns its exit code.  Its output goes to the log."""
        code = self.run.path / "code"
        code.unlink(missing_ok=True)
        self._send("run", shlex.join(command))
        ended = select.poll()
        ended.register(self._fifo, 0)
        while not code.is_symlink():
            if ended.poll(POLL_INTERVAL * 1000):
                self.ends_within(END_TIMEOUT)  # let the program finish
                raise ServerError(f"The shell that ran {command[0]} was killed.")
        return int(code.readlink().name)

    def start(self, command: Sequence[str]) -> None:
        """Let the shell start the server.  To be called once."""
        self._send("start", shlex.join(command))

    def _send(self, word: str, command: str) -> None:
        """Send the shell a word of its protocol, and in a file the command to run."""
        file = self.run.path / "command"
        file.write_bytes(os.fsencode(f"{command}\n"))
        self.account.chown(file)
        with suppress(BrokenPipeError):  # the shell was killed
            os.write(self._fifo, f"{word}\n".encode())

    def ends_within(self, seconds: float) -> bool:
        """Wait for the server to end; returns whether it did so within these seconds."""
        ended = select.poll()
        ended.register(self._status, select.POLLIN)
        return bool(ended.poll(seconds * 1000))

    def end(self) -> None:
        """Stop the server at once and remove its directory; raises ServerError if that fails."""
        with suppress(BrokenPipeError):  # the shell was killed
            os.write(self._fifo, b"end\n")
        # The shell closes its end of the FIFO when it exits.  That is noticed sooner than by
        # Popen.wait, which polls in ever longer steps.
        poller = select.poll()
        poller.register(self._fifo, 0)
        poller.poll(END_TIMEOUT * 1000)
        os.close(self._fifo)
        try:
            self._shell.wait(1.0)
        except subprocess.TimeoutExpired:
            os.killpg(self._shell.pid, signal.SIGKILL)
            self._shell.wait()
        os.close(self._status)
        self.run.remove()
        if self.run.path.exists():
            raise ServerError(
                f"{self.run.path} cannot be removed: end the processes that use it, and remove it"
            )

    def keep(self) -> None:
        """Let the server run on; the shell removes its directory when it is shut down."""
        with suppress(BrokenPipeError):
            os.write(self._fifo, b"keep\n")
        self._close_files()

    def leave(self) -> None:
        """Stop the server, unless other processes are attached: then the last of them stops it."""
        self._close_files()
        with suppress(subprocess.TimeoutExpired):
            self._shell.wait(LEAVE_TIMEOUT)

    def _close_files(self) -> None:
        """Close our ends of the pipes, and the lock."""
        os.close(self._fifo)
        os.close(self._status)
        os.close(self.run.lock)


class Attachment:
    """Keeps a server of another process running until :meth:`end`, or until this process ends."""

    def __init__(self, directory: Path) -> None:
        """Attach to the server of a run directory.  Raises ServerError if it has ended."""
        try:
            self._fifo = os.open(
                directory / "fifo", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
            )
        except OSError as error:
            raise ServerError(f"The server in {directory} has ended: {error.strerror}") from error

    def end(self) -> None:
        """Detach: the server may stop now."""
        os.close(self._fifo)

    leave = keep = end


class Guard:
    """Removes all files whose paths have a prefix when this process ends, however it ends.

    Their directory is removed, too, unless other files are in it.
    """

    def __init__(self, prefix: Path) -> None:
        self._prefix = prefix
        reader, self._pipe = os.pipe()
        try:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", GUARD_SCRIPT, "schema-parity-guard", str(prefix)],
                stdin=reader,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        except OSError as error:
            os.close(self._pipe)
            raise ServerError(f"/bin/sh cannot be run: {error}") from error
        finally:
            os.close(reader)

    def end(self) -> None:
        """Remove the files with the prefix now."""
        os.close(self._pipe)
        if self._shell.wait():  # it was killed
            for path in self._prefix.parent.glob(f"{glob.escape(self._prefix.name)}*"):
                path.unlink(missing_ok=True)
            with suppress(OSError):  # other files are in it
                self._prefix.parent.rmdir()


def server_environment() -> dict[str, str]:
    """The environment for servers: without PG* variables, locale and time zone of this machine."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_")) and name not in ("LANG", "LANGUAGE", "TZ")
    }
    return kept | {"LC_ALL": "C"}
