"""Reports are written with the rights that the umask leaves, which is not touched meanwhile."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pytest_schema_parity.report.write_report import write_text


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_a_report_has_the_rights_that_the_umask_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mask: int, mode: int
) -> None:
    before = os.umask(mask)
    try:
        monkeypatch.setattr(os, "umask", lambda _: pytest.fail("other threads make files, too"))
        write_text(tmp_path / "r.json", "{}")
    finally:
        monkeypatch.undo()
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "r.json").stat().st_mode) == mode
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_text(tmp_path / "r.json", None)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
