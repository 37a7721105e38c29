"""Find texts that match a regular expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib.util import find_spec
from typing import Final

WIDEST_PATTERN: Final = 60
"""The length of the longest text that is tried."""


@lru_cache(maxsize=256)
def texts_matching(pattern: str, count: int = 4) -> list[str]:
    """Texts that match a regular expression, and two others; empty without Hypothesis.

    The search runs in a thread: the caller may be a Hypothesis test, and Hypothesis fails on a
    search inside of a test.
    """
    if find_spec("hypothesis") is None:
        return []
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_search_texts, pattern, count).result()


def _search_texts(pattern: str, count: int) -> list[str]:
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis import strategies as st
    from hypothesis.errors import NoSuchExample

    try:
        compiled = re.compile(pattern, re.ASCII)
        strategy = st.from_regex(compiled).filter(lambda text: len(text) <= WIDEST_PATTERN)
        found: list[str] = []
        quiet = settings(
            database=None, derandomize=True, phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck), max_examples=200,
        )  # fmt: skip
        while len(found) < count:
            found.append(find(strategy, _new_text(found), settings=quiet))
    except NoSuchExample:
        pass
    except re.error:
        return []
    return [*found, "no match", ""]


def _new_text(known: Iterable[str]) -> Callable[[str], bool]:
    """A filter that accepts texts with another shape than those known."""
    shapes = set(map(_shape, known))
    return lambda text: text.isascii() and text.isprintable() and _shape(text) not in shapes


def _shape(text: str) -> str:
    """A text with each run of letters and digits replaced: ``ab12`` -> ``a00``."""
    return re.sub(
        "[a-zA-Z]+", "a", re.sub("[0-9]{2,}", "00", re.sub("(?<![0-9])[0-9](?![0-9])", "0", text))
    )
