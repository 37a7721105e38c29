"""Mistakes in a configuration: collected, so that one run tells of all of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pytest_schema_parity.config.locator import KeyPath, Locator
from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.showing import printable


@dataclass(slots=True)
class Mistakes:
    """The mistakes of one file, each with its line."""

    file: str
    locator: Locator
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, path: KeyPath, key: str, remedy: str) -> None:
        """Note a mistake at a path: how the key is written, what is wrong and what to do."""
        self.found.append((self.locator.line(path), printable(f"{key}: {remedy}")))

    def check(self) -> None:
        """Raise one ConfigError that tells of all mistakes, if there are any."""
        if self.found:
            raise ConfigError("\n".join(self._lines()))

    def _lines(self) -> Iterable[str]:
        told = [f"{self.file}:{line}: {text}" for line, text in sorted(set(self.found))]
        if len(told) == 1:
            return told
        return [f"{self.file}: {len(told)} mistakes", *(f"  {line}" for line in told)]


def display_path(file: Path) -> str:
    """A file as a user would write it: relative to the working directory where it lies below."""
    try:
        return printable(str(file.absolute().relative_to(Path.cwd())))
    except (ValueError, OSError):
        return printable(os.fspath(file))
