"""Merge the views of two databases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_schema_parity.behavior.statements.catalog_document import CatalogDocument
from pytest_schema_parity.behavior.statements.model import View


def merged_view(name: str, sides: Sequence[CatalogDocument]) -> View:
    """A view that both documents have."""
    found = [side["views"][name] for side in sides]
    types = [{column["name"]: column["type"] for column in view["columns"]} for view in found]
    read = [_read_by(side, name) for side in sides]
    return View(
        name=name,
        columns=tuple((c, types[0][c], types[1][c]) for c in types[0] if c in types[1]),
        definitions=(found[0]["definition"], found[1]["definition"]),
        materialized=(found[0]["materialized"], found[1]["materialized"]),
        live=(_live(sides[0], name), _live(sides[1], name)),
        tables=tuple(sorted({table for tables, _ in read for table in tables})),
        refreshed=tuple(dict.fromkeys(each for side in sides for each in _refreshed(side, name))),
        below=tuple(sorted({view for _, views in read for view in views})),
    )


def _live(side: CatalogDocument, name: str) -> str | None:
    """A view's definition in which views that may be stale are replaced by their own queries.

    Names in definitions are qualified, so no common table expression can replace them: the query
    is put in the place of the name after FROM and JOIN.
    """
    view = side["views"][name]
    below = {each: _live(side, each) for each in view["reads"] if each in side["views"]}
    stale = {each: query for each, query in below.items() if query is not None}
    if not view["materialized"] and not stale:
        return None
    definition: str = view["definition"]
    for each, query in stale.items():
        definition = _inlined(definition, each, query)
    return definition


def _refreshed(side: CatalogDocument, name: str) -> Iterator[str]:
    """The materialized views that a view reads, in the order in which they must be refreshed."""
    view = side["views"][name]
    for each in view["reads"]:
        if each in side["views"]:
            yield from _refreshed(side, each)
    if view["materialized"]:
        yield name


def _inlined(definition: str, name: str, query: str) -> str:
    """A definition in which a query, with an alias, replaces the name of a view."""
    alias = name.rpartition(".")[2]
    place = re.compile(rf'(?<![\w".]){re.escape(name)}(?![\w".])(\s+(?:"[^"]+"|[a-z_]\w*))?')
    return place.sub(lambda match: f"({query}) {match[1] or alias}", definition)


def _read_by(side: CatalogDocument, view: str) -> tuple[set[str], set[str]]:
    """The tables and the other views that a view reads, through other views as well."""
    tables: set[str] = set()
    waiting, seen = [view], {view}
    while waiting:
        for name in side["views"][waiting.pop()]["reads"]:
            if name in side["tables"]:
                tables.add(name)
            elif name in side["views"] and name not in seen:
                seen.add(name)
                waiting.append(name)
    return tables, seen - {view}
