"""Mistakes in a configuration: collected, so that one run tells of all of them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pytest_schema_parity.config.locator import KeyPath, Locator
from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.showing import printable

ALIKE: Final = 0.7
"""How alike two names must be, from 0 to 1, for one to be proposed for the other."""


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


def shown(file: Path) -> str:
    """A file as a user would write it: relative to the working directory where it lies below."""
    try:
        return printable(str(file.absolute().relative_to(Path.cwd())))
    except (ValueError, OSError):
        return printable(os.fspath(file))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that was most likely meant, blind to case, dashes and plurals; or None."""
    by_shape: dict[str, str] = {}
    for name in known:
        by_shape.setdefault(_shape(name), name)
    close = difflib.get_close_matches(_shape(word), by_shape, n=1, cutoff=ALIKE)
    return by_shape[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean "x"?`` where a known name is near, else the list of them."""
    names = list(known)
    near = nearest(word, names)
    return f'did you mean "{near}"?' if near else f"it can be {choice_of(names)}"


def choice_of(names: Iterable[str]) -> str:
    """``"a", "b" or "c"``, in the order given."""
    *most, last = [f'"{name}"' for name in names]
    return f"{', '.join(most)} or {last}" if most else last


def _shape(name: str) -> str:
    plain = name.casefold().replace("-", " ").replace("_", " ").strip()
    for ending, singular in (("ies", "y"), ("xes", "x"), ("s", "")):
        if plain.endswith(ending) and not plain.endswith("ss"):
            return plain.removesuffix(ending) + singular
    return plain
