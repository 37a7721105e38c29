"""What a run found, gathered from its items and across workers: the summary, and the reports."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_schema_parity.errors import ConfigError, SchemaParityError
from pytest_schema_parity.plugin.items import ParityItem
from pytest_schema_parity.report.destinations import FORMATS, parse_destination
from pytest_schema_parity.report.files import write_text
from pytest_schema_parity.report.run import RunReport, TreeReport
from pytest_schema_parity.report.summary import Cell, summary_lines
from pytest_schema_parity.schema.kinds import CHECKS

if TYPE_CHECKING:
    from pytest_schema_parity.build import Parity
    from pytest_schema_parity.plugin.gate import Gate

PREFIX = "schema_parity_"
CARRIED = "schema_parity"
"""The key under which a worker hands its sums to the controller."""
MOST_NOTES = 20
"""Lines of notes that the summary shows."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What only those who built the trees know, in a form that crosses processes."""

    impacts: Mapping[str, int] = field(default_factory=dict)
    allowed: int = 0
    reports: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """These sums as plain values."""
        return {
            "impacts": dict(self.impacts),
            "allowed": self.allowed,
            "reports": dict(self.reports),
        }


class Results:
    """Notes what each check came to, and writes the reports and the summary at the end."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.config = gate.config
        self.destinations = list(
            map(parse_destination, self.config.getoption("--schema-parity-report"))
        )
        self.cells: dict[str, dict[str, Cell]] = {}
        self.notes: list[tuple[str, str]] = []
        self.sums: Sums | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what a check came to; the reports of workers come by here too."""
        found = {
            name.removeprefix(PREFIX): value
            for name, value in report.user_properties
            if name.startswith(PREFIX)
        }
        if "tree" not in found or (report.when != "call" and not report.failed):
            return
        tree, check = str(found["tree"]), str(found["check"])
        count = int(cast("int", found.get("failing", 0)))
        outcome = "error" if report.failed and not count and check in CHECKS else report.outcome
        self.cells.setdefault(tree, {})[check] = Cell(outcome, count)
        if report.passed and found.get("notes"):
            self.notes.append((f"{tree}::{check}", str(found["findings"])))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Sum up where the trees were built, and write the reports where they were asked for."""
        interrupted = session.exitstatus == pytest.ExitCode.INTERRUPTED
        items = [item for item in session.items if isinstance(item, ParityItem)]
        if items and not interrupted:
            kinds = {destination.kind for destination in self.destinations}
            if kinds or self.gate.parity.started:
                self.sums = sum_up(self.gate.parity, items, kinds)
        worker_output = getattr(self.config, "workeroutput", None)
        if worker_output is not None:
            worker_output[CARRIED] = self.sums.as_dict() if self.sums else None
        elif self.sums:
            self._write(self.sums)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the sums of the first worker that has any; all that have, have the same."""
        carried = getattr(node, "workeroutput", {}).get(CARRIED)
        if carried and self.sums is None:
            self.sums = Sums(**carried)
            self._write(self.sums)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show trees by checks, what the differences weigh, and the notes."""
        if not self.cells:
            return
        sums = self.sums or Sums()
        terminalreporter.ensure_newline()
        terminalreporter.section("schema parity", "-")
        for line in summary_lines(
            cast("Any", self.cells),
            impacts=cast("Any", sums.impacts),
            allowed=sums.allowed,
            fail_on=self.gate.parity.config.fail_on,
            encoding=getattr(sys.stdout, "encoding", None),
            highlight=self.gate.highlight,
        ):
            terminalreporter.write_line(line)
        for line in self._note_lines():
            terminalreporter.write_line(line)
        for destination in self.destinations if self.sums else ():
            terminalreporter.write_line(f"{destination.kind} report: {destination.path}")

    def _note_lines(self) -> Iterator[str]:
        lines = [
            f"  {line}" if number else f"{check}: {line}"
            for check, text in self.notes
            for number, line in enumerate(text.splitlines())
        ]
        yield from lines[:MOST_NOTES]
        if more := len(lines) - MOST_NOTES if len(lines) > MOST_NOTES else 0:
            yield f"… and {more} lines of notes more: -rP shows all"

    def _write(self, sums: Sums) -> None:
        for destination in self.destinations:
            path = self.config.invocation_params.dir / destination.path
            try:
                write_text(path, sums.reports[destination.kind])
            except ConfigError as error:
                raise pytest.UsageError(str(error)) from None


def sum_up(parity: Parity, items: list[ParityItem], kinds: set[str]) -> Sums:
    """What the trees of these items come to; ``kinds`` of reports are rendered."""
    names = {item.tree for item in items} | {parity.config.reference}
    with_rows = {item.tree for item in items if item.name == "rows"}
    run = RunReport(
        reference=parity.config.reference,
        version=parity.installation.version,
        source=parity.installation.source,
        trees={
            name: _tree_report(parity, name, with_rows=name in with_rows)
            for name in parity
            if name in names
        },
    )
    return Sums(
        impacts={str(impact): count for impact, count in run.impacts.items()},
        allowed=sum(len(tree.allowed) for tree in run.candidates.values()),
        reports={kind: FORMATS[kind](run) for kind in sorted(kinds)},
    )


def _tree_report(parity: Parity, name: str, *, with_rows: bool) -> TreeReport:
    files = tuple(file.name for file in parity.trees[name].files)
    try:
        tree = parity[name]
        if name == parity.config.reference:
            return TreeReport(files=files, failures=tree.applied.failures, stand_ins=tree.stand_ins)
        judgement = parity.judgement(name)
        return TreeReport(
            files=files,
            failures=tree.applied.failures,
            stand_ins=tree.stand_ins,
            comparison=judgement.comparison,
            allowed=judgement.allowed,
            stale=judgement.stale,
            expired=judgement.expired,
            rows=parity.rows(name) if with_rows else None,
        )
    except SchemaParityError as error:
        return TreeReport(files=files, error=str(error))
