"""The files that a glob pattern of the configuration matches."""

from __future__ import annotations

import glob
from pathlib import Path


def matching_files(pattern: str, root: Path) -> list[Path]:
    """The files below a directory that match a glob pattern (``**`` for any depth), sorted."""
    names = glob.glob(pattern, root_dir=root, recursive=True)  # noqa: PTH207, takes absolute ones
    return [file for file in (root / name for name in sorted(names)) if file.is_file()]
