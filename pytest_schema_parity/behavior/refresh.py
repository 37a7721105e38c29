"""Refreshes materialized views, by REFRESH and by the tree's own routines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import psycopg

from pytest_schema_parity.behavior.connections import OpenSide, OpenSides
from pytest_schema_parity.behavior.row_comparison import LoadingStep, RowProblem
from pytest_schema_parity.behavior.seeds import problems
from pytest_schema_parity.schema.facts import Schema

VIEWS_IN_ORDER: Final = """
WITH RECURSIVE reads (reader, read) AS (
    SELECT DISTINCT rule.ev_class, depend.refobjid
      FROM pg_catalog.pg_rewrite AS rule
      JOIN pg_catalog.pg_depend AS depend
        ON depend.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
       AND depend.objid = rule.oid
       AND depend.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
       AND depend.refobjid <> rule.ev_class
), reached (reader, read) AS (
    SELECT reader, read FROM reads
    UNION
    SELECT reached.reader, reads.read FROM reached JOIN reads ON reads.reader = reached.read
)
SELECT pg_catalog.format('%I.%I', space.nspname, view.relname)
  FROM pg_catalog.pg_class AS view
  JOIN pg_catalog.pg_namespace AS space ON space.oid = view.relnamespace
 WHERE view.relkind = 'm' AND space.nspname <> 'information_schema'
 ORDER BY (SELECT count(*) FROM reached WHERE reached.reader = view.oid), 1
"""
"""The materialized views, sorted by the number of relations that each reads, also indirectly: a
view reads more relations than any view that it reads."""

CALLABLE_ROUTINES: Final = """
SELECT pg_catalog.format('%I.%I(%s)', space.nspname, proc.proname,
                         pg_catalog.oidvectortypes(proc.proargtypes)),
       pg_catalog.format('%I.%I()', space.nspname, proc.proname)
  FROM pg_catalog.pg_proc AS proc
  JOIN pg_catalog.pg_namespace AS space ON space.oid = proc.pronamespace
 WHERE proc.pronargs = proc.pronargdefaults
   AND (proc.prokind <> 'p' OR proc.proargmodes IS NULL)
 ORDER BY proc.pronargs, 1
"""
"""The routines that can be called without arguments, and the calls; without parameters first."""

REFRESHES: Final = re.compile(r"\bREFRESH\s+MATERIALIZED\s+VIEW\b", re.IGNORECASE)
NOT_CALLABLE: Final = frozenset({"trigger", "event_trigger"})


@dataclass(frozen=True, slots=True)
class FailedStatement:
    """A statement that failed on one side, about one view or routine."""

    subject: str
    statement: str
    error: psycopg.Error


def refresh_views(sides: OpenSides) -> list[RowProblem]:
    """Refresh every materialized view, also those that never held data."""

    def refresh_on_side(side: OpenSide) -> list[FailedStatement]:
        """Refresh the materialized views of one side; return what failed."""
        views = [view for (view,) in side.connection.execute(VIEWS_IN_ORDER)]
        return _failures(
            (view, statement, attempt_and_keep(side, statement))
            for view, statement in ((view, f"REFRESH MATERIALIZED VIEW {view}") for view in views)
        )

    return _problems_of(sides, "refresh", sides.both(refresh_on_side))


def call_functions(sides: OpenSides, schemas: Mapping[str, Schema]) -> list[RowProblem]:
    """Call each tree's own refresh functions, within the transaction that was begun."""

    def call_on_side(side: OpenSide) -> list[FailedStatement]:
        """Call the refresh functions of one side; return what failed."""
        return _failures(
            (name, statement, attempt_and_keep(side, statement))
            for name, statement in _calls_of(side, schemas[side.tree], "function", "SELECT")
        )

    return _problems_of(sides, "call", sides.both(call_on_side))


def call_procedures(sides: OpenSides, schemas: Mapping[str, Schema]) -> list[RowProblem]:
    """Call each tree's own refresh procedures, which may COMMIT: ends the transaction if any."""

    def call_on_side(side: OpenSide) -> list[FailedStatement]:
        """Call the refresh procedures of one side, after a COMMIT; return what failed."""
        calls = _calls_of(side, schemas[side.tree], "procedure", "CALL")
        if calls:
            _run(side, "COMMIT")
        return _failures((name, statement, _run(side, statement)) for name, statement in calls)

    return _problems_of(sides, "call", sides.both(call_on_side))


def refresh_routines(schema: Schema, kind: str) -> list[str]:
    """The tree's own routines of a kind that refresh something, by name."""
    return [
        fact.name
        for fact in schema
        if fact.kind == kind
        and not fact.provided
        and fact.attributes.get("returns") not in NOT_CALLABLE
        and REFRESHES.search(str(fact.attributes.get("body", "")))
    ]


def attempt_and_keep(side: OpenSide, statement: str) -> psycopg.Error | None:
    """Run a statement; roll back to before it if it fails, and return the error."""
    error = side.attempt(statement)
    if error is None:
        side.keep()
    return error


def _calls_of(side: OpenSide, schema: Schema, kind: str, verb: str) -> list[tuple[str, str]]:
    """The tree's refresh routines that can be called without arguments: name and statement."""
    wanted = frozenset(refresh_routines(schema, kind))
    calls: dict[str, str] = {}
    for name, call in side.connection.execute(CALLABLE_ROUTINES) if wanted else ():
        if name in wanted:
            calls.setdefault(f"{verb} {call}", name)
    return [(name, statement) for statement, name in calls.items()]


def _run(side: OpenSide, statement: str) -> psycopg.Error | None:
    """Run a statement in its own transaction; return the error, if any."""
    try:
        side.connection.execute(statement.encode())
    except psycopg.Error as error:
        return error
    return None


def _failures(outcomes: Iterable[tuple[str, str, psycopg.Error | None]]) -> list[FailedStatement]:
    """The statements that failed, of (subject, statement, error)."""
    return [FailedStatement(name, sql, error) for name, sql, error in outcomes if error is not None]


def _problems_of(
    sides: OpenSides, step: LoadingStep, failed: tuple[list[FailedStatement], list[FailedStatement]]
) -> list[RowProblem]:
    """The problems of the statements that failed on either side, by subject."""
    reference, candidate = ({each.subject: each for each in side} for side in failed)
    return [
        problem
        for subject, each in (candidate | reference).items()
        for problem in problems(
            sides,
            [side[subject].error if subject in side else None for side in (reference, candidate)],
            step=step,
            subject=subject,
            statement=each.statement,
        )
    ]
