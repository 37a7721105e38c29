"""From configuration to built trees: a temporary cluster for each tree, built in parallel."""

from pytest_schema_parity.building.built_tree import BuiltTree, Clone
from pytest_schema_parity.building.trees import Trees, open_trees

__all__ = ["BuiltTree", "Clone", "Trees", "open_trees"]
