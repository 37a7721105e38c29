"""Write a file whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pytest_schema_parity.errors import ConfigError


def make_way(path: Path) -> None:
    """Remove a file of an earlier run, and see that a new one can be written in its place.

    Raises ConfigError when it cannot.
    """
    with _errors_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass


def write_text(path: Path, text: str) -> None:
    """Write a text to a file in UTF-8, in one step; directories above it are made.

    Raises ConfigError when it cannot be written.
    """
    with _errors_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise


@contextlib.contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        raise ConfigError(f"the report {path} cannot be written: {why}") from error


def _umask() -> int:
    """The process's umask, which can be read only by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
