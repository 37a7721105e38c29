"""Trees of migrations: files, statements, applying them, and where objects come from."""

from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.migrations.tree import MigrationFile, Tree, load_tree

__all__ = ["Failure", "MigrationFile", "Tree", "load_tree"]
