"""The checks of a tree: one file for each check or family, and one line in the registry."""
