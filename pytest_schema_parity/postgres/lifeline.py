"""What ends a server and clears its directory away when nobody is left, however we ended."""

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

# The shell is there before anything is in the directory.  It reads from a pipe that only we can
# write to, and those to whom we lend the server: when the last of us has ended, however, so does
# its `read`.  It is the server's parent, so the number it signals cannot have become another's.
#   stdin  the pipe        stdout  passed to the server alone: closed when the server is gone
#   stderr the directory's lock, held as long as the shell lives; its own complaints go nowhere
# A server that has not set up its signals yet ignores SIGQUIT, as a shell's background job does;
# SIGTERM reaches it at any time.  One that was killed, or that initdb ran and that crashed, left
# its pid file, and the 56 bytes of shared memory (System V's) that the file names.  An initdb that
# lost us comes to its end first: without its directory it would leave such memory, and no file to
# tell which.
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
"""Seconds that a shell may take to end its server and to clear away."""
POLL_INTERVAL: Final = 0.005
"""Seconds between two looks whether a program has ended."""
LEAVE_TIMEOUT: Final = 1.0
"""Seconds in which a server ends that nobody uses any more."""


class Lifeline:
    """A fresh run directory, and the shell that removes it when we end, however we end.

    It also ends the server that it was told to :meth:`start`.  Whoever holds a :class:`Loan` keeps
    it from doing so.
    """

    def __init__(self, account: Account) -> None:
        """Make both; raises ServerError where there is no place, and OSError."""
        self.account = account
        self.run = make_run_directory(account)
        with ExitStack() as failed, ExitStack() as done:
            failed.callback(self.run.remove)
            os.mkfifo(self.run.line, 0o600)
            failed.callback(self.run.line.unlink)
            reader = os.open(self.run.line, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            done.callback(os.close, reader)
            self._line = os.open(self.run.line, os.O_WRONLY | os.O_CLOEXEC)
            failed.callback(os.close, self._line)
            os.set_blocking(reader, True)  # now that it need not wait for a writer
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
        """Let the shell run a program; returns its exit code.  What it says is in the log."""
        code = self.run.path / "code"
        code.unlink(missing_ok=True)
        self._send("run", shlex.join(command))
        ended = select.poll()
        ended.register(self._line, 0)
        while not code.is_symlink():
            if ended.poll(POLL_INTERVAL * 1000):
                self.ends_within(END_TIMEOUT)  # the program, which nobody is to disturb
                raise ServerError(f"The shell was killed that was to run {command[0]}.")
        return int(code.readlink().name)

    def start(self, command: Sequence[str]) -> None:
        """Let the shell run a server; once."""
        self._send("start", shlex.join(command))

    def _send(self, word: str, command: str) -> None:
        file = self.run.path / "command"
        file.write_bytes(os.fsencode(f"{command}\n"))
        self.account.chown(file)
        with suppress(BrokenPipeError):  # somebody killed the shell
            os.write(self._line, f"{word}\n".encode())

    def ends_within(self, seconds: float) -> bool:
        """Whether the server ends within these seconds: then its end of the status pipe closes."""
        ended = select.poll()
        ended.register(self._status, select.POLLIN)
        return bool(ended.poll(seconds * 1000))

    def end(self) -> None:
        """Stop the server at once, and remove the directory; raises ServerError if that stays."""
        with suppress(BrokenPipeError):  # somebody killed the shell
            os.write(self._line, b"end\n")
        # The shell's end of the line closes when it exits: sooner seen than by Popen.wait, which
        # looks in ever longer steps.
        poller = select.poll()
        poller.register(self._line, 0)
        poller.poll(END_TIMEOUT * 1000)
        os.close(self._line)
        try:
            self._shell.wait(1.0)
        except subprocess.TimeoutExpired:
            os.killpg(self._shell.pid, signal.SIGKILL)
            self._shell.wait()
        os.close(self._status)
        self.run.remove()
        if self.run.path.exists():
            raise ServerError(f"{self.run.path} cannot be removed: end what uses it, and remove it")

    def keep(self) -> None:
        """Let go of it: it goes on until somebody ends the server, and is cleared away then."""
        with suppress(BrokenPipeError):
            os.write(self._line, b"keep\n")
        self._close_files()

    def leave(self) -> None:
        """Let go of it: it goes on as long as somebody else holds a loan of it, else it ends."""
        self._close_files()
        with suppress(subprocess.TimeoutExpired):
            self._shell.wait(LEAVE_TIMEOUT)

    def _close_files(self) -> None:
        os.close(self._line)
        os.close(self._status)
        os.close(self.run.lock)


class Attachment:
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

    leave = keep = end


class Guard:
    """Removes files when we end, however we end: those whose paths begin alike.

    Their directory goes with them, unless somebody else's files are in it.
    """

    def __init__(self, prefix: Path) -> None:
        self._prefix = prefix
        reader, self._line = os.pipe()
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
            os.close(self._line)
            raise ServerError(f"/bin/sh cannot be run: {error}") from error
        finally:
            os.close(reader)

    def end(self) -> None:
        """Remove them now."""
        os.close(self._line)
        if self._shell.wait():  # somebody killed it
            for path in self._prefix.parent.glob(f"{glob.escape(self._prefix.name)}*"):
                path.unlink(missing_ok=True)
            with suppress(OSError):  # somebody else's are in it
                self._prefix.parent.rmdir()


def server_environment() -> dict[str, str]:
    """Our environment without what would make a server differ from one machine to the next."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_")) and name not in ("LANG", "LANGUAGE", "TZ")
    }
    return kept | {"LC_ALL": "C"}
