"""Make PostgreSQL schema parity a test.

The public names::

    read_schema(connection)         the Schema of a database, which is only read
    compare(reference, candidate)   a Comparison: every Difference of two schemas
    Schema, Fact                    what a database holds, one fact at a time
    Comparison, Difference          what sets two schemas apart
    SchemaParity, Databases         what the two fixtures give to a test
    BuiltTree, Clone, Rehearsal     what these give, and a project's own checks receive
    Finding                         what a check reports
    SchemaParityError               the root of every error, see pytest_schema_parity.errors

All else is internal and may change.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_schema_parity.building import BuiltTree, Clone
    from pytest_schema_parity.catalog import read_schema
    from pytest_schema_parity.errors import SchemaParityError
    from pytest_schema_parity.findings.finding import Finding
    from pytest_schema_parity.plugin.fixtures import Databases, SchemaParity
    from pytest_schema_parity.rehearsal.rehearse import Rehearsal
    from pytest_schema_parity.schema.compare import compare
    from pytest_schema_parity.schema.difference import Comparison, Difference
    from pytest_schema_parity.schema.facts import Fact, Schema

__all__ = [
    "BuiltTree",
    "Clone",
    "Comparison",
    "Databases",
    "Difference",
    "Fact",
    "Finding",
    "Rehearsal",
    "Schema",
    "SchemaParity",
    "SchemaParityError",
    "compare",
    "read_schema",
]

_MODULES = {
    "BuiltTree": "building",
    "Clone": "building",
    "Comparison": "schema.difference",
    "Databases": "plugin.fixtures",
    "Difference": "schema.difference",
    "Fact": "schema.facts",
    "Finding": "findings.finding",
    "Rehearsal": "rehearsal.rehearse",
    "Schema": "schema.facts",
    "SchemaParity": "plugin.fixtures",
    "SchemaParityError": "errors",
    "compare": "schema.compare",
    "read_schema": "catalog",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: pytest loads this package in every run."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
