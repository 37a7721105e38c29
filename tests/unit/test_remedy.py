"""What the system refuses is said with what helps."""

from __future__ import annotations

import errno
import os

import pytest

from pytest_schema_parity.postgres.remedy import with_remedy


@pytest.mark.parametrize(
    ("said", "helps"),
    [
        (str(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/x")), "TMPDIR"),
        ('FATAL: could not extend file "1":\n  No space left on device', "TMPDIR"),
        (str(OSError(errno.EMFILE, os.strerror(errno.EMFILE))), "ulimit -n"),
        (str(BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))), "ulimit -u"),
        ("sh: 1: Cannot fork", "ulimit -u"),
        ("could not map anonymous shared memory: Cannot allocate memory", "more memory"),
    ],
)
def test_what_helps_follows_what_was_said(said: str, helps: str) -> None:
    told = with_remedy(said)
    assert told.startswith(said)
    assert helps in told[len(said) :]
    assert told[len(said)] == ("\n" if "\n" in said else ".")


def test_where_nobody_knows_what_helps_nothing_is_added() -> None:
    assert with_remedy("it just failed") == "it just failed"
