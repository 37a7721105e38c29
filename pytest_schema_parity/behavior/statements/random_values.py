"""Find values that change in each run (random ones, the running clock): no differences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pytest_schema_parity.behavior.statements.example import Example, ResultPair, RowsAsText
from pytest_schema_parity.behavior.statements.runner import Runner

MOMENT: Final = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?(\+\d\d)?$")
CLOCK: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?")
MAX_CLOCK_DIFFERENCE: Final = 5.0
"""Maximum difference, in seconds, between clock_timestamp() of the two sides."""


def is_random_result(runner: Runner, example: Example, pair: ResultPair, position: int) -> bool:
    """Whether the result of a call changes in each run on both sides, or in times only."""
    (again,) = runner.results([example])
    runs = [[result.outcomes[position] for result in each] for each in (pair, again)]
    if all(runs[0][side] != runs[1][side] for side in (0, 1)):
        return True
    one, other = (CLOCK.sub("", each.shown) for each in runs[0])
    return runner.sides.apart != 0 and one == other


def random_columns(
    first: Sequence[RowsAsText], second: Sequence[RowsAsText], width: int, apart: bool
) -> frozenset[int]:
    """The indexes of the columns whose values change in each run on both sides.

    A column that changes on one side only is a difference.  So are times that are further apart
    than the clock can have moved.  If the two sides have another now() (``apart``), all times are
    compared in this way.
    """
    found = []
    for at in range(width):
        values = [[Counter(row[at] for row in rows) for rows in run] for run in (first, second)]
        one, other = (sorted(v for row in rows if (v := row[at]) is not None) for rows in first)
        changing = all(values[0][side] != values[1][side] for side in (0, 1))
        if (changing or (apart and _are_times(one, other))) and not _far_apart(one, other):
            found.append(at)
    return frozenset(found)


def _far_apart(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether the values are times, and any two are further apart than the clock can move."""
    if not _are_times(one, other):
        return False
    pairs = zip(one, other, strict=False)
    return any(abs(_moment(a) - _moment(b)) > MAX_CLOCK_DIFFERENCE for a, b in pairs)


def _are_times(one: Sequence[str], other: Sequence[str]) -> bool:
    return all(MOMENT.match(each) for each in (*one, *other))


def _moment(text: str) -> float:
    return datetime.fromisoformat(text.split("+")[0] + "+00:00").timestamp()
