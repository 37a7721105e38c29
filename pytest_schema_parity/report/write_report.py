"""Writes a report in one step, or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from errno import EISDIR
from pathlib import Path

from pytest_schema_parity.errors import ConfigError


def remove_old_report(path: Path, opening: str, *, append: bool = False) -> None:
    """Remove the report of an earlier run, and check that a new one can be written.

    A file is removed only if it begins with ``opening``, as a report does, and not if ``append``.
    Raises ConfigError if the file is something else, or cannot be written.
    """
    with _errors_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and not append:
            with path.open("rb") as file:
                begins = file.read(len(opening.encode()))
            if begins == opening.encode():
                path.unlink()
            elif begins:
                raise ConfigError(
                    f"{path} exists and is not a report: name another file, or remove it"
                )
        elif path.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        if not path.exists():
            with tempfile.TemporaryFile(dir=path.parent):
                pass


def write_text(path: Path, text: str) -> None:
    """Write a text to a file in UTF-8, in one step; directories above it are made.

    The text is appended to a file that exists already (a device, a pipe, a page that others write
    to).  Raises ConfigError if it cannot be written.
    """
    with _errors_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            return
        temporary = path.with_name(f".{path.name[:50]}.{secrets.token_hex(8)}")
        try:  # not by tempfile, which takes from others what the umask leaves them
            with temporary.open("x", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise


@contextlib.contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        raise ConfigError(f"the report {path} cannot be written: {why}") from error
