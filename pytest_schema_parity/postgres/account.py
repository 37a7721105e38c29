"""The operating system user that runs the server: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from pytest_schema_parity.errors import ServerError

PREFERRED_USERS: Final = ("nobody", "postgres", "daemon")


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine; ``is_other_user`` unless this process runs as that user."""

    uid: int
    gid: int
    is_other_user: bool

    @property
    def popen_arguments(self) -> dict[str, Any]:
        """Arguments with which ``subprocess.Popen`` runs a program as this user."""
        if not self.is_other_user:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def chown(self, path: Path) -> None:
        """Make this user the owner of a file or directory."""
        if self.is_other_user:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_read(self, path: Path) -> bool:
        """Whether this user can read ``path``, and search every directory above it."""
        return not self.is_other_user or all(
            self._has_permission(each.stat(), stat.S_IROTH if each == path else stat.S_IXOTH)
            for each in (path, *path.parents)
        )

    def can_write(self, directory: Path) -> bool:
        """Whether this user and this process can create and remove files in a directory."""
        return os.access(directory, os.W_OK | os.X_OK) and (
            not self.is_other_user
            or (self.can_read(directory) and self._has_permission(directory.stat(), stat.S_IWOTH))
        )

    def _has_permission(self, status: os.stat_result, bit: int) -> bool:
        """Whether the mode grants this user the permission that ``bit`` grants to others."""
        if status.st_uid == self.uid:
            return bool(status.st_mode & bit << 6)
        return bool(status.st_mode & (bit << 3 if status.st_gid == self.gid else bit))


@cache
def server_account() -> Account:
    """The user to run PostgreSQL as: the current one, or for root an unprivileged one."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), is_other_user=False)
    entries = {entry.pw_name: entry for entry in reversed(pwd.getpwall())}
    ranked = [entries[name] for name in PREFERRED_USERS if name in entries] + [*entries.values()]
    for entry in ranked:
        if (
            entry.pw_uid != 0
            and _is_mapped(entry.pw_uid, "uid")
            and _is_mapped(entry.pw_gid, "gid")
        ):
            return Account(entry.pw_uid, entry.pw_gid, is_other_user=True)
    raise ServerError(
        "PostgreSQL refuses to run as root, and /etc/passwd names no other user that it could run "
        "as. Add one (`useradd --system postgres`), or run pytest as an ordinary user."
    )


def require_passwd_entry(account: Account) -> None:
    """Raise ServerError if the user has no entry in /etc/passwd: initdb needs its name."""
    try:
        pwd.getpwuid(account.uid)
    except KeyError:
        raise ServerError(
            f"PostgreSQL's initdb cannot run: user id {account.uid} has no entry in /etc/passwd. "
            "Run the container as a user that has one, or as root, or add an entry: "
            f"`echo 'tester:x:{account.uid}:{account.gid}::/tmp:/bin/sh' >> /etc/passwd`."
        ) from None


def _is_mapped(identity: int, which: str) -> bool:
    """Whether the user namespace of this process maps a user id (or group id)."""
    try:
        lines: Iterable[str] = Path(f"/proc/self/{which}_map").read_text().splitlines()
    except OSError:
        return True
    ranges = [tuple(map(int, line.split())) for line in lines]
    return any(first <= identity < first + count for first, _, count in ranges)
