"""Whom the server runs as: PostgreSQL refuses root."""

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

PREFERRED: Final = ("nobody", "postgres", "daemon")


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine; ``borrowed`` when it is another one than ours."""

    uid: int
    gid: int
    borrowed: bool

    @property
    def popen(self) -> dict[str, Any]:
        """Keyword arguments that make ``subprocess`` run a program as this user."""
        if not self.borrowed:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a file or directory to this user."""
        if self.borrowed:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_reach(self, path: Path) -> bool:
        """Whether this user may pass every directory above ``path`` and read it."""
        return not self.borrowed or all(
            self._may(place.stat(), stat.S_IROTH if place == path else stat.S_IXOTH)
            for place in (path, *path.parents)
        )

    def can_fill(self, directory: Path) -> bool:
        """Whether this user may make files in a directory, and remove them again."""
        return os.access(directory, os.W_OK | os.X_OK) and (
            not self.borrowed
            or (self.can_reach(directory) and self._may(directory.stat(), stat.S_IWOTH))
        )

    def _may(self, status: os.stat_result, bit: int) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & bit << 6)
        return bool(status.st_mode & (bit << 3 if status.st_gid == self.gid else bit))


@cache
def server_account() -> Account:
    """Ourselves, or for root the first unprivileged user that this machine lends."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), borrowed=False)
    entries = {entry.pw_name: entry for entry in reversed(pwd.getpwall())}
    ranked = [entries[name] for name in PREFERRED if name in entries] + [*entries.values()]
    for entry in ranked:
        if (
            entry.pw_uid != 0
            and _is_mapped(entry.pw_uid, "uid")
            and _is_mapped(entry.pw_gid, "gid")
        ):
            return Account(entry.pw_uid, entry.pw_gid, borrowed=True)
    raise ServerError(
        "PostgreSQL refuses to run as root, and /etc/passwd names no other user that it could run "
        "as. Add one (`useradd --system postgres`), or run pytest as an ordinary user."
    )


def require_name(account: Account) -> None:
    """Raise ServerError where initdb would not run: it wants its user to have a name."""
    try:
        pwd.getpwuid(account.uid)
    except KeyError:
        raise ServerError(
            f"PostgreSQL's initdb cannot run: user id {account.uid} has no entry in /etc/passwd. "
            "Run the container as a user that has one, or as root, or add an entry: "
            f"`echo 'tester:x:{account.uid}:{account.gid}::/tmp:/bin/sh' >> /etc/passwd`."
        ) from None


def _is_mapped(identity: int, which: str) -> bool:
    """Whether a user namespace, if we are in one, has this identity."""
    try:
        lines: Iterable[str] = Path(f"/proc/self/{which}_map").read_text().splitlines()
    except OSError:
        return True
    ranges = [tuple(map(int, line.split())) for line in lines]
    return any(first <= identity < first + count for first, _, count in ranges)
