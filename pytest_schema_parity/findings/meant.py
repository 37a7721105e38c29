"""What a stale allowance may mean: a finding that it would accept with another name or field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.finding import Finding, is_difference
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Value
from pytest_schema_parity.schema.names import meant_names

WORDS: Final = ("attribute", "change", "kind")
"""The fields of an allowance, besides the name, in which people make mistakes."""
GUARDS: Final = ("impact", "actual")
"""The fields that keep an allowance from a finding which has become another one."""


def names_meant(allowance: Allowance, findings: Iterable[Finding]) -> list[str]:
    """The names that a stale allowance without a pattern may mean, of findings not accepted.

    These findings match all its other fields.  First come those that have its name behind a schema
    or table, or with quotes, else the one with the most similar name.
    """
    if not _names_one(allowance):
        return []
    found = (finding.name for finding in _covered_without("name", allowance, findings))
    return meant_names(allowance.name or "", found)


def words_meant(allowance: Allowance, findings: Iterable[Finding]) -> tuple[str, list[str]] | None:
    """The field of a stale allowance that alone does not match, and the words of the findings.

    ``findings`` are those of a tree; only those not accepted count.  None if there is no such
    field, or the allowance does not name one thing.
    """
    known = list(findings) if _names_one(allowance) else []
    for field in WORDS:
        found = (getattr(each, field) for each in _covered_without(field, allowance, known))
        if words := [*dict.fromkeys(filter(None, found))]:
            return field, words
    return None


def guarded_values(allowance: Allowance, findings: Iterable[Finding]) -> tuple[str, Value] | None:
    """The guard of a stale allowance that alone does not match, and what the finding has now."""
    known = list(findings) if _names_one(allowance) else []
    for field in GUARDS:
        for each in _covered_without(field, allowance, known):
            return field, getattr(each, field)
    return None


def _names_one(allowance: Allowance) -> bool:
    return allowance.name is not None and not set("*?") & set(allowance.name)


def _covered_without(
    field: str, allowance: Allowance, findings: Iterable[Finding]
) -> Iterator[Finding | Difference]:
    """What an allowance that has a field would cover without it, of findings not accepted."""
    if getattr(allowance, field) is None:
        return
    nothing: dict[str, Any] = {field: None}
    without = replace(allowance, **nothing)
    yield from (each for each in _not_accepted(findings) if _covers(without, each))


def _not_accepted(findings: Iterable[Finding]) -> Iterator[Finding | Difference]:
    """The findings that no allowance covers, each with the differences that are folded into it."""
    for finding in findings:
        if finding.allowed is None:
            yield finding
            if finding.difference is not None:
                yield from finding.difference.parts


def _covers(allowance: Allowance, found: Finding | Difference) -> bool:
    return allowance.covers(found, is_difference=is_difference(found))
