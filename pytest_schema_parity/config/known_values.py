"""The platforms, layouts and files that the names in a configuration are checked against."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from pytest_schema_parity.config.locator import KeyPath
from pytest_schema_parity.config.model import TreeConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownValues:
    """The names of platforms, and functions that look for the files of trees and rehearsals.

    ``server_platforms`` can be used on a server that was not started for one tree only.
    ``mistakes_in_tree`` gives the mistakes in a tree's layout and files, each with its keys below
    the tree's table; ``mistake_in_steps`` the mistake in a directory of steps, if there is one.
    """

    platforms: Collection[str]
    server_platforms: Collection[str]
    mistakes_in_tree: Callable[[TreeConfig], Iterable[tuple[KeyPath, str]]]
    mistake_in_steps: Callable[[Path], str | None]
