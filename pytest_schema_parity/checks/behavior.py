"""``behavior``: generated statements do the same on both databases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import psycopg

from pytest_schema_parity.behavior.pairing import pair_rows
from pytest_schema_parity.behavior.statements.causes import DifferingRows
from pytest_schema_parity.behavior.statements.outcome import Outcome as Did
from pytest_schema_parity.behavior.statements.search import (
    Budget,
    Counterexample,
    Search,
    Side,
    search,
)
from pytest_schema_parity.behavior.statements.statement import Statement
from pytest_schema_parity.checks.check import Check, Context
from pytest_schema_parity.checks.explaining import difference_text, explaining, objecting_fact
from pytest_schema_parity.checks.kept_examples import decoded, encoded
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.findings.allowance import BEHAVIOR
from pytest_schema_parity.findings.counting import findings_headline
from pytest_schema_parity.findings.evidence import Evidence, Outcome, Rows, Script, Text
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.schema.difference import Difference, Origins
from pytest_schema_parity.schema.facts import Schema
from pytest_schema_parity.showing import clean, printable

RELATIONS: Final = frozenset({"table", "view", "materialized view"})
SWITCHED_OFF: Final = "no statements were tried: the check is switched off"
NOTHING_SHARED: Final = "no statements were tried: the two trees have no table or view in common"
MOST_NAMES: Final = 20


def find(context: Context) -> Iterator[Finding]:
    """Search for statements that have another outcome on the candidate than on the reference."""
    settings = context.config.behavior
    names = context.reference, context.tree
    schemas = tuple(context.build(name).schema for name in names)
    shared = relations(schemas[0]) & relations(schemas[1])
    if not shared or settings.examples == 0:
        title = NOTHING_SHARED if not shared else SWITCHED_OFF
        yield replace(_note(context.tree, "", title), change="skipped")
        return
    differences = tuple(context.comparison())
    try:
        with context.copies(*names) as conninfos:
            found = search(
                *(Side(name, conninfo) for name, conninfo in zip(names, conninfos, strict=True)),
                differences=differences,
                budget=Budget(settings.examples, settings.seconds),
                seed=settings.seed,
                subjects=shared,
                known=tuple(decoded(context.recall(BEHAVIOR))),
            )
    except psycopg.Error as error:
        raise ServerError(f"the search for statements was cut short: {error}") from error
    context.remember(BEHAVIOR, encoded(found.counterexamples))
    yield from Reported(names, schemas, differences, found).findings()


def headline(failing: Sequence[Finding], tree: str) -> str:
    """How many counterexamples there are, and the first."""
    shown = [finding for finding in failing if finding.kind == BEHAVIOR]
    if not shown:
        return findings_headline(failing, tree)
    first = clean(shown[0].title)
    return f"{counted(len(shown), 'counterexample')}{', the first' if shown[1:] else ''}: {first}"


class Reported:
    """Makes findings from the result of a search."""

    def __init__(
        self,
        names: tuple[str, str],
        schemas: tuple[Schema, ...],
        differences: Sequence[Difference],
        found: Search,
    ) -> None:
        self.reference, self.tree = names
        self.schemas = schemas
        self.differences = differences
        self.found = found
        self.explained: set[tuple[object, ...]] = set()

    def findings(self) -> Iterator[Finding]:
        """A finding for each counterexample, then the notes."""
        for example in self.found.counterexamples:
            yield self._counterexample(example)
        if not self.found.examples:
            title = f"no statements were tried: {self._why_none()}"
            yield replace(_note(self.tree, "", title), change="skipped")
        yield from self._notes()

    def _why_none(self) -> str:
        if self.found.exhausted:
            return "the time was up before the first one: raise `seconds`"
        if self.found.left_out:
            return "; ".join(f"{name}: {reason}" for name, reason in self.found.left_out)
        failed = [each for each in self.found.entered if each.errors]
        return "; ".join(each.errors[0] for each in failed) or "no table takes rows"

    def _counterexample(self, example: Counterexample) -> Finding:
        statement = _differing_statement(example)
        explained = explaining(example, statement.table, self.differences)
        self.explained.update(each.rank for each in explained)
        evidence: list[Evidence] = [self._script(example)]
        if example.rows is not None and example.cause[2] != "fails":
            evidence.append(_rows(example))
        lines = [f"explained by: {difference_text(each)}" for each in explained]
        evidence.append(Text(tuple(lines or ["explained by no structural difference"])))
        origin = explained[0].origin if explained else Origins()
        return Finding(
            tree=self.tree,
            check=BEHAVIOR,
            kind=BEHAVIOR,
            name=example.rows.relation if example.rows else statement.table,
            change="changed",
            impact="behavior",
            title=self._title(example, statement),
            evidence=tuple(evidence),
            locations=origin,
        )

    def _title(self, example: Counterexample, statement: Statement) -> str:
        what = _headed(statement)
        match example.cause[0]:
            case "verdict" if example.cause[1] == "reference":
                return f"{self.tree} accepts what {self.reference} rejects: {what}"
            case "verdict":
                return f"{self.tree} rejects what {self.reference} accepts: {what}"
            case "count":
                return f"{self.tree} affects other rows than {self.reference}: {what}"
            case "error":
                return f"{self.tree} rejects for another reason than {self.reference}: {what}"
        change = example.cause[2]
        if change == "fails":
            return self._failing_view(*example.cause[1:2], *example.cause[3:])
        columns = ", ".join(example.cause[3:])
        how = f"other values of {columns}" if change == "as many" else f"{change} rows"
        return f"{example.cause[1]} has {how} in {self.tree} than in {self.reference}"

    def _failing_view(self, view: str, reference: str, candidate: str) -> str:
        if reference and candidate:
            return f"{view} fails in {self.tree} for another reason than in {self.reference}"
        fails, works = self.tree, self.reference
        if reference:
            fails, works = works, fails
        return f"{view} fails in {fails} and not in {works}: {_named(reference or candidate)}"

    def _script(self, example: Counterexample) -> Script:
        """The statements, with the outcomes of those on which the two sides differ."""
        statements = [*example.statements]
        outcomes: list[tuple[Outcome | None, Outcome | None]] = []
        for number, (one, other) in enumerate(example.outcomes):
            table = example.parts[min(number, len(example.parts) - 1)].table
            is_alike = one.accepted and other.accepted and one.rows == other.rows
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
            outcomes.append(_shown(example.rows))
        return Script(tuple(statements), tuple(outcomes), examples=example.examples, whole=True)

    def _outcome(self, did: Did, table: str, side: int) -> Outcome:
        """The outcome of a statement, with what rejected it and the location of its definition."""
        if did.accepted:
            return Outcome(str(did))
        fact = objecting_fact(did, table, self.schemas[side])
        name = did.objector
        if fact is not None:
            place = fact.origin.place
            name = f"{fact.kind} {fact.name}{f', {place}' if place else ''}"
        condition = _condition(did.sqlstate)
        text = f"{condition}: {did.message}" if condition else did.message
        return Outcome(f"{text}{f' ({name})' if name else ''}", sqlstate=did.sqlstate)

    def _notes(self) -> Iterator[Finding]:
        for view in self.found.views:
            examples = counted(view.examples, "example")
            same = f"different text, same rows in {examples}" if view.examples else (
                "different text, and no example in which it has rows"
            )  # fmt: skip
            yield _note(self.tree, view.view, f"{view.view}: {same}")
        for example in self.found.unconfirmed:
            title = "a difference was found once and not again: " + self._title(
                example, _differing_statement(example)
            )
            yield _note(self.tree, example.subject, title, example.statements)
        for entered in self.found.entered:
            if not entered.rows and entered.table not in self.found.unreached:
                title = f"{entered.table}: 0 of {counted(entered.tried, 'row')} entered"
                if not entered.tried:
                    why = next(iter(entered.errors), "").removeprefix(f"{entered.table}: ")
                    title = f"{entered.table}: no row was tried{f': {why}' if why else ''}"
                yield _note(
                    self.tree, entered.table, title, entered.errors if entered.tried else ()
                )
        for name, reason in self.found.left_out:
            yield _note(self.tree, name, f"{name} is not tried: {reason}")
        if self.found.exhausted:
            yield self._exhausted()
        if unshown := self._unshown():
            title = f"no counterexample was found for {counted(len(unshown), 'difference')}"
            lines = [difference_text(each) for each in unshown[:MOST_NAMES]]
            more = len(unshown) - MOST_NAMES
            yield _note(self.tree, "", title, [*lines, f"… and {more} more"] if more > 0 else lines)

    def _exhausted(self) -> Finding:
        """A note: which limit ended the search, and what was not tried."""
        limits = {
            "examples": f"after {counted(self.found.examples, 'example')}: raise `examples`",
            "seconds": f"by the clock, after {counted(self.found.examples, 'example')}: "
            "raise `seconds`, or lower `examples` for the same result each time",
            "counterexamples": "after so many counterexamples: mend these first",
        }
        title = f"the search ended {limits[self.found.exhausted]}"
        unreached = self.found.unreached
        if shortened := len(self.found.shortened):
            title += f"; {counted(shortened, 'table')} tried in part"
        if unreached:
            title += f"; not reached: {', '.join(unreached[:MOST_NAMES])}"
            title += f" and {len(unreached) - MOST_NAMES} more" if unreached[MOST_NAMES:] else ""
        return _note(self.tree, "", title)

    def _unshown(self) -> list[Difference]:
        """The structural differences that may change behaviour and that no counterexample shows."""
        shared = relations(self.schemas[0]) & relations(self.schemas[1])
        return [
            each
            for each in self.differences
            if each.impact == "behavior" and each.rank not in self.explained
            if each.name in shared or each.name.rpartition(".")[0] in shared
        ]


def _rows(example: Counterexample) -> Rows:
    assert example.rows is not None  # noqa: S101 - the caller looked
    missing, extra = Counter(example.rows.reference), Counter(example.rows.candidate)
    return Rows(
        columns=example.rows.columns,
        pairs=pair_rows(missing, extra),
        reference_count=example.rows.counts[0],
        candidate_count=example.rows.counts[1],
        missing=missing.total(),
        extra=extra.total(),
    )


def _shown(found: DifferingRows) -> tuple[Outcome, Outcome]:
    """What each side shows of the table or view whose rows differ."""
    one, other = (
        Outcome(f"{_named(state)}: {message}", sqlstate=state)
        if state
        else Outcome(counted(len(rows), "row"))
        for (state, message), rows in zip(
            found.errors, (found.reference, found.candidate), strict=True
        )
    )
    if any(state for state, _ in found.errors):
        return one, other
    return _only_here(found.counts[0], found.reference), _only_here(
        found.counts[1], found.candidate
    )


def _named(sqlstate: str) -> str:
    return _condition(sqlstate) or sqlstate


def _only_here(count: int, rows: Sequence[object]) -> Outcome:
    return Outcome(f"{counted(count, 'row')}, {len(rows)} of them only here")


def _differing_statement(example: Counterexample) -> Statement:
    """The statement whose outcomes differ; the last one if rows differ."""
    for number, (one, other) in enumerate(example.outcomes):
        if (one.accepted, one.rows, one.sqlstate) != (other.accepted, other.rows, other.sqlstate):
            return example.parts[min(number, len(example.parts) - 1)]
    return example.parts[-1]


def _headed(statement: Statement) -> str:
    """``INSERT INTO public.submissions``: a statement without its values."""
    heads = {"insert": "INSERT INTO", "update": "UPDATE", "delete": "DELETE FROM"}
    if statement.kind == "other":
        return statement.text
    return f"{heads.get(statement.kind, statement.kind.upper())} {statement.table}"


def _condition(sqlstate: str) -> str:
    """PostgreSQL's name of an SQLSTATE, as ``check_violation``; empty if there is none."""
    try:
        name = psycopg.errors.lookup(sqlstate).__name__
    except KeyError:
        return ""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def relations(schema: Schema) -> frozenset[str]:
    """The tables and views of a tree, and those of the platform on which it created objects."""
    own = {fact.name for fact in schema if fact.kind in RELATIONS and not fact.provided}
    changed = {
        fact.parent[1]
        for fact in schema
        if fact.parent is not None and fact.parent[0] == "table" and not fact.provided
    }
    return frozenset(own | changed)


def _note(tree: str, name: str, title: str, lines: Sequence[str] = ()) -> Finding:
    return Finding(
        tree=tree,
        check=BEHAVIOR,
        kind=BEHAVIOR,
        name=name,
        change="changed",
        title=title,
        evidence=(Text(tuple(map(printable, lines))),) if lines else (),
        note=True,
    )


CHECK: Final = Check(
    names=(BEHAVIOR,), find=find, headline=headline, kinds=frozenset({BEHAVIOR}), costly=True
)
