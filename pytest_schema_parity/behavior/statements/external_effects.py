"""Find tables, views and routines that reach outside of the database: they are not tested.

What counts is what a rollback does not undo: files, programs, other servers and sessions, and
foreign tables, which are of another server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
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
      | pg_switch_wal | pg_promote | pg_create_restore_point | pg_wal_replay_\w+
      | pg_(create|drop|copy)_\w*replication_slot | pg_replication_slot_advance
      | pg_sync_replication_slots | pg_logical_slot_\w+ | pg_logical_emit_message
      | pg_replication_origin_\w+ | pg_(start|stop)_backup | pg_backup_(start|stop)
      | pg_stat_reset\w* | pg_stat_statements_reset | pg_log_backend_memory_contexts
      | pg_log_standby_snapshot | autoprewarm_\w+ | pg_background_\w+ | aws_(s3|lambda)\s*\.\s*\w+
      | http | http_\w+ | urlencode | net\s*\.\s*http_\w+ | pg_net | cron\s*\.\s*\w+
      | load\s+'[^']*'
      | alter\s+system | (create|alter|drop)\s+subscription
      | (create|import)\s+foreign\s+(table|schema|data)
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
    """The tables, views and routines of one side that reach outside when used, with the reasons.

    Foreign tables are among them.
    """
    read, functions = _reaching_when_read(document)
    found = dict(read)
    for kind in ("tables", "views"):
        for name, relation in document[kind].items():
            reasons = (_reason(text, functions, read) for text in _texts_run_by(relation))
            if name not in found and (reason := next(filter(None, reasons), "")):
                found[name] = reason
    _follow(document, found)
    for name, routine in document["functions"].items():
        if routine.get("callable") and (reason := _reason_of_routine(routine, functions, found)):
            found[name] = reason
    return found


def _reaching_when_read(document: CatalogDocument) -> tuple[dict[str, str], dict[str, str]]:
    """The relations that reach outside when they are read, and the functions that do.

    Functions read views and views call functions, so each round starts from what the last found.
    """
    read = _foreign_tables(document)
    while True:
        before = len(read)
        functions = _reaching_functions(document["functions"].values(), read)
        for name, view in document["views"].items():
            reads = [each for each in (*view["reads"], *view.get("foreign", ())) if each in read]
            if reads:
                read.setdefault(name, f"it reads {reads[0]}, and {read[reads[0]]}")
            elif reason := _reason(view["definition"], functions, read):
                read.setdefault(name, reason)
        if len(read) == before:
            return read, functions


def _foreign_tables(document: CatalogDocument) -> dict[str, str]:
    """The foreign tables and the tables that they are partitions or children of."""
    found = {}
    for name, table in document.get("foreign_tables", {}).items():
        found[name] = f"it is a foreign table, of the server {table['server']}"
        for parent in table["parents"]:
            found.setdefault(parent, f"the foreign table {name} is its partition or child")
    return found


def _reason_of_routine(
    routine: CatalogDocument, functions: Mapping[str, str], found: Mapping[str, str]
) -> str:
    """Why a routine is not called; empty if it may be."""
    body = routine["body"] or ""
    if reason := functions.get(routine["name"], "") or _called(body, functions):
        return reason
    return _used(body, found)


def _follow(document: CatalogDocument, found: dict[str, str]) -> None:
    """Add the tables and views that write to those found, through triggers, cascades and rules."""
    bodies = [(each["name"], each["body"] or "") for each in document["functions"].values()]
    changed = True
    while changed:
        before = len(found)
        writing = {function for function, body in bodies if _used(body, found)}
        _add_callers(writing, bodies)
        for name, table in document["tables"].items():
            for key in table["foreign_keys"] if name in found else ():
                if set(key["rule"][:2]) & CASCADING:
                    found.setdefault(
                        key["target"], f"its changes cascade to {name}, which has external effects"
                    )
        for name, relation in (*document["tables"].items(), *document["views"].items()):
            runs = {_bare(trigger["function"]) for trigger in relation.get("triggers", ())}
            texts = list(_texts_run_by(relation))
            if (
                not writing.isdisjoint(runs)
                or any(_names(text, function) for text in texts for function in writing)
                or any(_used(rule, found) for rule in relation.get("rules", ()))
            ):
                found.setdefault(
                    name,
                    "its triggers, rules or expressions write to a table with external effects",
                )
        changed = len(found) > before


def _add_callers(names: set[str], bodies: Sequence[tuple[str, str]]) -> None:
    """Add the functions that call one of these, through others as well."""
    before = -1
    while before < len(names):
        before = len(names)
        names |= {name for name, body in bodies if any(_names(body, each) for each in names)}


def _reaching_functions(
    functions: Sequence[CatalogDocument] | Any, relations: Mapping[str, str]
) -> dict[str, str]:
    """The functions by name that reach outside, through others as well, with the reasons.

    ``relations`` are those that reach outside when they are read.
    """
    bodies = [(each["name"], each["body"] or "", each) for each in functions]
    found = {}
    for name, body, function in bodies:
        if not function.get("trusted", True):
            found[name] = f"{name} is written in {function['language']}"
        elif reason := _mentioned(body):
            found[name] = f"{name} uses {reason}"
        elif relation := next((each for each in relations if _names(body, _bare(each))), ""):
            found[name] = f"{name} uses {relation}, and {relations[relation]}"
    changed = True
    while changed:
        before = len(found)
        for name, body, _ in bodies:
            if name not in found and (reason := _called(body, found)):
                found[name] = reason
        changed = len(found) > before
    return found


def _reason(text: str, functions: Mapping[str, str], relations: Mapping[str, str]) -> str:
    if reason := _mentioned(text):
        return f"it uses {reason}"
    return _called(text, functions) or _used(text, relations)


def _called(text: str, functions: Mapping[str, str]) -> str:
    return next((reason for name, reason in functions.items() if _names(text, name)), "")


def _used(text: str, relations: Mapping[str, str]) -> str:
    """Why a text reaches outside that mentions one of these relations; empty if it does not."""
    used = (name for name in relations if _names(text, _bare(name)))
    return next((f"it uses {name}, and {relations[name]}" for name in used), "")


def _names(text: str, name: str) -> bool:
    """Whether a text mentions a name, in any case: the name may be unquoted there."""
    return mentions(_lower(text), _lower(name))


_lower = lru_cache(maxsize=4096)(str.lower)


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


def _texts_run_by(relation: CatalogDocument) -> Iterator[str]:
    """All SQL that runs when the rows of a table are written, or somebody writes to a view."""
    for column in relation["columns"]:
        yield from filter(None, (column.get("default"), column.get("expression")))
    yield from (check["expression"] for check in relation.get("checks", ()))
    for key in relation.get("keys", ()):
        yield from (*key["parts"], *filter(None, (key["predicate"], key["exclusion"])))
    for trigger in relation.get("triggers", ()):
        yield from (trigger["definition"], trigger["body"] or "")
    for what in ("rules", "policies", "below"):
        yield from relation.get(what) or ()


def _bare(name: str) -> str:
    return name.rpartition(".")[2]
