"""What a check is, and the context that it receives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

from pytest_schema_parity.building.build import Build
from pytest_schema_parity.checks.suggested_allowance import allowance_for, first_to_accept
from pytest_schema_parity.config import Config
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.counting import findings_headline
from pytest_schema_parity.findings.finding import Finding, Result
from pytest_schema_parity.schema.difference import Comparison
from pytest_schema_parity.showing import printable

if TYPE_CHECKING:
    from pytest_schema_parity.checks.configured_rehearsal import ConfiguredRehearsal

Role: TypeAlias = Literal["reference", "candidate", "not compared", "rehearsal"]
"""The role of what is checked: a tree's, or ``rehearsal``."""

CANDIDATES: Final[frozenset[Role]] = frozenset({"candidate"})


class Memory(Protocol):
    """Stores values between runs, by a key made of letters, digits and ``-_./``."""

    def get(self, key: str) -> object:
        """The value of a key; None if there is none."""

    def set(self, key: str, value: object) -> None:
        """Store a value that JSON can hold."""


class Context(Protocol):
    """What a check of one tree or rehearsal receives; trees are built when they are used."""

    @property
    def tree(self) -> str:
        """The name of the tree, or of the rehearsal."""

    @property
    def config(self) -> Config:
        """The configuration, with the paths of its files."""

    @property
    def reference(self) -> str:
        """The reference's name."""

    @property
    def root(self) -> Path:
        """The directory that file names in reports are relative to."""

    def build(self, tree: str) -> Build:
        """Build a tree, unless it is built; raises ServerError."""

    def comparison(self) -> Comparison:
        """Every difference of the tree from the reference; raises ServerError."""

    def copies(self, *trees: str) -> AbstractContextManager[Sequence[str]]:
        """A context with the conninfos of new copies of trees' databases, dropped at its end."""

    def rehearsed(self) -> ConfiguredRehearsal:
        """The rehearsal that is checked; raises SchemaParityError if it cannot begin."""

    def recall(self, what: str) -> object:
        """The value that an earlier run stored for the tree under this name, or None."""

    def remember(self, what: str, value: object) -> None:
        """Store a value, which JSON can hold, for the next run, unless pytest has no cache."""

    def stale_and_expired_allowances(self) -> tuple[list[Allowance], list[Allowance]]:
        """The stale allowances that concern the tree, and those that have expired."""

    def findings_after_allowances(self) -> Sequence[Finding]:
        """The findings of the tree's checks that have run, after the allowances."""


Find: TypeAlias = Callable[[Context], Iterable[Finding]]
Headline: TypeAlias = Callable[[Sequence[Finding], str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check, or a family of checks that one function makes.

    ``names`` are the checks, in the order in which they are shown; ``find`` yields their findings,
    each with the name of its check.  ``headline`` makes one line from the findings that fail and
    the tree's name; ``advice`` is what can be done about it, followed by an allowance for the first
    of them if the check ``shows_allowance``.  ``roles`` are those of the
    trees and rehearsals that have the check.  ``kinds`` are the kinds of findings of a costly check
    that allowances can name.  A check that is not ``costly`` is in every report, selected or not.
    """

    names: tuple[str, ...]
    find: Find
    headline: Headline = findings_headline
    advice: str = ""
    roles: frozenset[Role] = CANDIDATES
    kinds: frozenset[str] = frozenset()
    costly: bool = False
    shows_allowance: bool = False

    def result(self, name: str, tree: str, findings: Iterable[Finding], *, allow: str) -> Result:
        """The result of one check of the family; ``allow`` is the header of an allowance."""
        mine = tuple(finding for finding in findings if finding.check == name)
        failing = [finding for finding in mine if finding.fails]
        return Result(
            tree=tree,
            check=name,
            findings=mine,
            headline=self.headline(failing, tree) if failing else "",
            advice=self._advice(failing, tree, allow) if failing else "",
        )

    def _advice(self, failing: Sequence[Finding], tree: str, allow: str) -> str:
        advice = self.advice.format(tree=printable(tree), allow=allow)
        if not self.shows_allowance:
            return advice
        if (finding := first_to_accept(failing)) is None:
            return ""
        return "\n".join([advice, *(f"    {line}" for line in allowance_for(finding, tree, allow))])
