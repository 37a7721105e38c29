"""What a check is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from pytest_schema_parity.building.build import Build
from pytest_schema_parity.config import Config
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.counting import findings_headline
from pytest_schema_parity.findings.finding import Finding, Result
from pytest_schema_parity.schema.difference import Comparison
from pytest_schema_parity.showing import printable


class Context(Protocol):
    """What a check of one tree is given; what it asks for is built then."""

    @property
    def tree(self) -> str:
        """The tree's name."""

    @property
    def config(self) -> Config:
        """The configuration, with the paths of its files."""

    @property
    def reference(self) -> str:
        """The reference's name."""

    @property
    def root(self) -> Path:
        """The directory that reports name files from."""

    def build(self, tree: str) -> Build:
        """What building a tree came to; raises ServerError."""

    def comparison(self) -> Comparison:
        """Every difference of the tree from the reference; raises ServerError."""

    def copies(self, *trees: str) -> AbstractContextManager[Sequence[str]]:
        """The conninfos of fresh copies of trees' databases, to write to; dropped at the end."""

    def recall(self, what: str) -> object:
        """What an earlier run remembered of the tree under this name; None if there is nothing."""

    def remember(self, what: str, value: object) -> None:
        """Keep a value, which JSON can hold, for the next run; where that is not wanted, do not."""

    def dead_allowances(self) -> tuple[list[Allowance], list[Allowance]]:
        """The allowances that concern the tree and cover nothing, and those that have expired."""


Find: TypeAlias = Callable[[Context], Iterable[Finding]]
Headline: TypeAlias = Callable[[Sequence[Finding], str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check, or a family of checks that one function makes.

    ``names`` are the checks, in the order in which they are shown; ``find`` yields their findings,
    each with the name of its check.  ``headline`` says in one line what fails, of the findings that
    fail and the tree's name; ``advice`` is what can be done about it.  The reference has only those
    that are ``of_reference``.  ``kinds`` are the kinds of findings that allowances can name and the
    catalog does not have.  What is not ``costly`` stands in every report, selected or not.
    """

    names: tuple[str, ...]
    find: Find
    headline: Headline = findings_headline
    advice: str = ""
    of_reference: bool = False
    kinds: frozenset[str] = frozenset()
    costly: bool = False

    def result(self, name: str, tree: str, findings: Iterable[Finding], *, allow: str) -> Result:
        """The result of one check of the family; ``allow`` is the header of an allowance."""
        mine = tuple(finding for finding in findings if finding.check == name)
        failing = [finding for finding in mine if finding.fails]
        return Result(
            tree=tree,
            check=name,
            findings=mine,
            headline=self.headline(failing, tree) if failing else "",
            advice=self.advice.format(tree=printable(tree), allow=allow) if failing else "",
        )
