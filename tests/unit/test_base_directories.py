"""Base directories: memory if it has room, and only paths that a socket can have."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres import base_directories
from pytest_schema_parity.postgres.account import Account

OURSELVES = Account(os.geteuid(), os.getegid(), is_other_user=False)
PLENTY = 2**40


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    """Set how much is free in each directory; returns the one that is chosen."""

    def choose(*, temp: str, free: Mapping[str, int]) -> Path:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / temp))
        monkeypatch.setattr(Account, "can_write", lambda _account, _directory: True)
        sizes = {Path(name): size for name, size in free.items()}
        monkeypatch.setattr(
            base_directories, "_free", lambda base: sizes.get(base, sizes[Path("temp")])
        )
        return base_directories.choose_base_directory(OURSELVES)

    monkeypatch.setattr(base_directories, "_MAX_SOCKET_PATH", 10_000)
    return choose


@pytest.mark.parametrize(
    ("tmpdir_is_set", "temp", "memory", "tmp", "chosen"),
    [
        (False, PLENTY, PLENTY, PLENTY, "/dev/shm"),
        (False, PLENTY, 64 * 2**20, PLENTY, "temp"),
        (True, PLENTY, PLENTY, PLENTY, "temp"),
        (True, 2**20, PLENTY, PLENTY, "/dev/shm"),
        (False, 2**20, 64 * 2**20, 2**20, "/dev/shm"),
        (False, 2**20, 64 * 2**20, 100 * 2**20, "/tmp"),
        (False, 0, 0, 0, "/dev/shm"),
    ],
)
def test_the_first_with_room_is_chosen_else_the_one_with_most_free_space(
    free: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmpdir_is_set: bool,
    temp: int,
    memory: int,
    tmp: int,
    chosen: str,
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp") if tmpdir_is_set else "")
    sizes = {"temp": temp, "/dev/shm": memory, "/tmp": tmp}
    expected = tmp_path / "temp" if chosen == "temp" else Path(chosen)
    assert free(temp="temp", free=sizes) == expected


@pytest.mark.parametrize(
    ("temp", "usable"),
    [
        ("a b", True),
        ('it\'s "quoted" 100%s $HOME `id` \\', True),
        ("ünï☃", True),
        ("a,b", False),
        ("a\nb", False),
        (os.fsdecode(b"\xff\xfe"), False),
    ],
)
def test_a_path_that_no_socket_can_have_is_skipped(
    free: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    temp: str,
    usable: bool,
) -> None:
    monkeypatch.setenv("TMPDIR", temp)
    chosen = free(temp=temp, free={"temp": PLENTY, "/dev/shm": 0, "/tmp": PLENTY})
    assert chosen == (tmp_path / temp if usable else Path("/tmp"))


def test_the_error_lists_the_directories_that_were_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Account, "can_write", lambda _account, _directory: False)
    with pytest.raises(ServerError, match=rf"(?s)Tried .*{tmp_path}.*/tmp.*Set TMPDIR to"):
        base_directories.choose_base_directory(OURSELVES)


@pytest.mark.parametrize(
    ("chosen", "absolute"), [(".", "."), ("//tmp//x/", "/tmp/x"), ("sub", "sub")]
)
def test_the_temporary_directory_is_absolute_and_begins_with_one_slash(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: str, absolute: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", chosen)
    assert base_directories.temporary_directory() == tmp_path / absolute


def test_tmp_is_used_if_python_finds_no_temporary_directory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    assert base_directories.temporary_directory() == Path("/tmp")
