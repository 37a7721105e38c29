"""Refuse migrations of tools that have no layout here and keep *down* parts beside the *up* parts.

Those are in the same file or the same directory.  Run as plain SQL, each migration would undo
itself, and two different trees would end up equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.migrations.layouts.layout import sql_files

_MARKERS: Final = {
    "goose": r"--\s*\+goose\b",
    "dbmate": r"--\s*migrate:(?:up|down)\b",
    "sql-migrate": r"--\s*\+migrate\b",
    "Micrate": r"--\s*\+micrate\b",
    "tern": r"----\s*create above\s*/\s*drop below",
    "MyBatis Migrations": r"--\s*//\s*@UNDO\b",
    "rambler": r"--\s*rambler\s+(?:up|down)\b",
    "Play evolutions": r"(?:--|#)[\s-]*!(?:Ups|Downs)\b",
    "shmig": r"--\s*=+\s*(?:UP|DOWN)\s*=+",
}
"""The comments, at the start of a line, by which each tool separates up and down parts."""

_MARKER: Final = re.compile(
    "^[ \t]*(?:"
    + "|".join(f"(?P<m{number}>{text})" for number, text in enumerate(_MARKERS.values()))
    + ")",
    re.IGNORECASE | re.MULTILINE,
)
_FLYWAY_NAME: Final = re.compile(r"(?:[VUB]\d[\d._]*__|R__).*\.sql", re.DOTALL)
_DOWN_FILE_NAME: Final = re.compile(
    r"(?P<stem>.*)(?P<dot>[._-])(?P<word>down|undo|rollback|revert)\.sql", re.DOTALL | re.IGNORECASE
)
_UP_WORDS: Final = {
    "down": ("up", "a tool such as golang-migrate, sqlx or bun"),
    "undo": ("do", "a tool such as Postgrator"),
    "rollback": ("apply", "a tool such as yoyo"),
    "revert": ("deploy", "a tool with revert scripts"),
}
"""By the last word of a down file's name: the word of its up file, and tools with such names."""

_DUMP_REMEDY: Final = (
    "run the tool on an empty database, dump that with pg_dump --schema-only, and set the tree's"
    " path to the dump"
)
_LIST_REMEDY: Final = (
    'list the up migrations as files = ["…"], in the order in which they are applied'
)


def refuse_directory(path: Path) -> None:
    """Raise TreeError if the names in a directory are those of a tool that has no layout here."""
    if not path.is_dir():
        return
    _refuse_sqitch(path)
    _refuse_alembic(path)
    _refuse_diesel(path)
    files = sql_files(path)
    for file in files:
        if _FLYWAY_NAME.fullmatch(file.name):
            raise _refusal(
                file,
                "has a name of Flyway's form (V<version>__, U<version>__, R__)",
                "whose files would be run in the order of their names, undo scripts included",
                _LIST_REMEDY,
            )
    names = {file.name.lower() for file in files}
    for file in files:
        if (tool := _tool_of_down_file(file, names)) is not None:
            raise _refusal(
                file,
                f"is a down migration of {tool}",
                "which would be run like an up migration",
                _LIST_REMEDY,
            )


def refuse_marked(files: Iterable[Path]) -> None:
    """Raise TreeError if a file has the comments by which a tool separates up and down parts."""
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # reported when it is applied
        if (found := _MARKER.search(text)) is not None:
            tool = list(_MARKERS)[int((found.lastgroup or "m0")[1:])]
            line = text.count("\n", 0, found.start()) + 1
            raise TreeError(
                f"{file}:{line} is written for {tool}, whose up and down parts would both be run;"
                f" there is no layout for {tool}: {_DUMP_REMEDY}"
            )


def _refuse_sqitch(path: Path) -> None:
    """Raise TreeError for a directory with a plan of Sqitch, or beside one."""
    plans = [path / "sqitch.plan"]
    if path.name in ("deploy", "revert", "verify"):
        plans.append(path.parent / "sqitch.plan")
    for plan in plans:
        if plan.is_file():
            raise _refusal(
                plan,
                "is a plan of Sqitch",
                "whose order would be ignored",
                f"{_LIST_REMEDY}, or {_DUMP_REMEDY}",
            )


def _refuse_alembic(path: Path) -> None:
    """Raise TreeError for a directory of Alembic, whose revisions are Python."""
    signs = [path / "alembic.ini", path / "script.py.mako"]
    if path.name == "versions":
        signs.append(path.parent / "script.py.mako")
    for sign in signs:
        if sign.is_file():
            raise _refusal(
                sign,
                "belongs to Alembic",
                "whose revisions are Python and would not be run",
                _DUMP_REMEDY,
            )


def _refuse_diesel(path: Path) -> None:
    """Raise TreeError for a directory of Diesel: ``<version>_<name>/up.sql`` with ``down.sql``."""
    inside = sorted(entry for entry in path.iterdir() if entry.is_dir())
    for directory in (path, *inside):
        if (directory / "migration.sql").is_file():
            continue
        down = directory / "down.sql"
        if down.is_file() and (directory / "up.sql").is_file():
            tool = "a tool such as Diesel"
            raise _refusal(down, f"is a down migration of {tool}", "beside up.sql", _LIST_REMEDY)


def _tool_of_down_file(file: Path, names: set[str]) -> str | None:
    """The tool whose down file this is, by the names of it and its neighbours; None for others."""
    down = _DOWN_FILE_NAME.fullmatch(file.name)
    if down is None:
        return None
    word, stem = down["word"].lower(), down["stem"].lower()
    up, tool = _UP_WORDS[word]
    pairs = {f"{stem}{down['dot']}{up}.sql", f"{stem}.sql"}
    return tool if names & pairs or (word, down["dot"]) == ("down", ".") else None


def _refusal(file: Path, what: str, why: str, remedy: str) -> TreeError:
    return TreeError(f"{file} {what}, {why}; there is no layout for that tool: {remedy}")
