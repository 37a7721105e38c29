"""Find the structural differences that explain a counterexample."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

from pytest_schema_parity.behavior.statements.counterexample import Counterexample
from pytest_schema_parity.behavior.statements.divergences import details
from pytest_schema_parity.behavior.statements.outcome import StatementOutcome
from pytest_schema_parity.checks.dependencies import dependencies, last_part
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.showing import clean, value_text

MAX_DIFFERENCES: Final = 5
"""How many differences are named for one counterexample."""
BEHAVIORAL_IMPACTS: Final = frozenset({"behavior", "form"})
"""The impacts of differences that can change the outcome of a statement or the rows of a view."""
VIEWS: Final = frozenset({"view", "materialized view"})
DATA_EXCEPTION: Final = "22"
"""The SQLSTATE class of errors about values that do not fit their type."""
ROUTINES: Final = frozenset({"function", "procedure"})
TEXT_TYPES: Final = re.compile(r"(character varying|varchar|text)\b")
"""Types that keep a text as it is, or reject it."""

Predicate = Callable[[Difference], bool]
"""Decides whether a difference may explain a counterexample."""


def explain(
    example: Counterexample,
    table: str,
    differences: Iterable[Difference],
    schemas: Sequence[Schema] = (),
) -> list[Difference]:
    """The differences that explain a counterexample whose failing statement is about ``table``.

    Those about what rejected the statement; if there are none, those of the routine that it calls,
    or of its table; if there are none either, those of what its statements use in the ``schemas``
    of both sides.
    """
    impacts = BEHAVIORAL_IMPACTS | {"security"} if example.role else BEHAVIORAL_IMPACTS
    found = [each for each in differences if each.impact in impacts and each.change != "renamed"]
    for predicates in _predicates(example, table, Dependencies(schemas)):
        chosen = [each for each in found if any(test(each) for test in predicates)]
        if chosen:
            return chosen[:MAX_DIFFERENCES]
    return []


class Dependencies:
    """Finds what tables, views and routines use in the schemas of both sides."""

    def __init__(self, schemas: Sequence[Schema]) -> None:
        self.schemas = schemas
        self._used: dict[frozenset[str], frozenset[Key]] = {}

    def is_used_by(self, names: Iterable[str]) -> Predicate:
        """A predicate: whether a difference is about something that these use, on either side."""
        roots = frozenset(names)

        def test(difference: Difference) -> bool:
            if roots not in self._used:
                self._used[roots] = dependencies(self.schemas, roots)
            return difference.key in self._used[roots]

        return test

    def is_routine_used_by(self, names: Iterable[str]) -> Predicate:
        """A predicate: whether a difference is about one of these routines, or one they use."""
        is_used = self.is_used_by(names)
        return lambda difference: difference.kind in ROUTINES and is_used(difference)

    def is_trigger_of(self, table: str) -> Predicate:
        """A predicate: whether a difference is about a trigger of a table, or what that calls."""
        functions = {
            str(fact.attributes.get("function"))
            for schema in self.schemas
            for fact in schema
            if fact.kind == "trigger" and fact.parent == ("table", table)
        }
        is_called = self.is_routine_used_by(functions)
        return lambda d: _is_trigger(d, table) or is_called(d)

    def routines_named(self, routine: str) -> list[str]:
        """The routines with the name in an error's context, each with its arguments."""
        facts = (fact for schema in self.schemas for fact in schema)
        return [fact.name for fact in facts if _is_function(fact.kind, fact.name, routine)]

    def concerns(self, difference: Difference, role: str) -> bool:
        """Whether a policy or privilege is one of a role, or of all."""
        if difference.kind == "privilege":
            grantee = difference.name.rpartition(" TO ")[2].partition(" BY ")[0]
            return grantee in (role, "PUBLIC")
        if difference.kind != "policy":
            return True
        found = [schema.get(difference.key) for schema in self.schemas]
        roles = [fact.attributes.get("roles") for fact in found if fact is not None]
        return any({role, "PUBLIC"} & set(each) for each in roles if isinstance(each, list | tuple))


def _subjects(example: Counterexample) -> Iterator[str]:
    """The tables, views and routines that a counterexample is about."""
    for part in example.parts:
        yield part.table
        yield from (each.table for each in part.along)
    if example.rows is not None:
        yield example.rows.relation


def difference_text(difference: Difference) -> str:
    """``trigger public.submissions.trg_check_amplify_quota is missing``."""
    thing = f"{difference.kind} {clean(difference.name)}"
    if difference.change != "changed" or difference.attribute is None:
        return f"{thing} is {difference.change}"
    attribute = clean(difference.attribute)
    text = f"{thing} differs in {attribute}"
    values = value_text(difference.expected), value_text(difference.actual)
    if "\n" in "".join(values) or max(map(len, values)) > 40:
        return text
    return f"{text}: {values[0]} / {values[1]}"


def rejecting_fact(outcome: StatementOutcome, table: str, schema: Schema) -> Fact | None:
    """The constraint, index, column or trigger of a schema that rejected a statement."""
    space = table.rpartition(".")[0]
    owner = f"{space}.{_quote_identifier(outcome.table)}" if outcome.table else table
    if outcome.is_raised:
        for fact in schema:
            of_table = fact.kind == "trigger" and fact.name.startswith(f"{table}.")
            if of_table and _is_routine(str(fact.attributes.get("function", "")), outcome.routine):
                return fact
        return next((f for f in schema if _is_function(f.kind, f.name, outcome.routine)), None)
    if outcome.constraint:
        name = _quote_identifier(outcome.constraint)
        wanted = {("constraint", f"{owner}.{name}"), ("index", f"{space}.{name}")}
    elif outcome.column:
        wanted = {("column", f"{owner}.{_quote_identifier(outcome.column)}")}
    else:
        return None
    return next((fact for fact in schema if fact.key in wanted), None)


def _predicates(
    example: Counterexample, table: str, uses: Dependencies
) -> Iterator[list[Predicate]]:
    """Lists of predicates for differences, the most specific first."""
    if example.role:
        relation = example.rows.relation if example.rows else table
        own = uses.concerns
        yield [lambda d: _is_about_access(d, relation) and own(d, example.role)]
        yield [lambda d: d.kind == "policy" and own(d, example.role), lambda d: d.kind in ROUTINES]
        yield [lambda d: _is_about_access(d, relation) or d.kind == "policy"]
    called = {part.table for part in example.parts if part.kind == "call"}
    if example.rows is not None:
        relation = example.rows.relation
        yield [lambda d: d.name == relation and d.kind in VIEWS]
        yield from _routine_predicates(called, uses)
        yield [lambda d: _changes_values(d, example), uses.is_trigger_of(relation)]
        yield [lambda d: d.name in _differing_columns(example)]
        yield [lambda d: d.kind in VIEWS and d.name.startswith(f"{relation}.")]
        yield [uses.is_used_by(_subjects(example))]
        return
    errors = [each for pair in example.outcomes for each in pair if not each.accepted]
    yield [lambda d, e=error: _is_about_rejection(d, e, table) for error in errors]  # type: ignore[misc]
    yield from _routine_predicates(called, uses)
    raised = [n for error in errors if error.is_raised for n in uses.routines_named(error.routine)]
    yield [uses.is_routine_used_by(raised)]
    if table in called:
        yield [uses.is_used_by(called)]
        return
    assigned = {
        column for part in example.parts if part.table == table for column, _ in part.values
    }
    if any(error.sqlstate.startswith(DATA_EXCEPTION) for error in errors):
        columns = {f"{table}.{column}" for column in assigned}
        is_used = uses.is_used_by(_subjects(example))
        yield [lambda d: d.name in columns and d.attribute == "type"]
        yield [lambda d: d.kind in ("enum", "domain") and is_used(d)]
    yield [
        lambda d: d.name == table or d.name.startswith(f"{table}."),
        uses.is_trigger_of(table),
    ]
    yield [uses.is_used_by(_subjects(example))]


def _routine_predicates(called: Collection[str], uses: Dependencies) -> Iterator[list[Predicate]]:
    """Predicates for the routines that are called, then for those that they call."""
    if called:
        yield [lambda d: d.kind in ROUTINES and d.name in called]
        yield [uses.is_routine_used_by(called)]


def _differing_columns(example: Counterexample) -> frozenset[str]:
    """The columns whose values differ, with the name of their table or view."""
    assert example.rows is not None  # noqa: S101 - the caller looked
    return frozenset(f"{example.rows.relation}.{column}" for column in details(example.cause))


def _changes_values(difference: Difference, example: Counterexample) -> bool:
    """Whether a column with other values differs in what the statements do not set.

    The length of a text type rejects values, and a default is for a column that is left out.
    """
    if difference.name not in _differing_columns(example):
        return False
    if difference.attribute == "type":
        return not all(TEXT_TYPES.match(str(t)) for t in (difference.expected, difference.actual))
    rows = [part for part in example.parts if part.kind == "insert"]
    rows += [each for part in rows for each in part.along]
    table, _, column = difference.name.rpartition(".")
    own = [part for part in rows if part.table == table]
    return not own or any(column not in dict(part.values) for part in own)


def _is_trigger(difference: Difference, table: str) -> bool:
    return difference.kind == "trigger" and difference.name.startswith(f"{table}.")


def _is_about_access(difference: Difference, relation: str) -> bool:
    """Whether a difference is about who may see or change the rows of a table or view."""
    kind, name = difference.kind, difference.name
    if kind == "policy":
        return name.startswith(f"{relation}.")
    if kind == "privilege":
        return f" {relation} TO " in name or f" {relation}." in name
    attribute = difference.attribute or ""
    return name == relation and ("row_level" in attribute or kind in VIEWS)


def _is_about_rejection(difference: Difference, error: StatementOutcome, table: str) -> bool:
    """Whether a difference is about what rejected a statement."""
    name = difference.name
    schema = table.rpartition(".")[0]
    owner = f"{schema}.{_quote_identifier(error.table)}" if error.table else table
    if error.constraint and not error.is_raised:
        quoted = _quote_identifier(error.constraint)
        if not error.table and difference.kind == "constraint" and last_part(name) == quoted:
            return True  # of a domain, which an error does not name
        return name in (f"{owner}.{quoted}", f"{schema}.{quoted}")
    if error.column and not error.is_raised:
        return name == f"{owner}.{_quote_identifier(error.column)}"
    if not error.is_raised:
        return False
    if difference.kind == "trigger":
        sides = (difference.expected, difference.actual)
        functions = [str(each.get("function", "")) for each in sides if isinstance(each, dict)]
        return any(_is_routine(each, error.routine) for each in functions)
    return _is_function(difference.kind, name, error.routine)


def _is_function(kind: str, name: str, routine: str) -> bool:
    return kind in ROUTINES and _is_routine(name, routine)


def _is_routine(name: str, routine: str) -> bool:
    """Whether a function's name is that of the routine in an error's context."""
    bare = name.partition("(")[0]
    return bare == routine or bare.rpartition(".")[2] == routine.rpartition(".")[2]


def _quote_identifier(name: str) -> str:
    """A name, quoted where SQL requires it."""
    if re.fullmatch(r"[a-z_][a-z0-9_$]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'
