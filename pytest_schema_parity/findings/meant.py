"""What a stale allowance may mean: a finding that it would accept with another name or field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.finding import Finding, is_difference
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.names import meant_names

TEXT_FIELDS: Final = ("attribute", "change", "impact", "kind")
"""The fields of an allowance, besides the name, that are words."""


def names_meant(allowance: Allowance, findings: Iterable[Finding]) -> list[str]:
    """The names that a stale allowance without a pattern may mean, of findings not accepted.

    These findings match all its other fields.  First come those that have its name behind a schema
    or table, or with quotes, else the one with the most similar name.
    """
    name = allowance.name
    if name is None or "*" in name or "?" in name:
        return []
    any_name = replace(allowance, name=None)
    known = (each.name for each in _not_accepted(findings) if _covers(any_name, each))
    return meant_names(name, known)


def fields_meant(allowance: Allowance, findings: Iterable[Finding]) -> dict[str, list[str]]:
    """The fields of a stale allowance that alone do not match, and the values of the findings.

    ``findings`` are those of a tree; only those not accepted count.  Empty if the allowance has no
    name.
    """
    if allowance.name is None:
        return {}
    known = [*_not_accepted(findings)]
    found: dict[str, list[str]] = {}
    for field in TEXT_FIELDS:
        if getattr(allowance, field) is not None:
            nothing: dict[str, Any] = {field: None}
            without = replace(allowance, **nothing)
            values = [getattr(each, field) for each in known if _covers(without, each)]
            if words := [*dict.fromkeys(filter(None, values))]:
                found[field] = words
    return found


def _not_accepted(findings: Iterable[Finding]) -> Iterator[Finding | Difference]:
    """The findings that no allowance covers, each with the differences that are folded into it."""
    for finding in findings:
        if finding.allowed is None:
            yield finding
            if finding.difference is not None:
                yield from finding.difference.parts


def _covers(allowance: Allowance, found: Finding | Difference) -> bool:
    return allowance.covers(found, is_difference=is_difference(found))
