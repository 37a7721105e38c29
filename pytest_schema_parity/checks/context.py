"""The context of one tree's checks: trees, findings, and values that an earlier run stored."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pytest_schema_parity.building.build import Build
from pytest_schema_parity.checks.check import Context
from pytest_schema_parity.checks.configured_rehearsal import ConfiguredRehearsal
from pytest_schema_parity.checks.parity import Parity
from pytest_schema_parity.config import Config
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.apply_allowances import expired_allowances, stale_allowances
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.schema.difference import Comparison


def context_of(parity: Parity, tree: str) -> Context:
    """The context of one tree's checks, or of a rehearsal's."""
    return _TreeContext(parity, tree)


@dataclass(frozen=True, slots=True)
class _TreeContext:
    """The :class:`~pytest_schema_parity.checks.check.Context` of one tree's checks."""

    parity: Parity
    tree: str

    @property
    def config(self) -> Config:
        return self.parity.config

    @property
    def reference(self) -> str:
        return self.parity.config.reference

    @property
    def root(self) -> Path:
        return self.parity.root

    def build(self, tree: str) -> Build:
        return self.parity.trees.build(tree)

    def comparison(self) -> Comparison:
        return self.parity.differences(self.tree)

    def rehearsed(self) -> ConfiguredRehearsal:
        return self.parity.rehearsals[self.tree]

    def copies(self, *trees: str) -> AbstractContextManager[Sequence[str]]:
        return self.parity.trees.copies(*trees)

    def recall(self, what: str) -> object:
        memory = self.parity.memory
        return None if memory is None else memory.get(self._key(what))

    def remember(self, what: str, value: object) -> None:
        if self.parity.memory is not None and value != (self.recall(what) or []):
            self.parity.memory.set(self._key(what), value)

    def _key(self, what: str) -> str:
        """The key of a value of this tree and this configuration."""
        file = os.path.relpath(self.config.file, self.root)
        names = (what, file, self.reference, self.tree)
        return "/".join(re.sub(r"[^\w.-]", "_", name, flags=re.ASCII).strip(".") for name in names)

    def stale_and_expired_allowances(self) -> tuple[list[Allowance], list[Allowance]]:
        rules, today = self.parity.config.allow, date.today()
        used = self.parity.used_allowances(self.tree)
        return stale_allowances(rules, self.tree, used, today), expired_allowances(
            rules, self.tree, today
        )

    def findings_after_allowances(self) -> Sequence[Finding]:
        return self.parity.findings_after_allowances(self.tree)
