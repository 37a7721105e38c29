"""Read SQL files: UTF-8, with or without a byte order mark, with any line ends."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from pytest_schema_parity.errors import ScriptError

_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_sql(path: Path, *, file: str) -> str:
    """A file's text, its line ends kept; raise ScriptError if no server could read it.

    ``file`` is the name that errors give.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScriptError(
            f"cannot be read: {error.strerror}", file=file, line=1, column=1
        ) from None
    if data.startswith(_UTF_16):
        raise _error(data, 0, file, "is UTF-16", _conversion_remedy("UTF-16", file))
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = data[error.start]
        problem = f"byte 0x{byte:02x} is not UTF-8 (in Latin-1 it would be {chr(byte)!r})"
        raise _error(data, error.start, file, problem, _conversion_remedy("LATIN1", file)) from None
    if "\0" in text:
        position = data.index(b"\0")
        remedy = "PostgreSQL's text cannot contain one: remove it"
        raise _error(data, position, file, "a NUL byte", remedy)
    return text


def _conversion_remedy(encoding: str, file: str) -> str:
    return f"save the file as UTF-8, as in: iconv -f {encoding} -t UTF-8 {file!r}"


def _error(data: bytes, position: int, file: str, problem: str, remedy: str) -> ScriptError:
    """A ScriptError with the line and column (in characters) of a byte."""
    start = data.rfind(b"\n", 0, position) + 1
    column = len(data[start:position].decode("utf-8", "replace")) + 1
    line = data.count(b"\n", 0, position) + 1
    return ScriptError(f"{problem}; {remedy}", file=file, line=line, column=column)
