"""Write the allowance that accepts a finding, to be pasted into the configuration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, get_args

from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.findings.kinds import BEHAVIOR, ROWS
from pytest_schema_parity.schema.difference import Change

ALLOWABLE_CHANGES: Final = frozenset(get_args(Change))
"""The changes that an allowance can name."""
REASON: Final = "Say why it is right"


def allowance_for(finding: Finding, tree: str, header: str) -> list[str]:
    """The lines of an allowance for a finding of a tree or rehearsal; ``header`` is the table's."""
    has_facts = finding.kind not in (BEHAVIOR, ROWS)
    values = {
        "tree": tree,
        "kind": finding.kind,
        "name": finding.name,
        "change": finding.change if has_facts and finding.change in ALLOWABLE_CHANGES else None,
        "attribute": finding.attribute if has_facts else None,
        "reason": REASON,
    }
    given = {key: value for key, value in values.items() if value}
    return [header, *(f"{key} = {_toml_string(value)}" for key, value in given.items())]


def first_to_accept(failing: Sequence[Finding]) -> Finding | None:
    """The first finding that an allowance can accept; None if no allowance accepts any."""
    return next((each for each in failing if not each.breaks), None)


def _toml_string(text: str) -> str:
    """A string as TOML writes it, which is as JSON does."""
    return json.dumps(text, ensure_ascii=False)
