"""How a file's statements are put into transactions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, TypeAlias

from pytest_schema_parity.migrations.failure import Complaint
from pytest_schema_parity.migrations.protocol import Request
from pytest_schema_parity.migrations.statement import Statement

TransactionMode: TypeAlias = Literal["pipeline", "stepwise", "in parts", "autocommit"]
"""How a file is run: as one transaction in one round trip, or statement by statement; as one query
that its own BEGIN and COMMIT cut into several transactions; or in autocommit."""

Step: TypeAlias = tuple[Request, Statement | None]
"""A request with its statement; None for markers and for our own BEGIN and COMMIT."""

NOT_IN_A_TRANSACTION: Final = frozenset(
    (
        "25001",  # CREATE INDEX CONCURRENTLY, VACUUM, ALTER SYSTEM, CREATE DATABASE, …
        "2D000",  # COMMIT inside of DO or CALL
        "55P04",  # a new value of an enum, used in the transaction that added it
    )
)
"""The errors of statements that can run only outside a transaction."""

_BEGINS: Final = frozenset(("begin", "start"))
_ENDS: Final = frozenset(("abort", "commit", "end", "prepare", "rollback"))
_CONTROL: Final = frozenset(("abort", "begin", "commit", "end"))
_TO_SAVEPOINT: Final = re.compile(r"rollback(\s+(work|transaction))?\s+to\b", re.IGNORECASE)
_AND_CHAIN: Final = re.compile(r"\band\s+chain\b", re.IGNORECASE)
_COMMENT: Final = re.compile(r"--[^\n\r]*|/\*.*?\*/", re.DOTALL)
"""An SQL comment; nested ones do not matter in short statements."""
_BEGINS_READ_ONLY: Final = re.compile(
    r"\bread\s+only\b|\b(?:default_)?transaction_read_only\b", re.IGNORECASE
)
_SETS_READ_ONLY: Final = re.compile(
    r"\bset_config\s*\(\s*'(?:default_)?transaction_read_only'"
    r"|\bset\b[^;]*(?:\bread\s+only\b|\b(?:default_)?transaction_read_only\b)",
    re.IGNORECASE,
)


def transaction_mode(statements: Sequence[Statement], *, one_query: bool) -> TransactionMode:
    """How a file is run at first; errors of the server may change it.

    ``one_query``: whether its tool sends the whole file as one query.
    """
    if one_query and any(_ends_or_begins(statement) for statement in statements):
        return "in parts"
    if any(controls_transactions(statement) for statement in statements):
        return "autocommit"
    if any(s.compound or s.words[:1] == ("copy",) for s in statements):
        return "stepwise"
    return "pipeline"


def controls_transactions(statement: Statement) -> bool:
    """Whether a file with this statement is not run in a transaction of ours."""
    match statement.words:
        case ("start" | "prepare", "transaction", *_):
            return True
        case (word, *_):
            return word in _CONTROL
    return False


def _ends_or_begins(statement: Statement) -> bool:
    return controls_transactions(statement) or _ends(statement)


def _ends(statement: Statement) -> bool:
    """Whether no transaction is open after a statement that ends one."""
    text = _COMMENT.sub(" ", statement.text).strip()
    first = next(iter(statement.words), "")
    if first == "prepare":
        return statement.words[:2] == ("prepare", "transaction")
    return first in _ENDS and not _TO_SAVEPOINT.match(text) and not _AND_CHAIN.search(text)


def steps_of(
    statements: Sequence[Statement],
    mode: TransactionMode,
    mark: Callable[[Statement], Request | None] = lambda _: None,
) -> list[Step]:
    """The requests for a file; ``mark`` returns what is sent before a statement."""
    steps = list(
        _steps_in_parts(statements, mark) if mode == "in parts" else _marked_steps(statements, mark)
    )
    if mode == "stepwise":
        return [(Request("BEGIN"), None), *steps, (Request("COMMIT"), None)]
    return steps


def _marked_steps(
    statements: Sequence[Statement], mark: Callable[[Statement], Request | None]
) -> Iterator[Step]:
    """A request for each statement, after that for its marker."""
    for statement in statements:
        marker = mark(statement)
        if marker is not None:
            yield marker, None
        yield Request(statement.text, copy_data=statement.copy_data), statement


def _steps_in_parts(
    statements: Sequence[Statement], mark: Callable[[Statement], Request | None]
) -> Iterator[Step]:
    """The requests for a file that is one query: after a COMMIT the next transaction begins.

    A BEGIN turns the implicit transaction, with the statements before it, into one that the end of
    the query does not commit (PostgreSQL's documentation, 54.2.2.1, "Multiple Statements in a
    Simple Query").
    """
    is_open = is_begun = False
    for statement in statements:
        if statement.words[:1] and statement.words[0] in _BEGINS:
            is_open = is_begun = True
        elif _ends(statement):
            is_open = is_begun = False
        elif not is_open:
            yield Request("BEGIN"), None
            is_open = True
        yield from _marked_steps([statement], mark)
    if is_open and not is_begun:
        yield Request("COMMIT"), None


def first_lost(statements: Sequence[Statement], failed: Statement, mode: TransactionMode) -> int:
    """The index of the first statement that has no effect because one failed."""
    at = next(at for at, one in enumerate(statements) if one is failed)
    if mode == "autocommit":
        return at
    if mode == "in parts":
        ends = [number for number in range(at) if _ends(statements[number])]
        return ends[-1] + 1 if ends else 0
    return 0


def last_begin(statements: Sequence[Statement]) -> Statement:
    """The statement that began the last transaction."""
    opens = [s for s in statements if s.words[:1] and s.words[0] in _BEGINS]
    return opens[-1] if opens else statements[-1]


def makes_read_only(statement: Statement) -> bool:
    """Whether no marker can be written after a statement, until its transaction or session ends."""
    match statement.words:
        case ("set", "role", *_) | ("set", "session", "authorization", *_):
            return False
        case ("begin" | "set" | "start", *_):
            return _BEGINS_READ_ONLY.search(_COMMENT.sub(" ", statement.text)) is not None
        case ("do" | "select", *_):
            return _SETS_READ_ONLY.search(_COMMENT.sub(" ", statement.text)) is not None
    return False


def wants_no_transaction(statement: Statement | None, complaint: Complaint) -> bool:
    """Whether an error means that a statement cannot run inside a transaction."""
    setting = statement is not None and statement.words[:1] == ("set",)
    return complaint.sqlstate in NOT_IN_A_TRANSACTION and not setting


def wants_simple_protocol(complaint: Complaint) -> bool:
    """Whether an error may come from the extended protocol, so that the simple one should be tried.

    The scanner took several commands for one statement, or a ``$1`` has no parameter.
    """
    return (complaint.sqlstate, complaint.position) in (("42601", None), ("08P01", None))


def nearest_statement(steps: Sequence[Step], index: int) -> Statement:
    """The statement to which a failed BEGIN, COMMIT or marker belongs."""
    around = [*steps[index:], *reversed(steps[:index])]
    return next(statement for _, statement in around if statement is not None)
