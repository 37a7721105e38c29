"""Parts of the JSON report that its lists share."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

from pytest_schema_parity.findings.evidence import Evidence
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.schema.facts import Place

Entry: TypeAlias = dict[str, Any]
"""A JSON object."""
_Block = TypeVar("_Block", bound=Evidence)


def place_entry(place: Place | None) -> Entry | None:
    """File and line of a statement."""
    return None if place is None else {"file": place.file, "line": place.line}


def first_block(finding: Finding, kind: type[_Block]) -> _Block | None:
    """The first block of evidence of a kind; None if there is none."""
    return next((each for each in finding.evidence if isinstance(each, kind)), None)
