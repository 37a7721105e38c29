"""The files that reports are written to: ``json:PATH``, ``markdown:PATH``, …"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.findings.verdict import RunResults
from pytest_schema_parity.report.formats import FORMATS
from pytest_schema_parity.report.write_report import remove_old_report, write_text
from pytest_schema_parity.showing import printable, suggestion


@dataclass(frozen=True, slots=True)
class Destination:
    """A report that was asked for: its kind and its file."""

    kind: str
    path: Path


def parse_destination(text: str) -> Destination:
    """Parse ``KIND:PATH``; raises ConfigError."""
    kind, colon, path = text.partition(":")
    known = " or ".join(f"{name}:PATH" for name in FORMATS)
    if kind not in FORMATS:
        near = suggestion(kind, FORMATS) if colon else None
        remedy = f'did you mean "{near}"?' if near else f"write {known}"
        what = f'unknown kind of report "{kind}"' if colon else f'"{text}" is not KIND:PATH'
        raise ConfigError(printable(f"--schema-parity-report: {what}; {remedy}"))
    if not path.strip():
        raise ConfigError(f'--schema-parity-report: "{kind}" lacks a path; write {kind}:PATH')
    return Destination(kind, Path(path))


class Destinations:
    """The reports to write; false if there are none.

    ``texts`` are the ``KIND:PATH`` of the command line, the paths relative to ``here``.  Raises
    ConfigError if one of them is not valid.
    """

    def __init__(self, here: Path, texts: Sequence[str]) -> None:
        self._here = here
        self._all = list(map(parse_destination, texts))
        self.written: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    def _paths(self) -> Iterator[tuple[Destination, Path]]:
        seen: set[Path] = set()
        for destination in self._all:
            path = self._here / destination.path
            if path.is_file() or not path.exists():
                path = path.resolve()  # a link is followed, and what it names is replaced
            if path in seen:
                raise ConfigError(f"--schema-parity-report: two reports would go to {path}")
            seen.add(path)
            yield destination, path

    def remove_old_reports(self) -> None:
        """Remove the reports of an earlier run.

        Raises ConfigError if a file could not be written: better now than after the checks.
        """
        for destination, path in self._paths():
            form = FORMATS[destination.kind]
            remove_old_report(path, form.opening, append=form.appends and path == _step_summary())

    def write(self, run: RunResults) -> None:
        """Write every report, then raise ConfigError if one could not be written."""
        problems = []
        for destination, path in self._paths():
            try:
                write_text(path, FORMATS[destination.kind].render(run))
                self.written.append(
                    f"{destination.kind} report: {printable(str(destination.path))}"
                )
            except ConfigError as error:
                problems.append(str(error))
        if problems:
            raise ConfigError("; ".join(problems))


def _step_summary() -> Path | None:
    """The page of a job on GitHub, to which each command of the job appends; None elsewhere."""
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    return Path(named).resolve() if named else None
