"""Make PostgreSQL schema parity a test."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_schema_parity.catalog import read_schema
    from pytest_schema_parity.errors import SchemaParityError
    from pytest_schema_parity.schema.compare import compare
    from pytest_schema_parity.schema.difference import Comparison, Difference
    from pytest_schema_parity.schema.facts import Fact, Schema

__all__ = [
    "Comparison",
    "Difference",
    "Fact",
    "Schema",
    "SchemaParityError",
    "compare",
    "read_schema",
]

_HOMES = {
    "Comparison": "schema.difference",
    "Difference": "schema.difference",
    "Fact": "schema.facts",
    "Schema": "schema.facts",
    "SchemaParityError": "errors",
    "compare": "schema.compare",
    "read_schema": "catalog",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: pytest loads this package in every run."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
