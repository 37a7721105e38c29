"""What each of the plugin's checks finds: how much, and how to say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pytest_schema_parity.parity.run import MAKES_NOTHING
from pytest_schema_parity.report.allowances import allowance_lines
from pytest_schema_parity.report.failures import failure_lines
from pytest_schema_parity.report.markup import Highlight
from pytest_schema_parity.report.rows import rows_lines
from pytest_schema_parity.report.text import check_lines

if TYPE_CHECKING:
    from pytest_schema_parity.parity import Parity
    from pytest_schema_parity.schema.kinds import Check


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found: how much of it fails, how much is a note, and both in words."""

    failing: int
    notes: int
    lines: Callable[[Highlight], list[str]]


def outcome_of(parity: Parity, tree: str, check: str) -> Outcome:
    """Run one check of one tree; builds what it needs and is not built yet."""
    match check:
        case "applies":
            return _applies(parity, tree)
        case "rows":
            return _rows(parity, tree)
        case "allowances":
            return _allowances(parity, tree)
    return _structure(parity, tree, cast("Check", check))


def _applies(parity: Parity, tree: str) -> Outcome:
    build = parity.build(tree)
    failures = build.failures
    if not failures and tree == parity.config.reference and build.is_empty:
        return Outcome(1, 0, lambda _: [MAKES_NOTHING])
    return Outcome(
        len(failures),
        0,
        lambda highlight: failure_lines(failures, tree=tree, highlight=highlight),
    )


def _structure(parity: Parity, tree: str, check: Check) -> Outcome:
    found = parity.judgement(tree).comparison
    mine = found.only(difference for difference in found if difference.check == check)
    return Outcome(
        len(mine.failing),
        len(mine.notes),
        lambda highlight: check_lines(
            mine,
            check=check,
            reference=parity.config.reference,
            tree=tree,
            allow=parity.config.allow_header,
            highlight=highlight,
        ),
    )


def _rows(parity: Parity, tree: str) -> Outcome:
    found = parity.rows(tree)
    return Outcome(
        len(found.differing) + len(found.problems),
        int(found.note is not None),
        lambda highlight: rows_lines(found, highlight=highlight),
    )


def _allowances(parity: Parity, tree: str) -> Outcome:
    stale, expired = parity.dead_allowances(tree)
    return Outcome(
        len(stale) + len(expired),
        0,
        lambda highlight: allowance_lines(stale, expired, tree=tree, highlight=highlight),
    )
