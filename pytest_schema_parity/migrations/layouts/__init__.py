"""Layouts: each migration tool's rules, one module a tool, found in this package."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.migrations.layouts.layout import Layout, Listing, Numbered
from pytest_schema_parity.showing import suggestion

__all__ = ["Layout", "Listing", "Numbered", "detect_layout", "get_layout", "layouts"]


@cache
def layouts() -> dict[str, Layout]:
    """Every layout by name: the LAYOUT of each module of this package."""
    modules = (
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
        if module.name != "layout"
    )
    return {layout.name: layout for layout in (module.LAYOUT for module in modules)}


def get_layout(name: str) -> Layout:
    """The layout of that name; raise TreeError with a similar name."""
    known = layouts()
    if name in known:
        return known[name]
    close = suggestion(name, known)
    meant = f"did you mean {close!r}?" if close else f"known are {', '.join(sorted(known))}"
    raise TreeError(f"unknown layout {name!r}: {meant}")


def detect_layout(path: Path) -> Layout:
    """The one layout that fits the files at ``path``; raise TreeError if none does, or several."""
    fitting = [layout for layout in layouts().values() if layout.fits(path)]
    chosen = [layout for layout in fitting if not layout.general] or fitting
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        looked_for = "; ".join(layout.looks_for for layout in layouts().values())
        raise TreeError(f"{path} contains no migrations. Looked for: {looked_for}")
    names = sorted(layout.name for layout in chosen)
    raise TreeError(
        f'{path} fits the layouts {" and ".join(names)}: choose one, as in layout = "{names[0]}"'
    )
