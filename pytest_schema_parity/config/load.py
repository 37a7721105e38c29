"""Find the configuration file, and read it; errors of TOML syntax become ConfigError."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.config.known_values import KnownValues
from pytest_schema_parity.config.locator import KeyPath, Locator
from pytest_schema_parity.config.mistakes import Mistakes, display_path
from pytest_schema_parity.config.model import TABLE_NAME, Config
from pytest_schema_parity.config.read import read_config
from pytest_schema_parity.config.table import TomlTable, type_in_words
from pytest_schema_parity.errors import ConfigError

PROJECT_FILE: Final = "pyproject.toml"
OWN_FILE: Final = "schema-parity.toml"
FILE_NAMES: Final = (PROJECT_FILE, OWN_FILE)
MISSPELLED_TABLES: Final = frozenset({"pytestschemaparity", "schemaparity", "pytestparity"})
"""Wrong names of our table that are recognised; without dashes, underscores and case."""

AT_LINE: Final = re.compile(r"\s*\(at (?:line (?P<line>\d+), column \d+|end of document)\)$")
DECLARED_TWICE: Final = re.compile(r"Cannot declare \((?P<keys>.*)\) twice")


def find_config(start: Path) -> Path | None:
    """The configuration file in a directory, or in the nearest directory above it.

    That is ``schema-parity.toml``, or a ``pyproject.toml`` with our table.  Raises ConfigError if a
    directory has both.
    """
    for directory in (start.absolute(), *start.absolute().parents):
        found = [file for file in _candidates(directory) if file.is_file()]
        if len(found) > 1:
            first, second = map(display_path, found)
            raise ConfigError(f"{first} and {second} both contain a configuration; keep one")
        if found:
            return found[0]
    return None


def configurations_below(start: Path) -> list[Path]:
    """The configuration files one or two levels below a directory."""
    found = []
    for pattern in (f"{level}{name}" for level in ("*/", "*/*/") for name in FILE_NAMES):
        found += [file for file in start.glob(pattern) if file in _candidates(file.parent)]
    return sorted(found)


def load_config(
    file: Path,
    *,
    added: Mapping[str, object] = MappingProxyType({}),
    known: KnownValues | None = None,
) -> Config | None:
    """Read and check the configuration in a file; None if the file has none.

    ``added`` has the tables of further trees, by name, from a hook.  With ``known``, the
    names of platforms and layouts, and the files, are checked, too.

    The configuration is the table ``[tool.pytest-schema-parity]``, or the top level of a file that
    is not a ``pyproject.toml`` and has no table ``tool``.  Raises one ConfigError that lists every
    mistake, with file, line, key and remedy.
    """
    name = display_path(file)
    text = _read_text(file, name)
    try:
        values = tomllib.loads(text)
        mistakes = Mistakes(name, Locator(text))
    except ValueError as error:
        raise ConfigError(_toml_error(error, name, text)) from None
    except RecursionError:
        raise ConfigError(f"{name}: its values are nested too deeply to be read") from None
    table = _find_table(values, mistakes, in_project=file.name == PROJECT_FILE)
    mistakes.check()
    if table is None:
        return None
    return read_config(table, file.absolute(), name, added, known)


def _candidates(directory: Path) -> list[Path]:
    """The paths of a directory that may be configuration files; they need not exist."""
    project = directory / PROJECT_FILE
    own = [directory / OWN_FILE]
    if not project.is_file() or not _configures_us(project):
        return own
    return [project, *own]


def _configures_us(project: Path) -> bool:
    """Whether a ``pyproject.toml`` has our table, or one with a name that is probably ours.

    If it is not valid TOML, only a header of our table counts: other errors are not ours to report.
    """
    try:
        text = project.read_bytes().decode(errors="replace")
    except OSError:
        return False
    if not re.search(r"schema[-_]parity", text, re.IGNORECASE):
        return False
    try:
        tool = tomllib.loads(text).get("tool")
    except (ValueError, RecursionError):
        return (
            re.search(rf"^\s*\[+\s*tool\s*\.\s*\W?{TABLE_NAME}\W", text, re.MULTILINE) is not None
        )
    return isinstance(tool, dict) and (TABLE_NAME in tool or _misspelled_table(tool) is not None)


def _read_text(file: Path, name: str) -> str:
    """The text of a UTF-8 file with ``\\n`` as line ends; raises ConfigError."""
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{name}:{line}: is not UTF-8, which TOML must be") from None
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror or error}") from None


def _find_table(
    values: dict[str, object], mistakes: Mistakes, *, in_project: bool
) -> TomlTable | None:
    """The table of the configuration: ``[tool.…]``, or the top level; None if there is none."""
    tool = values.get("tool")
    if tool is None and not in_project:
        return TomlTable(values, (), "", mistakes) if values else None
    if not isinstance(tool, dict):
        return None
    path: KeyPath = ("tool", TABLE_NAME)
    header = f"[tool.{TABLE_NAME}]"
    found = tool.get(TABLE_NAME)
    if found is None:
        if name := _misspelled_table(tool):
            mistakes.add(("tool", name), f"[tool.{name}]", f"did you mean {header}?")
        return None
    if not isinstance(found, dict):
        mistakes.add(path, header, f"{type_in_words(found)} instead of a table")
        return None
    return TomlTable(found, path, header, mistakes)


def _misspelled_table(tool: dict[str, object]) -> str | None:
    """The name of a table below ``[tool]`` that is probably a misspelling of ours."""
    return next(
        (key for key in tool if re.sub("[-_. ]", "", key).casefold() in MISSPELLED_TABLES), None
    )


def _toml_error(error: ValueError, name: str, text: str) -> str:
    """The message for an error of tomllib, with file and line."""
    message = str(error)
    at = AT_LINE.search(message)
    line = int(at["line"]) if at and at["line"] else text.rstrip("\n").count("\n") + 1
    location = f"{name}:{line}" if at else name
    reason = AT_LINE.sub("", message)
    if twice := DECLARED_TWICE.search(reason):
        keys = re.findall(r"'([^']*)'", twice["keys"])
        header = ".".join(keys)
        if keys[-2:-1] == ["trees"]:
            return f'{location}: [{header}]: two trees are named "{keys[-1]}"; rename one'
        return f"{location}: [{header}] is defined twice; merge the two"
    return f"{location}: is not valid TOML: {reason}"
