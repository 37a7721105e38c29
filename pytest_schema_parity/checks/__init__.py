"""The checks of a tree: each one file (or a family of them one), and one line in the registry."""
