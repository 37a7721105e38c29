"""The cache of data directories: an image is made once, and again if it is damaged."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from support.campaign import one_in

from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres import cache, datadir
from pytest_schema_parity.postgres.account import Account
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.postgres.lifeline import Lifeline
from pytest_schema_parity.postgres.template import ClusterTemplate

STARTS = """
import sys
from pathlib import Path
from pytest_schema_parity.postgres import datadir
from pytest_schema_parity.postgres.cluster import start_cluster
from pytest_schema_parity.postgres.installation import find_installation
initdb = datadir._run_initdb
datadir._run_initdb = lambda *arguments: (print("made"), initdb(*arguments))
with start_cluster(find_installation(bindir=Path(sys.argv[1])), name="racing") as cluster:
    print("ran")
"""


@pytest.fixture(scope="module")
def initialized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first initdb of these tests leaves a copy of what it made."""
    return tmp_path_factory.mktemp("initialized") / "data"


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, initialized: Path) -> Iterator[Path]:
    """The directory of images in an empty cache; initdb runs once and is copied from then on."""
    initdb = datadir._run_initdb

    def run_or_copy(lifeline: Lifeline, template: ClusterTemplate, programs: Installation) -> None:
        data = lifeline.run.data
        if initialized.exists():
            subprocess.run(["cp", "-a", "-T", initialized, data], check=True)
            return
        initdb(lifeline, template, programs)
        subprocess.run(["cp", "-a", "-T", data, initialized], check=True)

    monkeypatch.setattr(datadir, "_run_initdb", run_or_copy)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache.cache_directory.cache_clear()
    yield cache.cache_directory() / "images"
    cache.cache_directory.cache_clear()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The paths of the images that are made during the test."""
    made: list[Path] = []
    make = datadir._make_image

    def watched(
        image: Path, template: ClusterTemplate, programs: Installation, account: Account
    ) -> None:
        made.append(image)
        make(image, template, programs, account)

    monkeypatch.setattr(datadir, "_make_image", watched)
    return made


def starts(installation: Installation, template: ClusterTemplate) -> bool:
    with (
        start_cluster(installation, template=template, name="cached") as cluster,
        psycopg.connect(cluster.conninfo()) as connection,
    ):
        return connection.execute("SELECT true").fetchone() == (True,)


def test_an_image_is_made_once_for_each_content_of_the_scripts(
    installation: Installation, images: Path, made: list[Path], tmp_path: Path
) -> None:
    script = tmp_path / "script.sql"
    template = ClusterTemplate("scripted", scripts=(script,))
    script.write_text("SELECT 1")
    assert starts(installation, template)
    assert starts(installation, template)
    assert len(made) == 1
    script.write_text("SELECT 2")
    assert starts(installation, template)
    assert len(made) == len(set(made)) == len(list(images.glob("*.image"))) == 2


def truncate(image: Path) -> None:
    os.truncate(image, image.stat().st_size - 1)


def empty(image: Path) -> None:
    os.truncate(image, 0)


def garble(image: Path) -> None:
    image.write_bytes(b"not an image\n" * 1000)


def cut_the_index(image: Path) -> None:
    image.write_bytes(image.read_bytes()[:100])


def zero_the_contents(image: Path) -> None:
    """As after a power failure, if the file was not synced."""
    with image.open("r+b") as file:
        file.readline()
        file.readline()
        start = file.tell()
        file.write(bytes(image.stat().st_size - start))


@pytest.mark.parametrize(
    "damage", one_in(3, [truncate, empty, cut_the_index, zero_the_contents, garble])
)
def test_a_damaged_image_is_made_again(
    installation: Installation, images: Path, made: list[Path], damage: Callable[[Path], None]
) -> None:
    assert starts(installation, ClusterTemplate("damaged"))
    [image] = images.glob("*.image")
    damage(image)
    assert starts(installation, ClusterTemplate("damaged"))
    assert made == [image, image]
    assert starts(installation, ClusterTemplate("damaged"))
    assert len(made) == 2


def test_a_directory_in_place_of_the_image_is_ignored(
    installation: Installation, images: Path, made: list[Path]
) -> None:
    assert starts(installation, ClusterTemplate("blocked"))
    [image] = images.glob("*.image")
    image.unlink()
    image.mkdir()
    assert starts(installation, ClusterTemplate("blocked"))
    assert [path.name for path in made[:2]] == [image.name] * 2
    assert made[2].name == "image"


def test_the_unfinished_image_of_a_killed_process_is_removed(
    installation: Installation, images: Path
) -> None:
    assert starts(installation, ClusterTemplate("begun"))
    [image] = images.glob("*.image")
    image.rename(image.with_suffix(".4711.new"))
    assert starts(installation, ClusterTemplate("begun"))
    assert sorted(path.suffix for path in images.iterdir()) == [".image", ".lock"]


@pytest.mark.parametrize("when", one_in(2, [0, 2**32]))
def test_an_image_is_used_whatever_its_mtime(
    installation: Installation, images: Path, made: list[Path], when: int
) -> None:
    assert starts(installation, ClusterTemplate("dated"))
    [image] = images.glob("*.image")
    os.utime(image, (when, when))
    assert starts(installation, ClusterTemplate("dated"))
    assert len(made) == 1
    assert image.exists()


def test_processes_that_start_at_once_make_one_image(
    installation: Installation, images: Path
) -> None:
    command = [sys.executable, "-c", STARTS, str(installation.bindir)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    printed = [process.communicate(timeout=60)[0].split() for process in processes]
    assert sorted(printed) == [["made", "ran"], ["ran"], ["ran"]]
    assert sorted(path.suffix for path in images.iterdir()) == [".image", ".lock"]


def test_a_failing_script_leaves_no_image(
    installation: Installation, images: Path, tmp_path: Path
) -> None:
    script = tmp_path / "script.sql"
    script.write_text("CREATE TABLE made_halfway (); SELECT 1 / 0")
    with pytest.raises(ServerError, match="division by zero"):
        starts(installation, ClusterTemplate("failing", scripts=(script,)))
    assert [path.suffix for path in images.iterdir()] == [".lock"]


def test_images_that_are_unused_for_a_month_are_removed(
    installation: Installation, images: Path
) -> None:
    assert starts(installation, ClusterTemplate("pruning"))
    for name in ("old.image", "old.lock", "18-old.77.new"):
        (images / name).touch()
        os.utime(images / name, (time.time() - 31 * 24 * 3600,) * 2)
    (images / "young.image").touch()
    assert starts(installation, ClusterTemplate("pruning"))  # from the cache
    names = {path.name for path in images.iterdir()}
    assert "young.image" in names
    assert not [name for name in names if "old" in name]


def test_a_lock_file_that_is_removed_while_a_thread_waits_is_not_taken_for_the_lock(
    tmp_path: Path,
) -> None:
    path = tmp_path / "lock"
    inside: list[str] = []

    def second() -> None:
        with cache.locked(path):
            inside.append("second")

    with cache.locked(path):
        waits = threading.Thread(target=second)
        waits.start()
        time.sleep(0.1)
        path.unlink()
        third = os.open(path, os.O_CREAT | os.O_RDWR)
        fcntl.flock(third, fcntl.LOCK_EX)
    waits.join(0.3)
    assert inside == []
    os.close(third)
    waits.join(10)
    assert inside == ["second"]


def test_using_a_lock_file_updates_its_mtime(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    os.utime(path, (0, 0))
    with cache.locked(path):
        cache.prune(tmp_path)
        assert path.exists()


def test_a_locked_directory_is_not_pruned_whatever_its_mtime(tmp_path: Path) -> None:
    for name in ("used", "unused"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (0, 0))
    used = os.open(tmp_path / "used", os.O_RDONLY)
    fcntl.flock(used, fcntl.LOCK_SH)
    cache.prune(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["used"]
    os.close(used)
    cache.prune(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_starts_if_the_cache_is_full(
    installation: Installation, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = datadir.pack

    def full(data: Path, image: Path) -> None:
        if image.parent == images:
            image.write_bytes(b"the beginning")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        pack(data, image)

    monkeypatch.setattr(datadir, "pack", full)
    assert starts(installation, ClusterTemplate("full"))
    assert [path.suffix for path in images.iterdir()] == [".lock"]


def test_a_cluster_starts_if_the_cache_holds_a_file_in_place_of_the_directory(
    installation: Installation, images: Path
) -> None:
    images.write_text("no directory")
    assert starts(installation, ClusterTemplate("blocked"))


def test_the_error_for_a_full_disk_has_the_directory(
    installation: Installation, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert starts(installation, ClusterTemplate("roomless"))
    assert list(images.glob("*.image"))

    def full(_path: str, content: memoryview, _account: Account) -> None:
        with content:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pytest_schema_parity.postgres.image._write_file", full)
    with pytest.raises(ServerError, match=r"/data cannot be written: .*space.*TMPDIR"):
        starts(installation, ClusterTemplate("roomless"))
    assert list(images.glob("*.image"))  # which is not to blame


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be given another's home")
@pytest.mark.parametrize("existing", [".", ".cache", ".cache/pytest-schema-parity"])
def test_root_creates_no_files_in_the_home_of_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: str
) -> None:
    home, temp = tmp_path / "home", tmp_path / "temp"
    temp.mkdir()
    (home / existing).mkdir(parents=True)
    for path in (home, *home.rglob("*")):
        os.chown(path, 65534, 65534)
    before = list(home.rglob("*"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr("tempfile.tempdir", str(temp))
    cache.cache_directory.cache_clear()
    try:
        assert cache.cache_directory().parent == temp
    finally:
        cache.cache_directory.cache_clear()
    assert list(home.rglob("*")) == before


def test_using_an_image_updates_its_mtime(installation: Installation, images: Path) -> None:
    assert starts(installation, ClusterTemplate("kept"))
    [image] = images.glob("*.image")
    os.utime(image, (0, 0))
    assert starts(installation, ClusterTemplate("kept"))
    assert image.stat().st_mtime > time.time() - 3600


def test_a_user_without_a_home_directory_gets_no_directory_named_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python does not expand "~" if no home directory is known."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    monkeypatch.setattr(cache, "user_cache_path", lambda name: Path("~", ".cache", name))
    cache.cache_directory.cache_clear()
    try:
        assert cache.cache_directory().parent == tmp_path / "temp"
    finally:
        cache.cache_directory.cache_clear()
    assert not (tmp_path / "~").exists()


def test_without_a_usable_home_the_cache_is_in_a_private_temporary_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/no/such/place")
    cache.cache_directory.cache_clear()
    try:
        private = cache.cache_directory()
        assert private.parent == tmp_path
        assert private.stat().st_mode & 0o777 == 0o700
        cache.cache_directory.cache_clear()
        private.chmod(0o777)
        with pytest.raises(
            ServerError, match="not a directory that only the current user can write to"
        ):
            cache.cache_directory()
    finally:
        cache.cache_directory.cache_clear()
