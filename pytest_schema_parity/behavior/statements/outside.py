"""Find tables and views whose code reaches outside of the database: they are not tested."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pytest_schema_parity.behavior.statements.catalog_document import CatalogDocument
from pytest_schema_parity.behavior.statements.mentions import mentions

REACHING: Final = re.compile(
    r"""
    \b(
        dblink\w* | postgres_fdw\w*
      | pg_read_(binary_)?file | pg_write_file | pg_file_\w+ | pg_ls_\w+ | pg_stat_file
      | pg_execute_server_program | lo_import | lo_export | pg_logdir_ls
      | pg_reload_conf | pg_rotate_logfile | pg_terminate_backend | pg_cancel_backend
      | pg_switch_wal | pg_promote | pg_create_restore_point
      | http | http_\w+ | urlencode | net\s*\.\s*http_\w+ | pg_net | cron\s*\.\s*\w+
      | load\s+'[^']*'
      | alter\s+system
    )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
"""What reaches files, programs, other servers or other sessions, beside COPY."""
COPY: Final = re.compile(
    r"""
    (?<![.\w"])copy(?:
        \s*\([^;]*?\)\s*to\b(?!\s*stdout\b)(?:\s+program\b)?
      | \s+(?:binary\s+)?(?!(?:as|is|in|from|to|and|or|not|like|between)\b)
        {name}(?:\s*\.\s*{name})*\s*(?:\([^)]*\)\s*)?\b(?:to|from)\b(?!\s*(?:stdin|stdout)\b)
        (?:\s+program\b)?
      | \s*\(?\s*%                        # format('COPY %I …')
      | \s+(?:'|\$\w*\$)\s*(?:\|\||,)     # 'COPY ' || …, concat('COPY ', …)
    )
    """.replace("{name}", r'(?:"[^"]*"|[\w%$]+)'),
    re.VERBOSE | re.IGNORECASE,
)
"""COPY whose target is anything but STDIN and STDOUT, however the text of that is made."""
REMARK: Final = re.compile(r"^\s*--[^\n]*$", re.MULTILINE)
"""A line that is a comment alone: prose may have the words of a COPY."""
CALLED: Final = re.compile(r"^(http|urlencode)$", re.IGNORECASE)
"""Names that count as functions only where a parenthesis follows."""
CASCADING: Final = frozenset("cnd")
"""Actions of foreign keys that change referring rows: CASCADE, SET NULL, SET DEFAULT."""


def reaching_outside(document: CatalogDocument) -> dict[str, str]:
    """The tables and views of one side that reach outside when they are used, with the reasons."""
    functions = _reaching_functions(document["functions"].values())
    found: dict[str, str] = {}
    for name, table in document["tables"].items():
        for text in _texts_of_table(table):
            if reason := _reason(text, functions):
                found[name] = reason
                break
    for name, view in document["views"].items():
        if reason := _reason(view["definition"], functions):
            found[name] = reason
    _follow(document, found)
    for name, routine in document["functions"].items():
        if routine.get("callable") and (reason := _reason_of_routine(routine, functions, found)):
            found[name] = reason
    return found


def _reason_of_routine(
    routine: CatalogDocument, functions: Mapping[str, str], found: Mapping[str, str]
) -> str:
    """Why a routine is not called; empty if it may be."""
    body = routine["body"] or ""
    if reason := functions.get(routine["name"], "") or _called(body, functions):
        return reason
    used = (name for name in found if "(" not in name and mentions(body, _bare(name)))
    return next((f"it uses {name}, and {found[name]}" for name in used), "")


def _follow(document: CatalogDocument, found: dict[str, str]) -> None:
    """Add the tables and views that use those found, through triggers, cascades and views."""
    bodies = {each["name"]: each["body"] or "" for each in document["functions"].values()}
    changed = True
    while changed:
        before = len(found)
        writing = {
            function: name
            for name in found
            for function, body in bodies.items()
            if mentions(body, name.rpartition(".")[2])
        }
        for name, table in document["tables"].items():
            for key in table["foreign_keys"] if name in found else ():
                if set(key["rule"][:2]) & CASCADING:
                    found.setdefault(key["target"], f"its foreign key from {name} acts on that")
            used = [t for t in _texts_of_table(table) for f in writing if mentions(t, f)]
            for trigger in table["triggers"]:
                used += [n for f, n in writing.items() if _bare(trigger["function"]) == f]
            if used:
                found.setdefault(name, "what it runs writes to another such table")
        for name, view in document["views"].items():
            if reads := [
                each for each in view["reads"] if each in found and each in document["views"]
            ]:
                found.setdefault(name, f"it reads {reads[0]}")
        changed = len(found) > before


def _reaching_functions(functions: Sequence[CatalogDocument] | Any) -> dict[str, str]:
    """The functions by name that reach outside, through others as well, with the reasons."""
    bodies = [(each["name"], each["body"] or "", each) for each in functions]
    found = {}
    for name, body, function in bodies:
        if not function.get("trusted", True):
            found[name] = f"{name} is written in {function['language']}"
        elif reason := _mentioned(body):
            found[name] = f"{name} uses {reason}"
    changed = True
    while changed:
        before = len(found)
        for name, body, _ in bodies:
            if name not in found and (reason := _called(body, found)):
                found[name] = reason
        changed = len(found) > before
    return found


def _reason(text: str, functions: Mapping[str, str]) -> str:
    if reason := _mentioned(text):
        return f"it uses {reason}"
    return _called(text, functions)


def _called(text: str, functions: Mapping[str, str]) -> str:
    return next((reason for name, reason in functions.items() if mentions(text, name)), "")


def _mentioned(text: str) -> str:
    """The first word of a text that reaches outside; empty if none does."""
    for match in REACHING.finditer(text):
        word = " ".join(match[0].split())
        if CALLED.match(word) and text[match.end() : match.end() + 1] not in ("(", " "):
            continue
        return word
    if found := COPY.search(REMARK.sub("", text)):
        return " ".join(found[0].split())
    return ""


def _texts_of_table(table: CatalogDocument) -> Iterator[str]:
    """All SQL that runs when a table's rows are written."""
    for column in table["columns"]:
        yield from filter(None, (column["default"], column["expression"]))
    yield from (check["expression"] for check in table["checks"])
    for key in table["keys"]:
        yield from (*key["parts"], *filter(None, (key["predicate"], key["exclusion"])))
    for trigger in table["triggers"]:
        yield from (trigger["definition"], trigger["body"] or "")
    yield from table["rules"]
    yield from table["policies"]


def _bare(name: str) -> str:
    return name.rpartition(".")[2]
