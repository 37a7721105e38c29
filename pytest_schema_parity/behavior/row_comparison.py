"""Results of the comparison of rows, as plain values that pickle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from pytest_schema_parity.findings.evidence import RowPair
from pytest_schema_parity.schema.facts import Place

LoadingStep: TypeAlias = Literal["seed", "refresh", "call", "query"]
"""The step in which a problem occurred."""

MAX_ROWS: Final = 20
"""How many differing rows of a view are kept to be shown; the counts cover all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRows:
    """The rows of one view in both trees, compared as multisets by column name.

    ``columns`` were compared; ``only_reference`` and ``only_candidate`` were not, because only one
    tree has them, and ``left_out`` were not, because two loads of the reference differ in them.
    ``missing`` and ``extra`` count rows, seen from the reference; ``differing`` has the first of
    them, in pairs of similar rows.
    """

    name: str
    columns: tuple[str, ...]
    only_reference: tuple[str, ...] = ()
    only_candidate: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    reference_count: int
    candidate_count: int
    missing: int = 0
    extra: int = 0
    differing: tuple[RowPair, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether both trees give the same rows."""
        return not (self.missing or self.extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """A statement that failed while rows were loaded, refreshed or read.

    ``trees`` names the trees in which it failed in this way.  ``subject`` is the seed file, the
    view or the routine; ``place`` and ``column`` (both from 1) say where in a seed file.  A problem
    ``follows`` when an earlier statement of the seed had been undone, and may be its consequence.
    """

    step: LoadingStep
    trees: tuple[str, ...]
    subject: str
    statement: str
    sqlstate: str | None
    message: str
    detail: str | None = None
    hint: str | None = None
    place: Place | None = None
    column: int | None = None
    follows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsComparison:
    """The rows that the views of a candidate and of its reference gave for the seed data.

    ``seeds`` are the files that were loaded.  ``not_steady`` names the views that were not
    compared, because two loads of the reference differ in how many rows they have.  ``apart`` is
    how many microseconds lay between the two databases' ``now()``: 0, unless the machine never let
    them begin in the same one.
    """

    reference: str
    tree: str
    views: tuple[ViewRows, ...] = ()
    problems: tuple[RowProblem, ...] = ()
    seeds: tuple[str, ...] = ()
    not_steady: tuple[str, ...] = ()
    apart: int = 0

    @property
    def differing(self) -> tuple[ViewRows, ...]:
        """The views whose rows differ."""
        return tuple(view for view in self.views if not view.equal)

    @property
    def parity(self) -> bool:
        """Whether nothing failed and every view gives the same rows."""
        return not (self.problems or self.differing)

    @property
    def compared(self) -> int:
        """How many rows were compared, those of both trees counted."""
        return sum(view.reference_count + view.candidate_count for view in self.views)

    @property
    def notes(self) -> list[str]:
        """What was not compared, and why; empty if all was."""
        if not self.views and not self.not_steady:
            return [
                f"{self.reference} and {self.tree} have no view in common: no rows were compared"
            ]
        if not self.compared and not self.not_steady:
            remedy = (
                "add seed rows that the views return" if self.seeds else 'configure `seed = "…"`'
            )
            return [f"every view is empty, so no rows were compared: {remedy}"]
        return [*self._not_compared(), *self._empty()]

    def _not_compared(self) -> Iterator[str]:
        clocks = f" (and the two clocks were {abs(self.apart)} µs apart)" if self.apart else ""
        values = f"{self.reference} itself returned different values in two loads{clocks}"
        count = f"{self.reference} itself returned a different number of rows in two loads{clocks}"
        for view in self.views:
            if view.left_out:
                yield f"{view.name} compared without {', '.join(view.left_out)}: {values}"
        for name in self.not_steady:
            yield f"{name} not compared: {count}"

    def _empty(self) -> Iterator[str]:
        empty = [v.name for v in self.views if not (v.reference_count or v.candidate_count)]
        if empty:
            more = f" and {len(empty) - 3} more" if len(empty) > 3 else ""
            yield f"no rows to compare in {', '.join(empty[:3])}{more}"
