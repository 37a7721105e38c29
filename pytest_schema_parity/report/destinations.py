"""Where the reports go that a run was asked for: ``json:PATH`` and whatever else there is."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.report import json_report, markdown
from pytest_schema_parity.report.files import make_way, write_text
from pytest_schema_parity.report.run import RunReport
from pytest_schema_parity.showing import printable

FORMATS: Final[Mapping[str, Callable[[RunReport], str]]] = MappingProxyType(
    {"json": json_report.render, "markdown": markdown.render}
)
"""Every kind of report, and what makes it: one module each."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A report that was asked for: its kind and its file."""

    kind: str
    path: Path


def parse_destination(text: str) -> Destination:
    """Take ``KIND:PATH`` apart; raises ConfigError when it is no such thing."""
    kind, colon, path = text.partition(":")
    known = " or ".join(f"{name}:PATH" for name in FORMATS)
    if kind not in FORMATS:
        near = difflib.get_close_matches(kind.casefold(), FORMATS, n=1) if colon else []
        remedy = f'did you mean "{near[0]}"?' if near else f"write {known}"
        what = f'unknown kind of report "{kind}"' if colon else f'"{text}" names no kind of report'
        raise ConfigError(printable(f"--schema-parity-report: {what}; {remedy}"))
    if not path.strip():
        raise ConfigError(f'--schema-parity-report: "{kind}" lacks a path; write {kind}:PATH')
    return Destination(kind, Path(path))


class Destinations:
    """Every report that a run was asked for; false where that is none.

    ``texts`` are the ``KIND:PATH`` of the command line, the paths relative to ``here``.  Raises
    ConfigError when one of them is no such thing.
    """

    def __init__(self, here: Path, texts: Sequence[str]) -> None:
        self._here = here
        self._all = list(map(parse_destination, texts))
        self.written: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    def make_way(self) -> None:
        """Remove what an earlier run wrote, so that nobody takes it for this one's.

        Raises ConfigError where a file could not be written: better now than after the checks.
        """
        for destination in self._all:
            make_way(self._here / destination.path)

    def write(self, run: RunReport) -> None:
        """Write every report; raises ConfigError, after the last, where one cannot be written."""
        problems = []
        for destination in self._all:
            try:
                write_text(self._here / destination.path, FORMATS[destination.kind](run))
                self.written.append(
                    f"{destination.kind} report: {printable(str(destination.path))}"
                )
            except ConfigError as error:
                problems.append(str(error))
        if problems:
            raise ConfigError("; ".join(problems))
