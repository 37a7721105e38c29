"""Runs the checks of a configuration's trees, each once, and applies the allowances."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pytest_schema_parity.building import Trees
from pytest_schema_parity.building.adjustments import Adjustments
from pytest_schema_parity.building.build import Build
from pytest_schema_parity.checks import allowances, registry, structure
from pytest_schema_parity.checks.check import Check, Context, Memory, Role
from pytest_schema_parity.checks.configured_rehearsal import ConfiguredRehearsal
from pytest_schema_parity.config import Config, RehearsalConfig
from pytest_schema_parity.errors import SchemaParityError
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.apply_allowances import CheckedFindings, apply_allowances
from pytest_schema_parity.findings.finding import Finding, Result
from pytest_schema_parity.findings.verdict import RunResults, TreeResults
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Comparison


@dataclass
class SharedResults:
    """The results that one process of a run shares with the others.

    ``builds`` maps trees that could not be built to the reason; ``findings`` holds the findings of
    costly checks, by tree and name.
    """

    builds: dict[str, Build | str] = field(default_factory=dict)
    findings: dict[tuple[str, str], CheckedFindings] = field(default_factory=dict)


class Parity:
    """A configuration's trees and their checks; nothing is built or checked before it is used.

    Each check runs once; :meth:`result` then returns the same result.  ``context_of`` makes what
    the checks of a tree receive.
    """

    def __init__(
        self,
        config: Config,
        *,
        root: Path,
        adjustments: Adjustments,
        context_of: Callable[[Parity, str], Context],
        memory: Memory | None = None,
    ) -> None:
        self.config = config
        self.memory = memory
        self.root = root
        self.trees: Trees
        self.rehearsals: dict[str, ConfiguredRehearsal] = {}
        self._accept = adjustments.reason
        self._context_of = context_of
        self._checked: dict[tuple[str, str], CheckedFindings] = {}
        self._comparisons: dict[str, Comparison] = {}

    @property
    def candidates(self) -> tuple[str, ...]:
        """The names of the trees that must match the reference."""
        return self.config.candidates

    def begin(self, rehearsal: RehearsalConfig) -> ConfiguredRehearsal:
        """Create a rehearsal on a server of its own, which starts when it is used.

        Raises TreeError if its steps cannot be used.
        """
        timeout = self.config.statement_timeout
        return ConfiguredRehearsal(rehearsal, self.trees, root=self.root, statement_timeout=timeout)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The names of all trees and rehearsals: reference, candidates, other trees, rehearsals."""
        config = self.config
        rehearsals = (rehearsal.name for rehearsal in config.rehearsals)
        return (config.reference, *config.candidates, *config.not_compared, *rehearsals)

    def role_of(self, name: str) -> Role:
        """The role of a tree, or of a rehearsal."""
        if name == self.config.reference:
            return "reference"
        if name in self.config.candidates:
            return "candidate"
        return "not compared" if name in self.config.trees else "rehearsal"

    def checks_of(self, name: str) -> tuple[str, ...]:
        """The names of the checks of a tree or a rehearsal, in their order."""
        return tuple(each for check in self._checks_of(name) for each in check.names)

    def _checks_of(self, name: str) -> list[Check]:
        """The checks of a tree or rehearsal; the latter has ``allowances`` only if it has some."""
        role = self.role_of(name)
        found = [check for check in registry.CHECKS if role in check.roles]
        own = (each for each in self.config.allow if each.tree or not self.candidates)
        if role == "rehearsal" and not any(each.concerns(name) for each in own):
            found.remove(allowances.CHECK)
        return found

    def result(self, tree: str, name: str) -> Result:
        """The result of a check of a tree; builds the trees that it needs, if not built yet.

        If the check could not be carried out, a finding reports that.
        """
        check = registry.check_named(name)
        try:
            findings: Sequence[Finding] = self._checked_findings(tree, check).findings
        except SchemaParityError as error:
            findings = [self._not_compared(tree, name, error)]
        return check.result(name, tree, findings, allow=self.config.allow_header)

    def comparison(self, tree: str) -> Comparison:
        """A candidate's differences from the reference, without the allowed ones.

        Empty for the reference itself.  Raises ServerError.
        """
        if tree == self.config.reference:
            return Comparison()
        found = self._checked_findings(tree, structure.CHECK).findings
        left = [each.difference for each in found if each.difference and each.allowed is None]
        return self.differences(tree).only(left)

    def results(self, trees: Collection[str]) -> RunResults:
        """The results of these trees; of costly checks only those that have run."""
        return RunResults(
            reference=self.config.reference,
            version=self.trees.site.version,
            source=self.trees.site.source,
            trees={name: self._tree_results(name) for name in self.subjects if name in trees},
        )

    def shared(self) -> SharedResults:
        """The results of this process, for other processes of the run."""
        costly = {name for check in registry.CHECKS if check.costly for name in check.names}
        checked = {key: found for key, found in self._checked.items() if key[1] in costly}
        return SharedResults(self.trees.own_builds(), checked)

    def receive(self, shared: SharedResults) -> None:
        """Add the results of another process, except those that are known already."""
        self.trees.received = shared.builds | self.trees.received
        self._checked = shared.findings | self._checked

    def _checked_findings(self, tree: str, check: Check) -> CheckedFindings:
        """The findings of a check, or of its family, after the allowances."""
        key = (tree, check.names[0])
        if key not in self._checked:
            self._checked[key] = apply_allowances(
                tree,
                check.find(self._context_of(self, tree)),
                self.config.allow,
                today=date.today(),
                fail_on=self.config.fail_on,
                accept=self._accept,
            )
        return self._checked[key]

    def findings_after_allowances(self, tree: str) -> list[Finding]:
        """The findings of a tree's checks that have run, except those about allowances."""
        own = (tree, allowances.NAME)
        checked = [each for key, each in self._checked.items() if key[0] == tree and key != own]
        return [finding for each in checked for finding in each.findings]

    def differences(self, tree: str) -> Comparison:
        """Every difference of a candidate from the reference."""
        if tree not in self._comparisons:
            schemas = (self.trees.build(name).schema for name in (self.config.reference, tree))
            self._comparisons[tree] = compare(*schemas, fail_on=self.config.fail_on)
        return self._comparisons[tree]

    def _not_compared(self, tree: str, check: str, error: SchemaParityError) -> Finding:
        """The finding for a check that could not run; ``applies`` reports the full reason."""
        reason = str(error)
        for name in dict.fromkeys((tree, self.config.reference)):
            if name not in self.config.trees:
                continue
            if str(error) == self._why_not_built(name):
                first = reason.partition("\n")[0]
                reason = (
                    f"not compared: {name} could not be built; see its check `applies` ({first})"
                )
                break
        return Finding(
            tree=tree,
            check=check,
            kind="tree",
            name=tree,
            change="not compared",
            title=reason,
            breaks=True,
        )

    def _why_not_built(self, tree: str) -> str | None:
        try:
            self.trees.build(tree)
        except SchemaParityError as error:
            return str(error)
        return None

    def _tree_results(self, tree: str) -> TreeResults:
        results = tuple(
            self.result(tree, name)
            for check in self._checks_of(tree)
            if not self._runs_only_if_selected(tree, check)
            or (tree, check.names[0]) in self._checked
            for name in check.names
        )
        if tree in self.rehearsals:
            return TreeResults(files=self.rehearsals[tree].files, results=results)
        files = tuple(file.name for file in self.trees.trees[tree].files)
        stand_ins: tuple[str, ...] = ()
        if self._why_not_built(tree) is None:
            stand_ins = self.trees.build(tree).stand_ins
        return TreeResults(files=files, stand_ins=stand_ins, results=results)

    def _runs_only_if_selected(self, tree: str, check: Check) -> bool:
        """Whether a check runs only if selected: a costly one, or ``allowances`` of a rehearsal."""
        return check.costly or (tree in self.rehearsals and check is allowances.CHECK)

    def used_allowances(self, concerned: str) -> set[Allowance]:
        """The allowances that cover something in any candidate or rehearsal.

        Costly checks are run only for allowances that concern this tree, name one of the checks'
        kinds, and cover nothing else.
        """
        rules = [each for each in self.config.allow if each.concerns(concerned)]
        used: set[Allowance] = set()
        every = [(tree, check) for tree in self.subjects for check in self._checks_of(tree)]
        every = [(tree, check) for tree, check in every if check is not allowances.CHECK]
        for tree, check in every:
            if not check.costly and self.role_of(tree) == "candidate":
                used |= self._checked_findings(tree, check).used
        for tree, check in every:
            unused = (each for each in rules if each not in used)
            kinds = {each.kind for each in unused if each.concerns(tree)}
            if check.costly and check.kinds & kinds:
                used |= self._checked_findings(tree, check).used
        return used
