"""Roll an upgrade back after rows were written, and find those that this loses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from pytest_schema_parity.rehearsal.data import DataChange, compare_data
from pytest_schema_parity.rehearsal.rehearse import Rehearsal, StepOutcome

_MAX_SHOWN: Final = 1_000_000
"""The number of changed rows of a table whose values are read: all."""
_Identity: TypeAlias = tuple[object, ...]
_MISSING: Final = frozenset({"table missing", "column missing"})
"""The changes of a table or column that is not there any more."""


@dataclass(frozen=True, slots=True)
class LaterRows:
    """The rows written after the upgrade that rolling it back loses.

    There is an outcome for each down file that was carried out, the last step's first: its
    ``changes`` are rows and values that the old schema could store, and that it lost.
    ``given_up`` are columns and tables with such values that the old schema does not have.
    """

    outcomes: tuple[StepOutcome, ...]
    given_up: tuple[DataChange, ...] = ()


def roll_back_later_rows(rehearsal: Rehearsal, write: Callable[[str], None]) -> LaterRows:
    """Let ``write`` change a copy of the upgraded database, given its name, and roll it back.

    It ends at the first down file that fails, and at a step without one.
    """
    rehearsal.carry_out()
    last = rehearsal.stages[-1]
    with rehearsal.copy(last) as written:
        write(written)
        before, ours = rehearsal.reading(last), rehearsal.reading(written)
        rows = _WrittenRows(compare_data(before, ours, exact=True, shown=_MAX_SHOWN))
        found = _roll_back(rehearsal, written, rows, after_each=False)
        if any(outcome.changes or outcome.failures for outcome in found.outcomes):
            found = _roll_back(rehearsal, written, rows, after_each=True)
        return found


def _roll_back(
    rehearsal: Rehearsal, written: str, rows: _WrittenRows, *, after_each: bool
) -> LaterRows:
    """Roll a copy back; look for the rows that were written at the end, or ``after_each`` step.

    A row that is missing at the end counts as a change of the step that removed it last.
    """
    ours = rehearsal.reading(written)
    outcomes: list[StepOutcome] = []
    lost: dict[_Identity, tuple[int, DataChange]] = {}
    given_up: list[DataChange] = []
    downs = _down_files(rehearsal)
    with rehearsal.copy(written) as copy:
        theirs = rehearsal.reading(copy)
        for now, (number, down) in enumerate(downs):
            failures = rehearsal.execute(down, copy)
            outcomes.append(StepOutcome(rehearsal.steps[number], failures))
            if failures:
                break
            if not after_each and now < len(downs) - 1:
                continue
            found = [*compare_data(ours, theirs, follow=True, shown=_MAX_SHOWN)]
            is_any_missing = any(each.change in _MISSING for each in found)
            absent = _absent_columns(rehearsal, number) if is_any_missing else set()
            given_up = [each for each in found if _subject(each) in absent and rows.are_in(each)]
            gone = [each for each in found if _subject(each) not in absent and rows.include(each)]
            lost = {_identity(e): (lost.get(_identity(e), (now,))[0], e) for e in gone}
    changes = [
        tuple(e for at, e in lost.values() if at == number) for number in range(len(outcomes))
    ]
    return LaterRows(
        tuple(replace(each, changes=gone) for each, gone in zip(outcomes, changes, strict=True)),
        tuple(given_up),
    )


def _down_files(rehearsal: Rehearsal) -> list[tuple[int, Path]]:
    """The down files with the numbers of their steps, the last step's first, up to a gap."""
    found = []
    for number, step in reversed([*enumerate(rehearsal.steps)]):
        if step.down is None:
            break
        found.append((number, step.down))
    return found


def _absent_columns(rehearsal: Rehearsal, number: int) -> set[tuple[str, str]]:
    """The tables and columns of the upgraded database that a stage does not have."""
    after, before = (rehearsal.reading(rehearsal.stages[each]) for each in (-1, number))
    return {
        _subject(each)
        for each in compare_data(after, before, follow=True, rows=False)
        if each.change in _MISSING
    }


def _subject(change: DataChange) -> tuple[str, str]:
    return change.name, change.change


def _identity(change: DataChange) -> _Identity:
    key = None if change.key is None else frozenset(change.key.items())
    return change.table, change.change, key, change.column


class _WrittenRows:
    """The rows and values that were written, from the changes that writing made."""

    def __init__(self, changes: Iterable[DataChange]) -> None:
        self._added: dict[str, list[Mapping[str, str | None]]] = {}
        self._updated: dict[tuple[str, frozenset[object]], set[str | None]] = {}
        for each in changes:
            key = each.key or {}
            if each.change == "row added":
                self._added.setdefault(each.table, []).append(key)
            elif each.change == "value changed":
                identity = (each.table, frozenset(key.items()))
                self._updated.setdefault(identity, set()).add(each.column)

    def are_in(self, change: DataChange) -> bool:
        """Whether any of them is in the table of a change."""
        return change.table in self._added or any(t == change.table for t, _ in self._updated)

    def include(self, change: DataChange) -> bool:
        """Whether a later change is about one of them."""
        if change.change in _MISSING:
            return self.are_in(change)
        if change.key is None:
            return False
        columns = self._updated.get((change.table, frozenset(change.key.items())))
        if columns is not None:
            return change.change == "row missing" or change.column in columns
        return any(_agree(change.key, row) for row in self._added.get(change.table, ()))


def _agree(key: Mapping[str, str | None], row: Mapping[str, str | None]) -> bool:
    """Whether two keys have the same values in the columns that both have."""
    return all(row[column] == value for column, value in key.items() if column in row)
