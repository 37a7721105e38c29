"""What helps where the system refuses something."""

from __future__ import annotations

import errno
import os
from typing import Final

_REMEDIES: Final = {
    (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT)): (
        "Free some space there, or set TMPDIR to a directory that has more."
    ),
    (os.strerror(errno.EMFILE), os.strerror(errno.ENFILE)): (
        "Raise the limit on open files (`ulimit -n`): a server needs 64."
    ),
    (os.strerror(errno.EAGAIN), "Cannot fork"): (
        "Raise the limit on processes (`ulimit -u`, or the container's)."
    ),
    (os.strerror(errno.ENOMEM),): "Give it more memory, or end what takes it up.",
}


def with_remedy(said: str) -> str:
    """What an error or a program said, and after it what helps, if that is known."""
    for words, remedy in _REMEDIES.items():
        if any(word in said for word in words):
            return f"{said}\n{remedy}" if "\n" in said else f"{said}. {remedy}"
    return said
