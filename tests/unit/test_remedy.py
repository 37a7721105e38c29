"""Errors of the operating system are shown with a remedy."""

from __future__ import annotations

import errno
import os

import pytest

from pytest_schema_parity.postgres.remedy import with_remedy


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        (str(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/x")), "TMPDIR"),
        ('FATAL: could not extend file "1":\n  No space left on device', "TMPDIR"),
        (str(OSError(errno.EMFILE, os.strerror(errno.EMFILE))), "ulimit -n"),
        (str(BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))), "ulimit -u"),
        ("sh: 1: Cannot fork", "ulimit -u"),
        ("could not map anonymous shared memory: Cannot allocate memory", "more memory"),
    ],
)
def test_the_remedy_follows_the_message(message: str, remedy: str) -> None:
    shown = with_remedy(message)
    assert shown.startswith(message)
    assert remedy in shown[len(message) :]
    assert shown[len(message)] == ("\n" if "\n" in message else ".")


def test_an_unknown_message_is_not_changed() -> None:
    assert with_remedy("it just failed") == "it just failed"
