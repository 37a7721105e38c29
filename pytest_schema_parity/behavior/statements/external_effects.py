"""Find tables, views and routines with effects that ROLLBACK does not undo: they are not tested.

Such effects are on files, programs, other servers and sessions, and on foreign tables, which are on
another server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from pytest_schema_parity.behavior.statements.catalog_document import CatalogDocument
from pytest_schema_parity.behavior.statements.mentions import mentions

EXTERNAL_EFFECT: Final = re.compile(
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
      | http(_(get|post|put|patch|delete|head))?(?="?\s*\() | pg_net
      | net"?\s*\.\s*"?(http_|_http|wake|worker)\w* | cron"?\s*\.\s*"?\w+
      | load\s+'[^']*'
      | alter\s+system | (create|alter|drop)\s+subscription
      | (create|import)\s+foreign\s+(table|schema|data)
    )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
"""SQL that uses files, programs, other servers or other sessions, except COPY."""
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
"""COPY from or to anything but STDIN and STDOUT, also in text that builds such a statement."""
COMMENT_LINE: Final = re.compile(r"^\s*--[^\n]*$", re.MULTILINE)
"""A line with a comment only, as prose may contain the words of a COPY."""
CASCADING: Final = frozenset("cnd")
"""Actions of foreign keys that change referring rows: CASCADE, SET NULL, SET DEFAULT."""


def reaching_outside(document: CatalogDocument) -> dict[str, str]:
    """The tables, views and routines of one side with external effects, with the reasons.

    Foreign tables are included.
    """
    read, functions = _reaching_when_read(document)
    found = dict(read)
    for kind in ("tables", "views"):
        for name, relation in document[kind].items():
            reasons = (_effect_of_text(text, functions, read) for text in _texts_run_by(relation))
            if name not in found and (reason := next(filter(None, reasons), "")):
                found[name] = reason
    _add_writers(document, found)
    for name, routine in document["functions"].items():
        if routine.get("callable") and (reason := _reason_of_routine(routine, functions, found)):
            found[name] = reason
    return found


def _reaching_when_read(document: CatalogDocument) -> tuple[dict[str, str], dict[str, str]]:
    """The relations with external effects when read, and such functions, with the reasons.

    Functions read views and views call functions, so each round starts from what the last found.
    """
    read = foreign_tables(document)
    while True:
        before = len(read)
        functions = _reaching_functions(document["functions"].values(), read)
        for name, view in document["views"].items():
            reads = [each for each in (*view["reads"], *view.get("foreign", ())) if each in read]
            if reads:
                read.setdefault(name, f"it reads {reads[0]}, and {read[reads[0]]}")
            elif reason := _effect_of_text(view["definition"], functions, read):
                read.setdefault(name, reason)
        if len(read) == before:
            return read, functions


def foreign_tables(document: CatalogDocument) -> dict[str, str]:
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
    """The external effect of a routine; empty without one."""
    body = routine["body"] or ""
    if reason := functions.get(routine["name"], "") or _effect_of_functions(body, functions):
        return reason
    return _effect_of_relations(body, found)


def _add_writers(document: CatalogDocument, found: dict[str, str]) -> None:
    """Add the tables and views that write to those found, through triggers, cascades and rules."""
    bodies = [(each["name"], each["body"] or "") for each in document["functions"].values()]
    changed = True
    while changed:
        before = len(found)
        writing = {function for function, body in bodies if _effect_of_relations(body, found)}
        _add_callers(writing, bodies)
        for name, table in document["tables"].items():
            for key in table["foreign_keys"] if name in found else ():
                if set(key["rule"][:2]) & CASCADING:
                    found.setdefault(
                        key["target"], f"its changes cascade to {name}, which has external effects"
                    )
        for name, relation in (*document["tables"].items(), *document["views"].items()):
            runs = {
                _without_schema(trigger["function"]) for trigger in relation.get("triggers", ())
            }
            texts = list(_texts_run_by(relation))
            if (
                not writing.isdisjoint(runs)
                or any(_mentions_name(text, function) for text in texts for function in writing)
                or any(_effect_of_relations(rule, found) for rule in relation.get("rules", ()))
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
        names |= {
            name for name, body in bodies if any(_mentions_name(body, each) for each in names)
        }


def _reaching_functions(
    functions: Sequence[CatalogDocument] | Any, relations: Mapping[str, str]
) -> dict[str, str]:
    """The names of the functions with external effects, also through others, with the reasons.

    ``relations`` are those with external effects when read.
    """
    bodies = [(each["name"], each["body"] or "", each) for each in functions]
    found = {}
    for name, body, function in bodies:
        if not function.get("trusted", True):
            found[name] = f"{name} is written in {function['language']}"
        elif reason := _effect_in(body):
            found[name] = f"{name} uses {reason}"
        elif relation := next(
            (each for each in relations if _mentions_name(body, _without_schema(each))), ""
        ):
            found[name] = f"{name} uses {relation}, and {relations[relation]}"
    changed = True
    while changed:
        before = len(found)
        for name, body, _ in bodies:
            if name not in found and (reason := _effect_of_functions(body, found)):
                found[name] = reason
        changed = len(found) > before
    return found


def _effect_of_text(text: str, functions: Mapping[str, str], relations: Mapping[str, str]) -> str:
    """The external effect of a text, its functions or relations; empty without one."""
    if reason := _effect_in(text):
        return f"it uses {reason}"
    return _effect_of_functions(text, functions) or _effect_of_relations(text, relations)


def _effect_of_functions(text: str, functions: Mapping[str, str]) -> str:
    """The external effect of a function that a text mentions; empty if it mentions none."""
    return next((reason for name, reason in functions.items() if _mentions_name(text, name)), "")


def _effect_of_relations(text: str, relations: Mapping[str, str]) -> str:
    """The external effect of a relation that a text mentions; empty if it mentions none."""
    used = (name for name in relations if _mentions_name(text, _without_schema(name)))
    return next((f"it uses {name}, and {relations[name]}" for name in used), "")


def _mentions_name(text: str, name: str) -> bool:
    """Whether a text mentions a name, in any case: the name may be unquoted there."""
    return mentions(_lower(text), _lower(name))


_lower = lru_cache(maxsize=4096)(str.lower)


def _effect_in(text: str) -> str:
    """The first part of a text with an external effect; empty without one."""
    found = EXTERNAL_EFFECT.search(text) or COPY.search(COMMENT_LINE.sub("", text))
    return " ".join(found[0].split()) if found else ""


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


def _without_schema(name: str) -> str:
    """A qualified name without its schema."""
    return name.rpartition(".")[2]
