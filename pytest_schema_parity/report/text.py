"""Differences as lines of text, for somebody in a hurry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pytest_schema_parity.report.counting import below_text, headline
from pytest_schema_parity.report.markup import Highlight, Markup, plain
from pytest_schema_parity.report.sql_diff import formatted, sql_diff
from pytest_schema_parity.report.wording import clipped, counted, place_text, value_pair, value_text
from pytest_schema_parity.schema.difference import Comparison, Difference
from pytest_schema_parity.schema.facts import Value
from pytest_schema_parity.schema.kinds import Check, kind_of
from pytest_schema_parity.showing import printable, redact

INDENT: Final = "    "
MOST_ITEMS: Final = 3
"""Items of a list beyond which the differing ones are named apart."""
WIDEST_VALUE: Final = 48
"""Characters of a value that still has its origin beside it; below it otherwise."""
MOST_SQL_LINES: Final = 20
BARE: Final = ("type", "definition")
"""Attributes that need no name in a summary."""


def check_lines(
    comparison: Comparison,
    *,
    check: Check,
    reference: str,
    tree: str,
    allow: str = "[[tool.pytest-schema-parity.allow]]",
    highlight: Highlight = plain,
) -> list[str]:
    """What a check has to tell; empty when there is nothing.

    The first line counts what is wrong.  Notes, which fail nothing, follow below a heading.
    ``allow`` is what stands above an allowance in the configuration.
    """
    reference, tree = printable(reference), printable(tree)
    mine = comparison.only(d for d in comparison if d.check == check)
    lines: list[str] = []
    failing, notes = mine.failing, mine.notes
    if failing:
        lines.append(headline(failing, tree))
        for difference in failing:
            lines.append("")
            lines += difference_lines(
                difference, reference=reference, tree=tree, highlight=highlight
            )
        lines += [
            "",
            f"Fix {tree} in a new migration; or accept a difference, with a reason, under {allow}.",
        ]
    if notes:
        lines += ["", highlight("note", f"{counted(len(notes), 'note')} (shown, failing nothing):")]
        for difference in notes:
            lines += difference_lines(
                difference, reference=reference, tree=tree, highlight=highlight
            )
    return lines if failing else lines[1:]


def difference_lines(
    difference: Difference, *, reference: str, tree: str, highlight: Highlight = plain
) -> list[str]:
    """One difference: what it is, both sides, and the origin of each."""
    reference, tree = printable(reference), printable(tree)
    lines = [_title(difference, highlight)]
    lines += (INDENT + line for line in _sides(difference, reference, tree, highlight))
    if difference.below:
        lines.append(f"{INDENT}and {below_text(difference.below)}")
    return lines


def summary_text(kind: str, attributes: Mapping[str, Value]) -> str:
    """What there is to know of a fact in one line: its type or definition, and what is set."""
    hidden = {"comment", "owner", kind_of(kind).order} | kind_of(kind).sql
    told = {
        name: " ".join(redact(value).split()) if isinstance(value, str) else value
        for name, value in attributes.items()
        if name not in hidden and value not in (None, False, "", [], {})
    }
    parts = [value_text(told[name]) for name in BARE if name in told]
    for name, value in told.items():
        if name not in BARE:
            parts.append(printable(name) + ("" if value is True else f" {value_text(value)}"))
    return clipped(", ".join(parts))


def _title(difference: Difference, highlight: Highlight) -> str:
    d = difference
    what = printable(f"{d.attribute} of {d.kind}" if d.attribute else d.kind)
    title = f"{d.change} {what} {highlight('name', printable(d.name))}"
    fact = d.expected if d.change == "missing" else d.actual
    if d.change in ("missing", "extra") and isinstance(fact, dict):
        summary = summary_text(d.kind, fact)
        title += f"   {summary}" if summary else ""
    return title if d.impact == "behavior" else f"{title}   ({d.impact})"


def _sides(
    difference: Difference, reference: str, tree: str, highlight: Highlight
) -> Iterator[str]:
    d = difference
    width = max(len(reference), len(tree))
    labels = (f"{reference:<{width}}", f"{tree:<{width}}")
    places = (place_text(d.origin.reference), place_text(d.origin.tree))
    if d.change in ("missing", "extra"):
        missing = d.change == "missing"
        places = (places[0], "-") if missing else ("-", places[1])
        yield from _table(labels, ("", ""), places, highlight)
        origin = d.origin.reference if missing else d.origin.tree
        if origin is None:
            yield from _definition(d.kind, d.expected if missing else d.actual)
    elif _is_sql(d):
        sides = (f"{labels[0]}  {places[0]}", f"{labels[1]}  {places[1]}")
        yield from sql_diff(str(d.expected), str(d.actual), labels=sides, highlight=highlight)
    else:
        yield from _table(labels, value_pair(d.expected, d.actual), places, highlight)
        yield from _only(d.expected, d.actual, reference, tree)


def _is_sql(difference: Difference) -> bool:
    """Whether both sides are long SQL, better shown as a diff."""
    sides = (difference.expected, difference.actual)
    if difference.change != "changed" or not all(isinstance(side, str) for side in sides):
        return False
    return difference.attribute in kind_of(difference.kind).sql or any(
        "\n" in str(side).strip() for side in sides
    )


def _table(
    labels: tuple[str, str], values: tuple[str, str], places: tuple[str, str], highlight: Highlight
) -> Iterator[str]:
    """Label, value and origin of both sides; long values go below their origin."""
    width = max(map(len, values))
    sides: tuple[Markup, Markup] = ("reference", "tree")
    for side, label, value, place in zip(sides, labels, values, places, strict=True):
        dressed = highlight(side, label)
        where = highlight("place", place)
        if width > WIDEST_VALUE:
            yield f"{dressed}  {where}"
            yield f"{' ' * len(label)}  {value}"
        else:
            yield f"{dressed}  {value:<{width}}  {where}" if width else f"{dressed}  {where}"


def _only(expected: Value, actual: Value, reference: str, tree: str) -> Iterator[str]:
    """What is in one of two lists only, where the lists are too long to be read at a glance."""
    if not (isinstance(expected, list) and isinstance(actual, list)):
        return
    if max(len(expected), len(actual)) > MOST_ITEMS:
        for name, own, other in ((reference, expected, actual), (tree, actual, expected)):
            if only := [item for item in own if item not in other]:
                yield f"only in {name}: {value_text(only)}"


def _definition(kind: str, fact: Value) -> Iterator[str]:
    """The long SQL of a fact whose origin nobody can look up."""
    for attribute in sorted(kind_of(kind).sql):
        sql = fact.get(attribute) if isinstance(fact, dict) else None
        if isinstance(sql, str):
            lines = formatted(sql)
            yield from (INDENT + line for line in lines[:MOST_SQL_LINES])
            if len(lines) > MOST_SQL_LINES:
                yield f"{INDENT}… and {len(lines) - MOST_SQL_LINES} lines more"
