"""From configuration to built trees: a throw-away cluster for each tree, built side by side."""

from pytest_schema_parity.building.built_tree import BuiltTree, Clone
from pytest_schema_parity.building.trees import Trees, open_trees

__all__ = ["BuiltTree", "Clone", "Trees", "open_trees"]
