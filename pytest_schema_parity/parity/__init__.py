"""From configuration to built trees: one throw-away cluster a tree, all of them side by side."""

from pytest_schema_parity.parity.built import BuiltTree, Clone
from pytest_schema_parity.parity.trees import Parity, open_parity

__all__ = ["BuiltTree", "Clone", "Parity", "open_parity"]
