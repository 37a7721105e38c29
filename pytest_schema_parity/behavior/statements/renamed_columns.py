"""Give columns that are renamed on the candidate the names of the reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from pytest_schema_parity.behavior.statements.catalog_document import CatalogDocument
from pytest_schema_parity.behavior.statements.sql_constants import TOKEN
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.names import name_tokens

Renamed: TypeAlias = Mapping[str, Mapping[str, str]]
"""By table or view: the reference's names of renamed columns, and the candidate's."""

PARTS_WITHOUT_NAMES: Final = frozenset({"type", "type_key", "identity", "function", "enabled"})
"""The parts of a table's document that name no columns."""


def renamed_columns(differences: Iterable[Difference]) -> Renamed:
    """The columns that a comparison recognised as renamed."""
    found: dict[str, dict[str, str]] = {}
    waiting = list(differences)
    for each in waiting:  # grows while it is walked
        waiting.extend(each.follows)
        if each.kind == "column" and each.change == "renamed":
            *owner, _, old = name_tokens(each.name)
            *others, _, new = name_tokens(str(each.actual))
            if owner == others:
                found.setdefault("".join(owner), {})[old] = new
    return found


def rename(document: CatalogDocument, renamed: Renamed) -> None:
    """Give columns in the candidate's document the reference's names.

    Definitions of views stay as they are, as they are run on the candidate.
    """
    for name, names in renamed.items():
        own = {new: old for old, new in names.items()}
        if table := document["tables"].get(name):
            for part, value in table.items():
                if part not in ("schema", "foreign_keys"):
                    table[part] = _with_names_replaced(value, own)
        if kind := document["types"].get(name):
            kind["field_names"] = [own.get(each, each) for each in kind["field_names"] or ()]
        if view := document["views"].get(name):
            view["columns"] = _with_names_replaced(view["columns"], own)
    for name, table in document["tables"].items():
        for key in table["foreign_keys"]:
            for part, owner in (("columns", name), ("referenced", key["target"])):
                own = {new: old for old, new in renamed.get(owner, {}).items()}
                key[part] = [own.get(column, column) for column in key[part]]


def replaced_names(sql: str, names: Mapping[str, str]) -> str:
    """SQL with some names replaced, except in constants and comments."""
    return TOKEN.sub(lambda found: names.get(found[0], found[0]), sql)


def _with_names_replaced(value: Any, names: Mapping[str, str]) -> Any:
    """A part of a document with the names in all its texts replaced."""
    if isinstance(value, str):
        return replaced_names(value, names)
    if isinstance(value, list):
        return [_with_names_replaced(each, names) for each in value]
    if isinstance(value, dict):
        return {
            k: each if k in PARTS_WITHOUT_NAMES else _with_names_replaced(each, names)
            for k, each in value.items()
        }
    return value
