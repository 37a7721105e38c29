"""Facts from pg_catalog: one ``.sql`` file for each kind, and the reader that runs them."""

from pytest_schema_parity.catalog.reader import read_schema

__all__ = ["read_schema"]
