"""Apply a tree to a database as its tool would, and go on after a failure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from pytest_schema_parity.errors import ScriptError, ServerError
from pytest_schema_parity.migrations import psql
from pytest_schema_parity.migrations.exchange import Request
from pytest_schema_parity.migrations.failure import (
    Complaint,
    Failure,
    failed_file,
    failed_script,
    failed_statement,
)
from pytest_schema_parity.migrations.layouts import layouts
from pytest_schema_parity.migrations.lost import lost_statements, lost_text
from pytest_schema_parity.migrations.nearest import Names
from pytest_schema_parity.migrations.origins import Marker, Marks
from pytest_schema_parity.migrations.scanner import split
from pytest_schema_parity.migrations.session import Session
from pytest_schema_parity.migrations.statement import Statement
from pytest_schema_parity.migrations.tree import MigrationFile, Tree
from pytest_schema_parity.showing import printable

__all__ = ["Applied", "Failure", "apply_tree"]

Way: TypeAlias = Literal["at once", "in steps", "by itself"]
"""How a file is run: as one transaction in one round trip, as one step by step, or without one."""

_CONTROL: Final = frozenset(("abort", "begin", "commit", "end"))
NOT_IN_A_TRANSACTION: Final = frozenset(
    (
        "25001",  # CREATE INDEX CONCURRENTLY, VACUUM, ALTER SYSTEM, CREATE DATABASE, …
        "2D000",  # COMMIT inside of DO or CALL
        "55P04",  # an enum's new value, used at once
    )
)
"""The errors of what can be done outside of a transaction only."""
_ASIDE: Final = re.compile(r"--[^\n\r]*|/\*.*?\*/", re.DOTALL)
"""An SQL comment; nested ones do not matter in short statements."""
_BEGINS_READ_ONLY: Final = re.compile(
    r"\bread\s+only\b|\b(?:default_)?transaction_read_only\b", re.IGNORECASE
)
_SETS_READ_ONLY: Final = re.compile(
    r"\bset_config\s*\(\s*'(?:default_)?transaction_read_only'"
    r"|\bset\b[^;]*(?:\bread\s+only\b|\b(?:default_)?transaction_read_only\b)",
    re.IGNORECASE,
)


LEFT_OPEN: Final = (
    "the file ends and leaves this transaction open, so that nothing of it stays: COMMIT is missing"
)


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a tree: its files in order, what failed, and where each object comes from.

    ``by_itself`` are the files that were not run in one transaction of ours: each of their
    statements is its own, unless they begin one.
    """

    files: tuple[str, ...]
    failures: tuple[Failure, ...]
    marks: Marks
    by_itself: frozenset[str] = frozenset()


def apply_tree(
    tree: Tree,
    conninfo: str,
    *,
    statement_timeout: float | None = None,
    progress: Callable[[MigrationFile], None] | None = None,
    housekeeping: str | None = None,
    trusted: bool = True,
    ended: Callable[[], bool] = lambda: False,
) -> Applied:
    """Apply a tree's files in order, and never stop at a failure.

    Each file has a session of its own, unless the tree's tool uses one for all files: then a new
    one begins only after a failure.

    ``statement_timeout`` is in seconds; ``progress`` is called before each file.
    ``housekeeping`` is a superuser's conninfo that the tree's settings do not affect; it does not
    read objects of a tree that is not ``trusted``.  Raises ServerError if the server cannot be
    reached, at once where ``ended`` returns true, as the server then stays down.
    """
    names = tuple(file.name for file in tree.files)
    failures = []
    with Session(conninfo, statement_timeout=statement_timeout, ended=ended) as session:
        applier = _Applier(tree, session, Marker(session, names, housekeeping, trusted=trusted))
        for number, file in enumerate(tree.files):
            if progress is not None:
                progress(file)
            failure = applier.apply(number, file)
            if failure is not None:
                failures.append(failure)
        marks = applier.marker.collect()
        return Applied(names, tuple(failures), marks, frozenset(applier.by_itself))


class _Applier:
    """Applies files one after the other through one session."""

    def __init__(self, tree: Tree, session: Session, marker: Marker) -> None:
        self._tree = tree
        self.session = session
        self.marker = marker
        self.by_itself: set[str] = set()
        self._names = Names(tree)
        layout = layouts().get(tree.layout)
        self._one_session = layout is not None and layout.one_session

    def apply(self, number: int, file: MigrationFile) -> Failure | None:
        """Apply a file; the session is ready for the next one afterwards."""
        try:
            return self._apply(number, file)
        except ServerError as error:
            raise ServerError(f"while {printable(file.name)} was applied, {error}") from error

    def _apply(self, number: int, file: MigrationFile) -> Failure | None:
        text = None
        try:
            text = file.read()
            if file.refused is not None:
                return replace(failed_file(file.name, file.refused), lost=lost_text(text))
            statements = split(text, file=file.name, standard_strings=self.session.standard_strings)
        except ScriptError as error:
            failure = failed_script(error, text)
            return failure if text is None else replace(failure, lost=lost_text(text))
        for statement in statements:
            if statement.meta_command is not None:
                lost = lost_statements(statements, statement, before=True)
                return replace(_refused(file, statement), lost=lost)
        failed = self._run(number, statements, text)
        if self.session.undo_what_is_open() and failed is None:
            failed = _opening(statements), Complaint(None, LEFT_OPEN), "by itself"
        if failed is not None or not self._one_session or self.session.connection.closed:
            self.session.renew(after=text)
        if failed is None:
            return None
        statement, complaint, way = failed
        hint = self._names.hint(self.session.connection, complaint, number, statement)
        lost = lost_statements(statements, statement, before=way != "by itself")
        return replace(failed_statement(file.name, statement, complaint, hint), lost=lost)

    def _run(
        self, number: int, statements: Sequence[Statement], text: str
    ) -> tuple[Statement, Complaint, Way] | None:
        """Run a file's statements; return what failed, the error and how it was run, or None."""
        way = _way(statements)
        marked = not any(_makes_read_only(statement) for statement in statements)
        if not marked:
            self.marker.leave_unmarked(number)
        while True:
            if way == "by itself":
                self.by_itself.add(self._tree.files[number].name)
            plan = self._plan(number, statements, way, marked)
            run = self.session.pipeline if way == "at once" else self.session.one_by_one
            failed = run([command for command, _ in plan])
            if failed is None:
                return None
            index, complaint = failed
            statement = plan[index][1] if index < len(plan) else None
            if way == "at once" and _wants_no_transaction(statement, complaint):
                way = "by itself"
            elif way == "at once" and _wants_simple_protocol(complaint):
                way = "in steps"
            elif statement is None and marked and index < len(plan) and way != "by itself":
                self.session.renew(after=text)
                self.marker.leave_unmarked(number)
                marked = False
            else:
                return statement or _nearest_statement(plan, index), complaint, way

    def _plan(
        self, number: int, statements: Sequence[Statement], way: Way, marked: bool
    ) -> list[tuple[Request, Statement | None]]:
        """The requests for a file, each with its statement (None for markers, BEGIN, COMMIT)."""
        plan: list[tuple[Request, Statement | None]] = []
        if way == "in steps":
            plan.append((Request("BEGIN"), None))
        for statement in statements:
            mark = self.marker.before(number, statement) if marked else None
            if mark is not None:
                plan.append((mark, None))
            plan.append((Request(statement.text, copy_data=statement.copy_data), statement))
        if way == "in steps":
            plan.append((Request("COMMIT"), None))
        return plan


def _opening(statements: Sequence[Statement]) -> Statement:
    """The statement that began the last transaction."""
    opens = [s for s in statements if s.words[:1] in (("begin",), ("start",))]
    return opens[-1] if opens else statements[-1]


def _way(statements: Sequence[Statement]) -> Way:
    """How a file is run at first; the server may know better."""
    if any(controls_transactions(statement) for statement in statements):
        return "by itself"
    if any(s.compound or s.words[:1] == ("copy",) for s in statements):
        return "in steps"
    return "at once"


def controls_transactions(statement: Statement) -> bool:
    """Whether a file with this statement is run in no transaction of ours."""
    match statement.words:
        case ("start" | "prepare", "transaction", *_):
            return True
        case (word, *_):
            return word in _CONTROL
    return False


def _makes_read_only(statement: Statement) -> bool:
    """Whether no marker can be written after a statement, until its transaction or session ends."""
    match statement.words:
        case ("set", "role", *_) | ("set", "session", "authorization", *_):
            return False
        case ("begin" | "set" | "start", *_):
            return _BEGINS_READ_ONLY.search(_ASIDE.sub(" ", statement.text)) is not None
        case ("do" | "select", *_):
            return _SETS_READ_ONLY.search(_ASIDE.sub(" ", statement.text)) is not None
    return False


def _wants_no_transaction(statement: Statement | None, complaint: Complaint) -> bool:
    """Whether an error means that a statement cannot run inside a transaction."""
    setting = statement is not None and statement.words[:1] == ("set",)
    return complaint.sqlstate in NOT_IN_A_TRANSACTION and not setting


def _wants_simple_protocol(complaint: Complaint) -> bool:
    """Whether an error may come from the extended protocol, so that the simple one should be tried.

    The scanner took several commands for one statement, or a ``$1`` has no parameter.
    """
    return (complaint.sqlstate, complaint.position) in (("42601", None), ("08P01", None))


def _nearest_statement(plan: Sequence[tuple[Request, Statement | None]], index: int) -> Statement:
    """The statement that a failing BEGIN, COMMIT or marker belongs to."""
    around = [*plan[index:], *reversed(plan[:index])]
    return next(statement for _, statement in around if statement is not None)


def _refused(file: MigrationFile, statement: Statement) -> Failure:
    message = f"{statement.meta_command} is carried out by psql only"
    hint = psql.remedy(statement.meta_command or "")
    return failed_statement(file.name, statement, Complaint(None, message, hint=hint))
