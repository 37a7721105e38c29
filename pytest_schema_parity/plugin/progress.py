"""Shows on a terminal which trees are being built, after a second of waiting."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from functools import cached_property
from typing import TYPE_CHECKING

import pytest

from pytest_schema_parity.plugin.items import ParityItem
from pytest_schema_parity.showing import clipped, printable

if TYPE_CHECKING:
    from pytest_schema_parity.building import Trees

DELAY = 1.0
"""Seconds of waiting before anything is shown."""
INTERVAL = 0.1
"""Seconds between two updates."""
SAVE_CURSOR, RESTORE_CURSOR, CLEAR_LINE = "\x1b7", "\x1b8", "\x1b[K"
"""Save and restore the cursor: our text is written after pytest's line, and erased again."""


class Progress:
    """Waits for the trees before the first check, and shows what is being done with them."""

    def __init__(self, config: pytest.Config, trees: Trees) -> None:
        self.config = config
        self.trees = trees

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Wait for the trees here, where pytest captures no output."""
        if isinstance(item, ParityItem) and self.trees.started and self.is_watched:
            self._wait()
        return (yield)

    @cached_property
    def is_watched(self) -> bool:
        """Whether to show progress: on a terminal, and without ``-q``."""
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        return terminal is not None and terminal.isatty and self.config.get_verbosity() >= 0

    def _wait(self) -> None:
        began = time.monotonic()
        shown = ""
        while stages := self.trees.scheduler.wait(INTERVAL):
            text = "   building " + ", ".join(f"{name}: {what}" for name, what in stages.items())
            if time.monotonic() - began > DELAY and text != shown:
                self._draw(printable(text))
                shown = text
        if shown:
            self._draw("")

    def _draw(self, text: str) -> None:
        writer = self.config.get_terminal_writer()
        room = writer.fullwidth - writer.width_of_current_line - 1
        writer.flush()
        sys.stdout.write(
            f"{SAVE_CURSOR}{CLEAR_LINE}{clipped(text, room) if room > 0 else ''}{RESTORE_CURSOR}"
        )
        sys.stdout.flush()
