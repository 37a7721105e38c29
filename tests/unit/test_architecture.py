"""The house rules: who may import whom, and what must come in pairs."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import pytest_schema_parity

PACKAGE = Path(pytest_schema_parity.__file__).parent
PROJECT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
OF_PLUGIN = sorted((PACKAGE / "plugin").rglob("*.py"))


def parsed(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def strings_in(tree: ast.Module) -> set[str]:
    """The texts of a module that could name something."""
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and "\n" not in value}


def is_private(name: str) -> bool:
    return re.fullmatch(r"_[^\W_]\w*", name) is not None


def is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def defined_in(tree: ast.Module) -> set[str]:
    """The functions of a module, its methods, and the attributes that these assign."""
    nodes = list(ast.walk(tree))
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    stored = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    return functions | stored


def imported(module: Path) -> set[str]:
    """The top-level packages that a module imports, be it inside a function."""
    found = set()
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return {name.partition(".")[0] for name in found}


def ours_in(module: Path) -> set[str]:
    """The modules of the package that a module imports, also inside functions and for types."""
    names = {
        (node.module, alias.name)
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE.name)
        for alias in node.names
    }
    below = {f"{package}.{name}" for package, name in names}
    return ({str(package) for package, _ in names} | below) & {name_of(each) for each in MODULES}


def name_of(module: Path) -> str:
    return ".".join(module.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def test_imports_form_no_circle() -> None:
    packages = {name_of(each) for each in MODULES if each.name == "__init__.py"}
    imports = {name_of(each): ours_in(each) - packages for each in MODULES}
    assert len(list(TopologicalSorter(imports).static_order())) == len(imports)


def types_in(tree: ast.Module) -> set[str]:
    """The classes of a module, and what it defines as a type's other name."""
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    aliases = {
        node.target.id
        for node in tree.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.annotation, ast.Name)
        and node.annotation.id == "TypeAlias"
    }
    return {name for name in classes | aliases if not name.startswith("_")}


def test_a_type_has_a_name_of_its_own() -> None:
    modules = defaultdict(list)
    for module in MODULES:
        for name in types_in(parsed(module)):
            modules[name].append(str(module.relative_to(PACKAGE)))
    assert {name: found for name, found in modules.items() if len(found) > 1} == {}


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
    assert "_pytest" not in {name.partition(".")[0] for name in strings_in(parsed(module))}


@pytest.mark.parametrize("module", OF_PLUGIN, ids=lambda path: path.name)
def test_the_plugin_uses_only_what_pytest_documents(module: Path) -> None:
    """What begins with an underscore is its module's own, be it an attribute or asked for by name.

    And what it takes from pytest itself is exported there; options are asked for by getoption.
    """
    tree = parsed(module)
    own = defined_in(tree)
    foreign = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and (is_private(node.attr) and not (is_self(node.value) and node.attr in own))
    }
    assert not foreign
    assert not {name for name in strings_in(tree) if is_private(name)}
    taken = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pytest"
    }
    assert taken <= set(pytest.__all__)
    assert "option" not in {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_the_oldest_that_is_tested_are_the_lower_bounds() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    bounds = re.findall(
        r"^(\S+?)(?:\[\w+\])?>=(\S+)$",
        "\n".join(
            [*project["dependencies"], *extras["xdist"], *extras["hypothesis"], *extras["test"]]
        ),
        re.MULTILINE,
    )
    oldest = (PROJECT / "tests/oldest.txt").read_text()
    pinned = dict(re.findall(r"^(\S+)==(\S+)$", oldest, re.MULTILINE))
    tools = {"import-linter", "mypy", "ruff"}  # which look at the code and do not run it
    lower = {name: version for name, version in bounds if name not in tools}
    assert pinned == lower | {"psycopg-binary": lower["psycopg"]}
