"""Where the processes of a run meet: nobody waits for what will not come."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_schema_parity.building import sharing
from pytest_schema_parity.building.build import Build
from pytest_schema_parity.building.sharing import BuilderEnded, Notice, SharedBuilds
from pytest_schema_parity.building.targets import OwnClusters
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.apply import Applied
from pytest_schema_parity.migrations.origins import Marks
from pytest_schema_parity.platforms import PLATFORMS
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.schema.facts import Schema

BUILD = Build(applied=Applied((), (), Marks()), schema=Schema(), stand_ins=())


@pytest.fixture
def process(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], SharedBuilds]]:
    """Makes a further process of one run, which leaves in the end."""
    monkeypatch.setattr(sharing, "shared_directory", lambda run: tmp_path / run)
    made: list[SharedBuilds] = []

    def another() -> SharedBuilds:
        made.append(SharedBuilds("run", OwnClusters(installation)))
        return made[-1]

    yield another
    for each in made:
        each.withdraw()


def no_room(_path: Path, content: bytes) -> None:
    if content:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    _path.touch()


def no_room_at_all(_path: Path, _content: bytes) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (no_room, "No space left on device. Free some"),
        (no_room_at_all, "has ended. Run pytest again"),
    ],
)
def test_a_builder_whose_disk_is_full_keeps_nobody_waiting(
    process: Callable[[], SharedBuilds],
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Path, bytes], None],
    said: str,
) -> None:
    builder, other = process(), process()
    assert builder.become_builder()
    assert not other.become_builder()
    monkeypatch.setattr(Path, "write_bytes", write)
    builder.publish(0, "the reason")
    deadline = time.monotonic() + 20
    with pytest.raises(ServerError, match=said):
        other.receive(0, PLATFORMS["none"], ended=lambda: time.monotonic() > deadline)


def test_who_has_left_leaves_no_notice(process: Callable[[], SharedBuilds]) -> None:
    """A tree whose server is stopped under it fails, and that is noticed after the end."""
    builder = process()
    assert builder.become_builder()
    builder.withdraw()
    builder.path.mkdir(mode=0o700)  # another process is here
    builder.publish(0, "the run ended")
    assert list(builder.path.iterdir()) == []


def test_a_server_that_its_builder_takes_along_is_built_again(
    process: Callable[[], SharedBuilds], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    builder, other = process(), process()
    assert builder.become_builder()
    builder.publish(0, Notice(BUILD, "postgres", tmp_path / "gone"))

    def too_late(*_args: object, **_more: object) -> None:
        builder.withdraw()
        raise ServerError("The server has ended")

    monkeypatch.setattr(OwnClusters, "attach", too_late)
    with pytest.raises(BuilderEnded):
        other.receive(0, PLATFORMS["none"], ended=lambda: False)


def test_a_server_that_is_gone_though_its_builder_is_there_is_told(
    process: Callable[[], SharedBuilds], tmp_path: Path
) -> None:
    builder, other = process(), process()
    assert builder.become_builder()
    builder.publish(0, Notice(BUILD, "postgres", tmp_path / "gone"))
    with pytest.raises(ServerError, match="gone has ended"):
        other.receive(0, PLATFORMS["none"], ended=lambda: False)


def test_a_meeting_place_on_a_full_disk_is_said(
    process: Callable[[], SharedBuilds], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, **_how: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    builder = process()
    monkeypatch.setattr(Path, "touch", full)
    with pytest.raises(ServerError, match=r"cannot share .*/run: .*No space.*TMPDIR"):
        builder.become_builder()


def test_a_place_that_is_just_swept_is_waited_for(
    process: Callable[[], SharedBuilds],
) -> None:
    place = process().path
    place.mkdir(mode=0o700)
    sweeper = os.open(place, os.O_RDONLY)
    fcntl.flock(sweeper, fcntl.LOCK_EX)
    builder = process()
    claimed: list[bool] = []
    thread = threading.Thread(target=lambda: claimed.append(builder.become_builder()))
    thread.start()
    thread.join(0.1)
    place.rmdir()
    os.close(sweeper)
    thread.join(10)
    assert claimed == [True]
    assert not process().become_builder()
