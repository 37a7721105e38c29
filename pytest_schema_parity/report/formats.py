"""The formats of reports: each is one module that renders a run's results, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pytest_schema_parity.findings.verdict import RunResults
from pytest_schema_parity.report import json_report, markdown


@dataclass(frozen=True, slots=True)
class Format:
    """What renders a report, how each begins, and whether it may follow other text in a file."""

    render: Callable[[RunResults], str]
    opening: str
    appends: bool = False


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "json": Format(json_report.render, json_report.OPENING),
        "markdown": Format(markdown.render, markdown.OPENING, appends=True),
    }
)
