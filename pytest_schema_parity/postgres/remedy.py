"""Remedies for errors of the operating system, such as a full disk or too many open files."""

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
    (os.strerror(errno.ENOMEM),): "Provide more memory, or stop other programs that use it.",
}


def with_remedy(message: str) -> str:
    """An error message, followed by a remedy if one is known."""
    for words, remedy in _REMEDIES.items():
        if any(word in message for word in words):
            return f"{message}\n{remedy}" if "\n" in message else f"{message}. {remedy}"
    return message
