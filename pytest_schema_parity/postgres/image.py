"""A data directory in one file.

Its files are written anew for each cluster, all thousand of them.  From one file that takes 30 ms,
and 25 without what a server can do without, where ``cp -a`` of a directory takes 75 and
``shutil.copytree`` 100; and one file is either whole or not there.
"""

from __future__ import annotations

import errno
import json
import mmap
import os
from pathlib import Path

from pytest_schema_parity.postgres.account import Account

_MAGIC = b"schema-parity image 1\n"


class BrokenImage(Exception):
    """The file is no image, or not a whole one."""


def pack(data: Path, image: Path) -> None:
    """Write the files of ``data`` (of a server that was shut down) to the new file ``image``.

    Its last checkpoint must not run over the end of a WAL segment.
    """
    directories: list[str] = []
    files: list[tuple[str, int]] = []
    contents: list[bytes] = []
    for parent, _, names in os.walk(data):
        relative = os.path.relpath(parent, data)
        directories.append(relative)
        for name in _needed_files(Path(parent), names):
            content = Path(parent, name).read_bytes()
            files.append((os.path.join(relative, name), len(content)))  # noqa: PTH118  # hot
            contents.append(content)
    index = json.dumps({"directories": directories, "files": files}).encode() + b"\n"
    with image.open("xb") as out:
        out.writelines((_MAGIC, index, *contents))


def _needed_files(parent: Path, names: list[str]) -> list[str]:
    """The files of a directory that a server cannot make anew: a third of all are of the others."""
    if parent.name == "pg_wal":
        return [min(names)]  # the last checkpoint's; the later ones are empty, made in advance
    # A missing map of free space or of visibility is no fault: a new table has none either.
    return [name for name in names if not name.endswith(("_fsm", "_vm"))]


def unpack(image: Path, data: Path, account: Account) -> None:
    """Make the data directory anew; raises BrokenImage, and FileNotFoundError where is none."""
    with image.open("rb") as source:
        if source.readline() != _MAGIC:
            raise BrokenImage(image)
        try:
            index = json.loads(source.readline())
            directories: list[str] = index["directories"]
            files: list[tuple[str, int]] = index["files"]
        except (ValueError, LookupError, TypeError):
            raise BrokenImage(image) from None
        start = source.tell()
        if start + sum(size for _, size in files) != os.fstat(source.fileno()).st_size:
            raise BrokenImage(image)
        with (
            mmap.mmap(source.fileno(), 0, prot=mmap.PROT_READ) as mapped,
            memoryview(mapped) as view,
        ):
            for directory in directories:
                path = data / directory
                path.mkdir(0o700)
                account.chown(path)
            for name, size in files:
                _write_file(f"{data}/{name}", view[start : start + size], account)
                start += size


def _write_file(path: str, content: memoryview, account: Account) -> None:
    with content:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if account.is_other_user:
                os.fchown(file, account.uid, account.gid)
            if content and os.write(file, content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        finally:
            os.close(file)
