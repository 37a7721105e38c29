"""Merge the catalogs of two databases: every rule is kept with the sides that have it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from pytest_schema_parity.behavior.statements.catalog_document import CatalogDocument
from pytest_schema_parity.behavior.statements.merged_views import merged_view
from pytest_schema_parity.behavior.statements.model import (
    Column,
    Condition,
    ForeignKey,
    HavingSides,
    Model,
    Routine,
    Table,
    Trigger,
    Type,
    UniqueKey,
)
from pytest_schema_parity.behavior.statements.ordering import is_ordered


def merge(reference: CatalogDocument, candidate: CatalogDocument) -> Model:
    """Merge two documents into the model of the tables and views that both have."""
    sides = (reference, candidate)
    names = [name for name in reference["tables"] if name in candidate["tables"]]
    views = [name for name in reference["views"] if name in candidate["views"]]
    return Model(
        tables={name: _table(name, sides) for name in sorted(names)},
        views={name: merged_view(name, sides) for name in sorted(views)},
        functions=(_functions(reference), _functions(candidate)),
        sequences=(reference["sequences"], candidate["sequences"]),
        deferrable=reference["deferrable"] or candidate["deferrable"],
        only=_on_one_side("views", sides),
        missing=_on_one_side("tables", sides),
        routines=tuple(_routines(sides)),
    )


def _on_one_side(what: str, sides: Sequence[CatalogDocument]) -> tuple[tuple[str, int], ...]:
    return tuple(
        (name, side)
        for side in (0, 1)
        for name in sides[side][what]
        if name not in sides[1 - side][what]
    )


def _routines(sides: Sequence[CatalogDocument]) -> Iterator[Routine]:
    """The functions and procedures that both sides have and that can be called."""
    found = [side["functions"] for side in sides]
    calls = Counter(each["call"] for each in found[0].values())
    for name in sorted(found[0].keys() & found[1].keys()):
        pair = found[0][name], found[1][name]
        if not all(each["callable"] for each in pair) or pair[0]["call"] != pair[1]["call"]:
            continue
        yield Routine(
            name=name,
            call=pair[0]["call"],
            arguments=tuple(
                _argument(sides, kind, pair[0]["names"][at] if at < len(pair[0]["names"]) else "")
                for at, kind in enumerate(pair[0]["arguments"])
            ),
            bodies=(pair[0]["body"] or "", pair[1]["body"] or ""),
            settings=(pair[0]["settings"], pair[1]["settings"]),
            returns=(_returns(sides[0], pair[0]), _returns(sides[1], pair[1])),
            is_ordered=all(each["language"] == "sql" and is_ordered(each["body"]) for each in pair),
            is_overloaded=calls[pair[0]["call"]] > 1,
        )


def _returns(side: CatalogDocument, function: CatalogDocument) -> Type:
    """The type of a function's result; that of RETURNS TABLE and of OUT arguments is a row."""
    if not function["columns"]:
        return _type(side, function["returns"])
    names, kinds = zip(*function["columns"], strict=True)
    fields = tuple(_type(side, kind) for kind in kinds)
    return Type("record", "c", fields=fields, field_names=names)


def _argument(sides: Sequence[CatalogDocument], kind: str, name: str) -> Column:
    """An argument as a column, so that values of its type can be found."""
    return Column(
        name=name or "value",
        types=(_type(sides[0], kind), _type(sides[1], kind)),
        not_null=frozenset(),
        defaults=(None, None),
        identities=("", ""),
        generated=frozenset(),
    )


def _functions(document: CatalogDocument) -> dict[str, str]:
    return {each["name"]: each["body"] or "" for each in document["functions"].values()}


def _table(name: str, sides: Sequence[CatalogDocument]) -> Table:
    found = [side["tables"][name] for side in sides]
    columns_by_name = [{column["name"]: column for column in table["columns"]} for table in found]
    shared = [column for column in columns_by_name[0] if column in columns_by_name[1]]
    checks = _merge([[*map(_check, t["checks"]), *_partitions(t)] for t in found])
    for at, (side, table) in enumerate(zip(sides, found, strict=True)):
        for column in table["columns"]:
            for domain in _domain_checks(side, column):
                checks[domain] = checks.get(domain, frozenset()) | {at}
    return Table(
        name=name,
        schema=found[0]["schema"],
        columns=tuple(_column(column, sides, columns_by_name) for column in shared),
        alone=tuple(
            (column, at)
            for at in (0, 1)
            for column in columns_by_name[at]
            if column not in columns_by_name[1 - at]
        ),
        keys=_merge([map(_key, table["keys"]) for table in found]),
        foreign_keys=_merge([map(_foreign_key, table["foreign_keys"]) for table in found]),
        checks=checks,
        triggers=_merge([map(_trigger, table["triggers"]) for table in found]),
        policies=tuple(dict.fromkeys(text for t in found for text in t["policies"] if text)),
        texts=tuple(
            text for t in found for text in [*t["policies"], *t["rules"], *_expressions(t)] if text
        ),
    )


def _expressions(table: CatalogDocument) -> Iterable[str]:
    return (column["expression"] for column in table["columns"] if column["expression"])


Rule = TypeVar("Rule")


def _merge(sides: Sequence[Iterable[Rule]]) -> dict[Rule, HavingSides]:
    merged: dict[Rule, HavingSides] = {}
    for side, rules in enumerate(sides):
        for rule in rules:
            merged[rule] = merged.get(rule, frozenset()) | {side}
    return merged


def _column(
    name: str, sides: Sequence[CatalogDocument], columns_by_name: Sequence[CatalogDocument]
) -> Column:
    columns = [each[name] for each in columns_by_name]

    def having(test: Callable[[CatalogDocument], object]) -> HavingSides:
        return frozenset(at for at, column in enumerate(columns) if test(column))

    def not_null(at: int) -> bool:
        return columns[at]["not_null"] or _domain_not_null(sides[at], columns[at]["type_key"])

    return Column(
        name=name,
        types=(_type(sides[0], columns[0]["type"]), _type(sides[1], columns[1]["type"])),
        not_null=frozenset(at for at in (0, 1) if not_null(at)),
        defaults=(columns[0]["default"], columns[1]["default"]),
        identities=(columns[0]["identity"], columns[1]["identity"]),
        generated=having(lambda column: column["generated"]),
    )


def _type(side: CatalogDocument, name: str) -> Type:
    """The type of a name with modifiers; of a domain (also over domains), the base type."""
    key = name if name in side["types"] else _without_modifiers(name)
    entry = side["types"].get(key)
    if entry is None:
        return Type(name)
    if entry["kind"] == "d":
        below = _type(side, entry["base"])
        return Type(
            below.name, below.kind, below.category, below.labels, below.element, below.subtype,
            below.fields, key, below.field_names,
        )  # fmt: skip
    return Type(
        name=name,
        kind=entry["kind"],
        category=entry["category"],
        labels=tuple(entry["labels"] or ()),
        element=_type(side, entry["element"]) if entry["element"] else None,
        subtype=_type(side, entry["subtype"]) if entry["subtype"] else None,
        fields=tuple(_type(side, each) for each in entry["fields"] or ()),
        field_names=tuple(entry["field_names"] or ()),
    )


def _without_modifiers(name: str) -> str:
    """A type's name without its modifiers ``(10,2)``, which may be in its middle."""
    start, end = name.find("("), name.find(")")
    return name if start < 0 else name[:start] + name[end + 1 :]


def _domain_not_null(side: CatalogDocument, key: str) -> bool:
    entry = side["types"].get(key)
    return bool(entry and entry["kind"] == "d" and entry["not_null"])


def _domain_checks(side: CatalogDocument, column: CatalogDocument) -> Iterable[Condition]:
    entry = side["types"].get(column["type_key"])
    while entry and entry["kind"] == "d":
        for expression in entry["checks"] or ():
            yield Condition(expression.replace("VALUE", column["name"]), (column["name"],))
        entry = side["types"].get(_without_modifiers(entry["base"]))


def _check(found: CatalogDocument) -> Condition:
    return Condition(found["expression"], tuple(found["columns"]))


def _partitions(table: CatalogDocument) -> Iterable[Condition]:
    """The CHECK that a row of a partitioned table belongs to one of its partitions."""
    parts = table["partitions"] or ()
    if parts and all(part["expression"] and part["columns"] for part in parts):
        columns = tuple(parts[0]["columns"])
        yield Condition(" OR ".join(f"({part['expression']})" for part in parts), columns)


def _key(found: CatalogDocument) -> UniqueKey:
    return UniqueKey(
        parts=tuple(found["parts"]),
        columns=tuple(sorted(found["columns"] or ())),
        indexed=tuple(found["indexed"] or ()),
        predicate=found["predicate"],
        nulls_equal=found["nulls_equal"],
        exclusion=found["exclusion"],
    )


def _foreign_key(found: CatalogDocument) -> ForeignKey:
    pairs = sorted(zip(found["columns"], found["referenced"], strict=True))
    return ForeignKey(
        columns=tuple(column for column, _ in pairs),
        target=found["target"],
        referenced=tuple(column for _, column in pairs),
        rule=found["rule"],
        full=found["full"],
    )


def _trigger(found: CatalogDocument) -> Trigger:
    return Trigger(found["definition"], found["function"], found["body"])
