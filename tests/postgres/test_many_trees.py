"""More trees than processors: all are built, and no more servers start at once than there are."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pytest_schema_parity.building import targets
from pytest_schema_parity.checks.open_parity import open_parity
from pytest_schema_parity.config import load_config
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.postgres.processors import processors

TREES = [f"tree_{number}" for number in range(12)]


def test_twelve_trees(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, lock, starting, most = targets.start_cluster, threading.Lock(), [0], [0]

    def counted(*args: object, **more: object) -> object:
        with lock:
            starting[0] += 1
            most[0] = max(most[0], starting[0])
        try:
            return start(*args, **more)  # type: ignore[arg-type]
        finally:
            with lock:
                starting[0] -= 1

    monkeypatch.setattr(targets, "start_cluster", counted)
    tables = "".join(f'{name} = {{ path = "{name}.sql" }}\n' for name in TREES)
    tmp_path.joinpath("schema-parity.toml").write_text(
        f'reference = "tree_0"\n[trees]\n{tables}', encoding="utf-8"
    )
    for name in TREES:
        tmp_path.joinpath(f"{name}.sql").write_text(f"CREATE TABLE {name} (id int);")
    config = load_config(tmp_path / "schema-parity.toml")
    assert config is not None
    parity = open_parity(config, bindir=Path(installation.bindir))
    try:
        made = [list(parity.trees[name].schema.tables) for name in TREES]
        assert made == [[f"public.{name}"] for name in TREES]
        assert 1 <= most[0] <= processors()
        assert [each.change for each in parity.comparison("tree_11")] == ["renamed"]
    finally:
        parity.trees.close()
