"""Collect the mistakes in a configuration, so that one error lists them all."""

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
    """The mistakes in one configuration file, each with its line."""

    file: str
    locator: Locator
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, path: KeyPath, key: str, remedy: str) -> None:
        """Add a mistake in the value at a path.

        ``key`` is the key as users write it, ``remedy`` what is wrong and what to do.
        """
        self.found.append((self.locator.line(path), printable(f"{key}: {remedy}")))

    def check(self) -> None:
        """Raise one ConfigError with all mistakes, if there are any."""
        if self.found:
            raise ConfigError("\n".join(self._lines()))

    def _lines(self) -> Iterable[str]:
        """The lines of the message: a count, if there are several mistakes, and each mistake."""
        lines = [f"{self.file}:{line}: {text}" for line, text in sorted(set(self.found))]
        if len(lines) == 1:
            return lines
        return [f"{self.file}: {len(lines)} mistakes", *(f"  {line}" for line in lines)]


def display_path(file: Path) -> str:
    """A path as messages show it: relative to the working directory if it is below."""
    try:
        return printable(str(file.absolute().relative_to(Path.cwd())))
    except (ValueError, OSError):
        return printable(os.fspath(file))
