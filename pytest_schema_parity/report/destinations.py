"""Reports by name: ``json:PATH`` and whatever else there is."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.report import json_report, markdown
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
