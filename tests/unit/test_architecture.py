"""The house rules: who may import whom, and what must come in pairs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import pytest_schema_parity
from pytest_schema_parity.catalog.queries import OTHER
from pytest_schema_parity.schema.kinds import KINDS

PACKAGE = Path(pytest_schema_parity.__file__).parent
PROJECT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))


def imported(module: Path) -> set[str]:
    """The top-level packages that a module imports, be it inside a function."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return {name.partition(".")[0] for name in found}


def test_the_layers_hold(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.syspath_prepend(PROJECT)
    status = lint_imports(config_filename=str(PROJECT / "pyproject.toml"), no_cache=True)
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_uses_what_is_private_to_pytest(module: Path) -> None:
    assert "_pytest" not in imported(module)
    assert "import_module('_pytest" not in module.read_text(encoding="utf-8").replace('"', "'")


def test_every_kind_has_its_query_and_every_query_its_kind() -> None:
    queries = {path.stem.replace("_", " ") for path in (PACKAGE / "catalog").glob("*.sql")}
    assert queries == {*KINDS, OTHER}
