"""Make findings from structural differences, with title and evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from pytest_schema_parity.findings.counting import below_text, consequences_text
from pytest_schema_parity.findings.evidence import Evidence, Sql, Text, Values
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Value
from pytest_schema_parity.schema.kinds import FAILING, Impact, kind_of
from pytest_schema_parity.showing import clipped, printable, redact, value_text

UNLABELLED_ATTRIBUTES: Final = ("type", "definition")
"""Attributes that need no name in a summary."""


def finding_of(
    difference: Difference, tree: str, *, fail_on: Collection[Impact] = FAILING
) -> Finding:
    """The finding for a difference of a tree; a note if its impact is not in ``fail_on``."""
    return Finding(
        tree=tree,
        check=difference.group,
        kind=difference.kind,
        name=difference.name,
        change=difference.change,
        attribute=difference.attribute,
        impact=difference.impact,
        title=title_of(difference),
        evidence=tuple(_evidence(difference)),
        locations=difference.origin,
        note=difference.impact not in fail_on,
        source=difference,
    )


def title_of(difference: Difference) -> str:
    """``missing column public.users.email   text, not null``."""
    d = difference
    title = f"{d.change} {f'{d.attribute} of {d.kind}' if d.attribute else d.kind} {d.name}"
    fact = d.expected if d.change == "missing" else d.actual
    if d.change in ("missing", "extra") and isinstance(fact, dict):
        summary = summary_text(d.kind, fact)
        return f"{title}   {summary}" if summary else title
    return title


def summary_text(kind: str, attributes: Mapping[str, Value]) -> str:
    """A fact in one line: its type or definition, and the attributes that are set."""
    hidden = {"comment", "owner", kind_of(kind).order} | kind_of(kind).sql
    shown = {
        name: " ".join(redact(value).split()) if isinstance(value, str) else value
        for name, value in attributes.items()
        if name not in hidden and value not in (None, False, "", [], {})
    }
    parts = [value_text(shown[name]) for name in UNLABELLED_ATTRIBUTES if name in shown]
    for name, value in shown.items():
        if name not in UNLABELLED_ATTRIBUTES:
            parts.append(printable(name) + ("" if value is True else f" {value_text(value)}"))
    return clipped(", ".join(parts))


def _evidence(difference: Difference) -> list[Evidence]:
    expected, actual = difference.expected, difference.actual
    evidence: list[Evidence] = [Values(expected, actual)]
    if isinstance(expected, str) and isinstance(actual, str) and _is_sql(difference):
        evidence = [Sql(expected, actual)]
    if difference.why:
        evidence.append(Text((difference.why,)))
    followers = {key for one in difference.follows for key in (one.key, *one.below)}
    if below := [key for key in difference.below if key not in followers]:
        evidence.append(Text((f"and {below_text(below)}",)))
    if difference.follows:
        evidence.append(Text((f"and {consequences_text(difference.follows)}",)))
    return evidence


def _is_sql(difference: Difference) -> bool:
    """Whether both sides are long SQL, which is shown as a diff."""
    if difference.change != "changed":
        return False
    return difference.attribute in kind_of(difference.kind).sql or any(
        "\n" in str(side).strip() for side in (difference.expected, difference.actual)
    )
