"""Make findings from what a search for statements found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from pytest_schema_parity.behavior.statements.counterexample import Counterexample, Search
from pytest_schema_parity.behavior.statements.divergences import details
from pytest_schema_parity.behavior.statements.example import RESET_ROLE
from pytest_schema_parity.behavior.statements.generated_statement import GeneratedStatement
from pytest_schema_parity.behavior.statements.outcome import StatementOutcome
from pytest_schema_parity.behavior.statements.role_statements import CLAIMS, SIGNED_OUT
from pytest_schema_parity.checks.behavior_wording import (
    condition_name,
    differing_rows,
    differing_statement,
    note,
    row_outcomes,
    sqlstate_text,
    statement_head,
)
from pytest_schema_parity.checks.explaining import difference_text, explain, rejecting_fact
from pytest_schema_parity.checks.without_counterexample import MOST_NAMES, unexplained_notes
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.apply_allowances import unexpired_allowances
from pytest_schema_parity.findings.evidence import Evidence, Outcome, Script, Text
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.findings.kinds import BEHAVIOR
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.schema.difference import Difference, Origins
from pytest_schema_parity.schema.facts import Schema
from pytest_schema_parity.showing import printable

RELATIONS: Final = frozenset({"table", "view", "materialized view"})


class BehaviorFindings:
    """Makes findings from the result of a search."""

    def __init__(
        self,
        names: tuple[str, str],
        schemas: tuple[Schema, ...],
        differences: Sequence[Difference],
        found: Search,
        allowances: Sequence[Allowance] = (),
    ) -> None:
        self.reference, self.tree = names
        self.schemas = schemas
        self.differences = differences
        self.found = found
        self.allowances = unexpired_allowances(allowances, self.tree, date.today())
        self.explained: set[tuple[object, ...]] = set()

    def findings(self) -> Iterator[Finding]:
        """A finding for each counterexample, then the notes."""
        yield from self.counterexamples()
        yield from self._missing_roles()
        if not self.found.examples:
            title = f"no statements were tried: {self._why_nothing_was_tried()}"
            yield replace(note(self.tree, "", title), change="skipped")
        yield from self._notes()

    def counterexamples(self) -> Iterator[Finding]:
        """A finding for each counterexample."""
        for example in self.found.counterexamples:
            yield self._counterexample(example)

    def _missing_roles(self) -> Iterator[Finding]:
        """A finding for each configured role for which SET ROLE fails on a side."""
        sides: dict[str, list[str]] = {}
        for role, side in self.found.missing_roles:
            sides.setdefault(role, []).append((self.reference, self.tree)[side])
        for role, trees in sides.items():
            title = (
                f"no statement was run as {printable(role)}: SET ROLE fails in "
                f"{' and '.join(trees)}; create the role in a migration, choose platform = "
                '"supabase", which has anon, authenticated and service_role, or remove it from '
                "`roles`"
            )
            yield Finding(
                tree=self.tree, check=BEHAVIOR, kind=BEHAVIOR, name=role, change="changed",
                impact="security", title=title,
            )  # fmt: skip

    def _why_nothing_was_tried(self) -> str:
        """The reason for which the search ran no example: its limit, or why no row was built."""
        if self.found.exhausted:
            return "the time limit was reached before the first one: raise `seconds`"
        if self.found.left_out:
            return "; ".join(f"{name}: {reason}" for name, reason in self.found.left_out)
        failed = [each for each in self.found.entered if each.errors]
        return "; ".join(each.errors[0] for each in failed) or "no table accepted a row"

    def _counterexample(self, example: Counterexample) -> Finding:
        statement = differing_statement(example)
        explained = explain(example, statement.table, self.differences, self.schemas)
        self.explained.update(each.rank for each in explained)
        evidence: list[Evidence] = [self._script(example)]
        if example.rows is not None and example.cause[2] != "fails":
            evidence.append(differing_rows(example))
        lines = [f"explained by: {difference_text(each)}" for each in explained]
        evidence.append(Text(tuple(lines or ["explained by no structural difference"])))
        origin = explained[0].origin if explained else Origins()
        return Finding(
            tree=self.tree,
            check=BEHAVIOR,
            kind=BEHAVIOR,
            name=example.rows.relation if example.rows else statement.table,
            change="changed",
            impact="security" if example.role else "behavior",
            title=self._title(example, statement)
            + (f", as {example.role}" if example.role else ""),
            evidence=tuple(evidence),
            locations=origin,
            explained_by=tuple(explained),
        )

    def _title(self, example: Counterexample, statement: GeneratedStatement) -> str:
        what = statement_head(statement)
        match example.cause[0]:
            case "verdict" if example.cause[1] == "reference":
                return f"{self.tree} accepts what {self.reference} rejects: {what}"
            case "verdict":
                return f"{self.tree} rejects what {self.reference} accepts: {what}"
            case "count":
                trees = f"{self.tree} affects a different number of rows than {self.reference}"
                return f"{trees}: {what}"
            case "result":
                return f"{self.tree} returns a different result than {self.reference}: {what}"
            case "error":
                return f"{self.tree} fails with a different error than {self.reference}: {what}"
        change = example.cause[2]
        if change == "fails":
            return self._failing_view_title(*example.cause[1:2], *details(example.cause))
        columns = ", ".join(details(example.cause))
        how = f"different values of {columns}" if change == "as many" else f"{change} rows"
        return f"{example.cause[1]} has {how} in {self.tree} than in {self.reference}"

    def _failing_view_title(self, view: str, reference: str, candidate: str) -> str:
        if reference and candidate:
            trees = f"in {self.tree} than in {self.reference}"
            return f"reading {view} fails with a different error {trees}"
        fails, works = self.tree, self.reference
        if reference:
            fails, works = works, fails
        state = sqlstate_text(reference or candidate)
        return f"reading {view} fails in {fails} but not in {works}: {state}"

    def _script(self, example: Counterexample) -> Script:
        """The statements, with the outcomes of those on which the two sides differ."""
        statements = self._statement_texts(example)
        outcomes: list[tuple[Outcome | None, Outcome | None]] = []
        for number, (one, other) in enumerate(example.outcomes):
            table = example.parts[min(number, len(example.parts) - 1)].table
            is_alike = one.accepted and other.accepted
            is_alike = is_alike and (one.rows, one.result) == (other.rows, other.result)
            sides = self._outcome(one, table, 0), self._outcome(other, table, 1)
            outcomes.append((None, None) if is_alike else sides)
        if len(outcomes) > len(statements):  # constraints that are deferred
            if outcomes[-1] == (None, None):
                outcomes.pop()
            else:
                statements = ["BEGIN;", *statements, "SET CONSTRAINTS ALL IMMEDIATE;"]
                outcomes.insert(0, (None, None))
        if example.rows is not None:
            statements.append(example.query)
            outcomes.append(row_outcomes(example.rows))
        if example.role and RESET_ROLE not in (part.text for part in example.parts):
            statements.append(f"{RESET_ROLE};")
            outcomes.append((None, None))
        if any(part.kind == "role" and CLAIMS in part.text for part in example.parts):
            statements.append(SIGNED_OUT)
            outcomes.append((None, None))
        return Script(tuple(statements), tuple(outcomes), examples=example.examples, whole=True)

    def _statement_texts(self, example: Counterexample) -> list[str]:
        """The statements, each with the text for the candidate if its columns have other names."""
        others = example.on_candidate or example.statements
        return [
            one if one == other else f"{one}  -- in {self.tree}: {other}"
            for one, other in zip(example.statements, others, strict=True)
        ]

    def _outcome(self, outcome: StatementOutcome, table: str, side: int) -> Outcome:
        """The outcome of a statement, with what rejected it and the location of its definition."""
        if outcome.accepted:
            return Outcome(printable(str(outcome)))
        fact = rejecting_fact(outcome, table, self.schemas[side])
        name = outcome.rejected_by
        if fact is not None:
            place = fact.origin.place
            name = f"{fact.kind} {fact.name}{f', {place}' if place else ''}"
        condition = condition_name(outcome.sqlstate)
        text = f"{condition}: {outcome.message}" if condition else outcome.message
        return Outcome(f"{text}{f' ({name})' if name else ''}", sqlstate=outcome.sqlstate)

    def _notes(self) -> Iterator[Finding]:
        """Notes about what was tested without a finding, and what was not tested."""
        for view in self.found.views:
            examples = counted(view.examples, "example")
            rows = f"the same rows in {examples}" if view.examples else "no rows in any example"
            yield note(self.tree, view.view, f"{view.view}: different definitions, but {rows}")
        for example in self.found.unconfirmed:
            title = "a difference could not be reproduced: " + self._title(
                example, differing_statement(example)
            )
            yield note(self.tree, example.subject, title, example.statements)
        for entered in self.found.entered:
            if not entered.rows and entered.table not in self.found.unreached:
                title = f"{entered.table}: 0 of {counted(entered.tried, 'row')} could be inserted"
                if not entered.tried:
                    why = next(iter(entered.errors), "").removeprefix(f"{entered.table}: ")
                    title = f"{entered.table}: no INSERT was tried{f': {why}' if why else ''}"
                yield note(self.tree, entered.table, title, entered.errors if entered.tried else ())
        for name, reason in self.found.left_out:
            yield note(self.tree, name, f"{name} was not tested: {reason}")
        if self.found.exhausted:
            yield self._limit_note()
        shared = relations_of(self.schemas[0]) & relations_of(self.schemas[1])
        shared |= routines_of(self.schemas[0]) & routines_of(self.schemas[1])
        left = [each for each in self.differences if each.rank not in self.explained]
        yield from unexplained_notes(self.tree, shared, left, self.allowances, self.found)

    def _limit_note(self) -> Finding:
        """A note: which limit ended the search, and what was not tried."""
        limits = {
            "examples": f"after {counted(self.found.examples, 'example')}: raise `examples`",
            "seconds": f"at its time limit, after {counted(self.found.examples, 'example')}: "
            "raise `seconds`; or lower `examples`, so that each run gives the same result",
            "stuck": f"after {counted(self.found.examples, 'example')}: a statement about "
            f"{' or '.join(self.found.stuck[:MOST_NAMES])} could not be cancelled, because a "
            "routine catches query_canceled; remove that exception handler",
            "counterexamples": "at the maximum number of counterexamples: fix these first",
        }
        title = f"the search ended {limits[self.found.exhausted]}"
        unreached = self.found.unreached
        if shortened := len(self.found.shortened):
            title += f"; {counted(shortened, 'table')} only partly tested"
        if made := self.found.as_roles:
            title += f"; {counted(made, 'example')} as a role"
        if made := self.found.calls:
            title += f"; {counted(made, 'call')}"
        if unreached:
            title += f"; not tested: {', '.join(unreached[:MOST_NAMES])}"
            title += f" and {len(unreached) - MOST_NAMES} more" if unreached[MOST_NAMES:] else ""
        if self.found.roles and not self.found.as_roles:
            title += f"; no statement was run as {printable(', '.join(self.found.roles))}"
        return note(self.tree, "", title)


def routines_of(schema: Schema) -> frozenset[str]:
    """The functions and procedures of a tree."""
    kinds = ("function", "procedure")
    return frozenset(fact.name for fact in schema if fact.kind in kinds and not fact.provided)


def relations_of(schema: Schema) -> frozenset[str]:
    """The tables and views of a tree, and those of the platform on which it created objects."""
    own = {fact.name for fact in schema if fact.kind in RELATIONS and not fact.provided}
    changed = {
        fact.parent[1]
        for fact in schema
        if fact.parent is not None and fact.parent[0] == "table" and not fact.provided
    }
    return frozenset(own | changed)
