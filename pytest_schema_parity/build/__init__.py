"""From configuration to built trees: one throw-away cluster a tree, all of them side by side."""

from pytest_schema_parity.build.parity import Parity, open_parity
from pytest_schema_parity.build.tree import BuiltTree, Clone

__all__ = ["BuiltTree", "Clone", "Parity", "open_parity"]
