"""Apply a tree to a database as its tool would, and go on after a failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, NamedTuple

from pytest_schema_parity.errors import ScriptError, ServerError
from pytest_schema_parity.migrations import prisma_engine, psql
from pytest_schema_parity.migrations.failure import (
    Complaint,
    Failure,
    failed_file,
    failed_script,
    failed_statement,
)
from pytest_schema_parity.migrations.layouts import layouts
from pytest_schema_parity.migrations.name_hints import Names
from pytest_schema_parity.migrations.origins import Marker, Marks
from pytest_schema_parity.migrations.prisma_engine import PrismaTable, Stop
from pytest_schema_parity.migrations.scanner import split
from pytest_schema_parity.migrations.session import Session
from pytest_schema_parity.migrations.statement import Statement
from pytest_schema_parity.migrations.transactions import (
    NOT_IN_A_TRANSACTION,
    TransactionMode,
    controls_transactions,
    first_lost,
    last_begin,
    makes_read_only,
    nearest_statement,
    steps_of,
    transaction_mode,
    wants_no_transaction,
    wants_simple_protocol,
)
from pytest_schema_parity.migrations.tree import MigrationFile, Tree
from pytest_schema_parity.migrations.without_effect import Lost, lost_statements, lost_text
from pytest_schema_parity.showing import printable

__all__ = [
    "NOT_IN_A_TRANSACTION",
    "Applied",
    "Failure",
    "apply_tree",
    "controls_transactions",
]

_MAX_NAMED_FILES: Final = 5
"""How many of the files that were not run a message names."""
_IN_ONE_TRANSACTION: Final[frozenset[TransactionMode]] = frozenset(("pipeline", "stepwise"))
"""The modes in which a failed marker rolls back the whole file, so that it can be run again."""

NOT_COMMITTED: Final = (
    "COMMIT is missing: the file ends inside this transaction, so it is rolled back"
)


@dataclass(frozen=True, slots=True)
class Applied:
    """The result of applying a tree: its files in order, the failures, and the origins of objects.

    ``not_in_one_transaction`` are the files that were not run in one transaction of ours: each of
    their statements is its own, unless they begin one.
    """

    files: tuple[str, ...]
    failures: tuple[Failure, ...]
    marks: Marks
    not_in_one_transaction: frozenset[str] = frozenset()


def apply_tree(
    tree: Tree,
    conninfo: str,
    *,
    statement_timeout: float | None = None,
    progress: Callable[[MigrationFile], None] | None = None,
    maintenance: str | None = None,
    trusted: bool = True,
    ended: Callable[[], bool] = lambda: False,
) -> Applied:
    """Apply a tree's files in order, and do not stop at a failed statement.

    Each file has its own session, unless the tree's tool uses one for all files: then a new one
    begins only after a failure.  If Prisma could not update its own table after a file, the files
    after it are not run.

    ``statement_timeout`` is in seconds; ``progress`` is called before each file.
    ``maintenance`` is a superuser's conninfo that the tree's settings do not affect; it does not
    read objects of a tree that is not ``trusted``.  Raises ServerError if the server cannot be
    reached, without waiting for it if ``ended`` returns true: the run has ended.
    """
    names = tuple(file.name for file in tree.files)
    failures = []
    with Session(conninfo, statement_timeout=statement_timeout, ended=ended) as session:
        marker = Marker(session, names, maintenance, trusted=trusted)
        applier = _Applier(tree, session, marker, maintenance)
        for number, file in enumerate(tree.files):
            if progress is not None:
                progress(file)
            failure = applier.apply(number, file)
            if failure is not None:
                failures.append(failure)
            if applier.stopped:
                break
        marks = applier.finish()
        return Applied(names, tuple(failures), marks, frozenset(applier.not_in_one_transaction))


class _FailedStatement(NamedTuple):
    """A statement that failed, the error, and the index of the first statement without effect."""

    statement: Statement
    complaint: Complaint
    first_lost: int


class _Applier:
    """Applies files one after the other through one session."""

    def __init__(
        self, tree: Tree, session: Session, marker: Marker, maintenance: str | None
    ) -> None:
        self._tree = tree
        self.session = session
        self.marker = marker
        self.not_in_one_transaction: set[str] = set()
        self.stopped = False
        self._names = Names(tree)
        layout = layouts().get(tree.layout)
        self._as_prisma = layout is not None and layout.as_prisma
        self._table = PrismaTable(session, maintenance) if self._as_prisma else None

    def apply(self, number: int, file: MigrationFile) -> Failure | None:
        """Apply a file; the session is ready for the next one afterwards, unless it ``stopped``."""
        try:
            return self._apply(number, file)
        except ServerError as error:
            raise ServerError(f"while {printable(file.name)} was applied, {error}") from error

    def finish(self) -> Marks:
        """Remove the objects that we created; return the markers."""
        if self._table is not None:
            self._table.remove()
        return self.marker.collect()

    def _apply(self, number: int, file: MigrationFile) -> Failure | None:
        """Apply a file, and prepare the session for the next one; return its failure, or None."""
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
                return replace(_refused_command(file, statement), lost=lost_statements(statements))
        failed = self._run(number, statements, text)
        if self.session.roll_back_if_open() and failed is None:
            failed = self._left_open_failure(statements)
        stop = None
        if failed is None and self._table is not None:
            stop = self._table.stop_after(statements)
        if failed or stop or not self._as_prisma or self.session.connection.closed:
            self.session.reset_or_reconnect(after=text)
        if stop is not None:
            return self._stop_failure(number, stop)
        if failed is None:
            return None
        hint = self._names.hint(self.session.connection, failed.complaint, number, failed.statement)
        failure = failed_statement(file.name, failed.statement, failed.complaint, hint)
        return replace(failure, lost=lost_statements(statements, failed.first_lost))

    def _left_open_failure(self, statements: Sequence[Statement]) -> _FailedStatement:
        """The failure of a file whose transaction was open at its end."""
        statement = last_begin(statements)
        mode = transaction_mode(statements, one_query=self._as_prisma)
        message = prisma_engine.LEFT_OPEN if self._as_prisma else NOT_COMMITTED
        first = first_lost(statements, statement, mode)
        return _FailedStatement(statement, Complaint(None, message), first)

    def _stop_failure(self, number: int, stop: Stop) -> Failure:
        """The failure of a file after which the tool stops; the files after it are not run."""
        self.stopped = True
        file, *others = self._tree.files[number:]
        complaint = stop.complaint
        if others:
            names = ", ".join(other.name for other in others[:_MAX_NAMED_FILES])
            more = (
                f" and {len(others) - _MAX_NAMED_FILES} more"
                if len(others) > _MAX_NAMED_FILES
                else ""
            )
            hint = f"{complaint.hint} Not run: {names}{more}."
            complaint = replace(complaint, hint=hint)
        lost: list[Lost] = []
        for other in others:
            with suppress(ScriptError):
                lost += lost_text(other.read())
        return replace(failed_statement(file.name, stop.statement, complaint), lost=tuple(lost))

    def _run(
        self, number: int, statements: Sequence[Statement], text: str
    ) -> _FailedStatement | None:
        """Run a file's statements, in another mode if they need it; return what failed, or None."""
        mode = transaction_mode(statements, one_query=self._as_prisma)
        is_bound = self._as_prisma and len(statements) > 1
        marked = not any(makes_read_only(statement) for statement in statements)
        if not marked:
            self.marker.leave_unmarked(number)
        while True:
            if mode in ("autocommit", "in parts"):
                self.not_in_one_transaction.add(self._tree.files[number].name)
            mark = partial(self.marker.before, number) if marked else _leave_unmarked
            steps = steps_of(statements, mode, mark)
            run = self.session.pipeline if mode == "pipeline" else self.session.one_by_one
            failed = run([command for command, _ in steps])
            if failed is None:
                return None
            index, complaint = failed
            statement = steps[index][1] if index < len(steps) else None
            if mode == "pipeline" and wants_no_transaction(statement, complaint):
                mode = "stepwise" if is_bound else "autocommit"
            elif mode == "pipeline" and wants_simple_protocol(complaint):
                mode = "stepwise"
            elif (
                statement is None and marked and index < len(steps) and mode in _IN_ONE_TRANSACTION
            ):
                self.session.reset_or_reconnect(after=text)
                self.marker.leave_unmarked(number)
                marked = False
            else:
                if is_bound and wants_no_transaction(statement, complaint):
                    complaint = replace(complaint, hint=prisma_engine.OWN_FILE_REMEDY)
                statement = statement or nearest_statement(steps, index)
                return _FailedStatement(
                    statement, complaint, first_lost(statements, statement, mode)
                )


def _leave_unmarked(_: Statement) -> None:
    return None


def _refused_command(file: MigrationFile, statement: Statement) -> Failure:
    """The failure of a file with a command or variable that only psql understands."""
    message = f"{statement.meta_command} is understood by psql only"
    hint = psql.remedy(statement.meta_command or "")
    return failed_statement(file.name, statement, Complaint(None, message, hint=hint))
