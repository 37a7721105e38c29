"""A machine that is short of something: the gate passes, or says what and where; nothing stays."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

GATE = (sys.executable, "-m", "pytest", "--schema-parity", "pyproject.toml", "-k", "applies")
ONLY_THERE = """
from pathlib import Path
from pytest_schema_parity.postgres import base_directories
base_directories.base_directories = lambda: [Path({scratch!r})]
"""
ON_A_SMALL_DISK = """
mount -t tmpfs -o "mode=1777,size=$2" tmpfs "$1" || exit 99
cd "$1" && cd "$OLDPWD"
directory=$1; shift 2
"$@"
echo "code $?, left: $(ls -A "$directory") $(tail -n +2 /proc/sysvipc/shm)"
"""


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The temp directory of a test's runs, in which the servers' user may make directories."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o1777)
        monkeypatch.setenv("TMPDIR", directory)
        yield Path(directory)


@pytest.fixture
def no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache directory in which nothing is yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pytest-schema-parity"


def run(command: Sequence[str], place: Path, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        command,
        cwd=place,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=60,
        check=False,
    )


def on_a_small_disk(pytester: pytest.Pytester, scratch: Path, size: str) -> list[str]:
    """What the gate says where a disk of this size is all there is."""
    apart = ["unshare", "--mount", "--ipc"]
    if shutil.which("unshare") is None or subprocess.run([*apart, "true"], check=False).returncode:
        pytest.skip("only root may mount a small disk, on Linux")
    pytester.makeconftest(ONLY_THERE.format(scratch=str(scratch)))
    command = [*apart, "sh", "-c", ON_A_SMALL_DISK, "sh", str(scratch), size, *GATE]
    return run(command, pytester.path).stdout.splitlines()


@pytest.mark.campaign
@pytest.mark.parametrize("cached", [True, False])
def test_no_room_for_a_server_is_said_with_place_and_remedy(
    project, scratch: Path, request: pytest.FixtureRequest, cached: bool
) -> None:
    if not cached:
        request.getfixturevalue("no_cache")
    *said, end = on_a_small_disk(project(), scratch, "6m")
    assert end == "code 1, left:  "
    text = "\n".join(said)
    assert f"{scratch}/schema-parity-pg-" in text
    assert "No space left on device" in text
    assert "Free some space there, or set TMPDIR to a directory that has more." in text
    assert "Traceback" not in text


@pytest.mark.campaign
def test_a_migration_that_fills_the_disk_is_a_finding(project, scratch: Path) -> None:
    pytester = project("CREATE TABLE big AS SELECT repeat('x', 900) FROM generate_series(1, 99999)")
    *said, end = on_a_small_disk(pytester, scratch, "70m")
    assert end == "code 1, left:  "
    [line] = [line for line in said if line.startswith("supabase/")]
    assert line.startswith("supabase/migrations/20250101000000_init.sql:1:1: ")
    assert "No space left on device (53100)" in line


def test_a_low_limit_on_open_files_is_said_with_the_remedy(project, scratch: Path) -> None:
    # Without the header, for which pytest opens files itself while the servers start.
    done = run(["sh", "-c", 'ulimit -n 20; "$@"', "sh", *GATE, "-q"], project().path)
    assert done.returncode == 1
    assert "Too many open files" in done.stdout
    assert "Raise the limit on open files (`ulimit -n`)" in done.stdout
    assert [path for path in scratch.iterdir() if "parity-pg" in path.name] == []


@pytest.mark.campaign
def test_several_runs_at_once_on_one_cache_be_it_empty_or_damaged(
    project, scratch: Path, no_cache: Path
) -> None:
    pytester = project()
    for _ in range(2):
        runs = [
            subprocess.Popen(GATE, cwd=pytester.path, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for each in runs:
            output, _ = each.communicate(timeout=60)
            assert each.returncode == 0, output
        assert [path for path in no_cache.rglob("*") if path.suffix == ".new"] == []
        assert [path for path in scratch.iterdir() if "parity-pg" in path.name] == []
        [*damaged] = (path for path in no_cache.rglob("*.*") if path.suffix != ".lock")
        assert len(damaged) == 2
        for path in damaged:
            os.truncate(path, 1000)


@pytest.mark.campaign
def test_an_odd_locale_changes_nothing(project) -> None:
    pytester = project("CREATE TABLE \"İıß\" (i int CHECK (i > 0)); SELECT 'ü'")
    command = [*GATE[:-1], "tables", "--schema-parity-report=json:report.json"]
    odd = {"LC_ALL": "xx_YY", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run(command, pytester.path, **odd, PYTHONIOENCODING="ascii")
    assert done.returncode == 1, done.stderr
    report = (pytester.path / "report.json").read_text(encoding="utf-8")
    assert 'public.\\"İıß\\"' in report


@pytest.mark.campaign
@pytest.mark.usefixtures("scratch")
def test_whatever_the_umask_is_only_we_may_enter(project, no_cache: Path) -> None:
    pytester = project()
    pytester.makepyfile(
        """
        def test_modes(schema_parity):
            directory = schema_parity["prisma"].target.host.socket_directory
            for path in (directory, directory / "data"):
                assert path.stat().st_mode & 0o777 == 0o700
        """
    )
    command = [sys.executable, "-m", "pytest", "--schema-parity", "-k", "modes or applies"]
    done = run(["sh", "-c", 'umask 000; "$@"', "sh", *command], pytester.path)
    assert done.returncode == 0, done.stdout
    assert no_cache.stat().st_mode & 0o777 == 0o700


@pytest.mark.campaign
def test_any_name_of_a_temp_directory(project, scratch: Path) -> None:
    pytester = project()
    place = scratch / 'it\'s "quoted" 100% $HOME `id` \\ ☃'
    place.mkdir()
    place.chmod(0o1777)
    pytester.makeconftest(ONLY_THERE.format(scratch=str(place)))
    done = run(GATE, pytester.path)
    assert done.returncode == 0, done.stdout
    assert list(place.iterdir()) == []
