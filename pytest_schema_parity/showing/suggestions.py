"""Suggest the known name that is most like a misspelled one: "did you mean"."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

MIN_SIMILARITY: Final = 0.7
"""The least similarity (``difflib``, from 0 to 1) of a suggestion."""


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """The known name that is most similar to ``word``, if any; ignores case, dashes and plural."""
    by_normalized: dict[str, str] = {}
    for name in known:
        by_normalized.setdefault(_normalized(name), name)
    close = difflib.get_close_matches(_normalized(word), by_normalized, n=1, cutoff=MIN_SIMILARITY)
    return by_normalized[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean "x"?`` if a known name is similar, else ``it can be "a" or "b"``."""
    names = list(known)
    similar = suggestion(word, names)
    return f"did you mean {_in_quotes(similar)}?" if similar else f"it can be {choice_of(names)}"


def choice_of(names: Iterable[str]) -> str:
    """``"a", "b" or "c"``, in the order given."""
    *most, last = map(_in_quotes, names)
    return f"{', '.join(most)} or {last}" if most else last


def _in_quotes(name: str) -> str:
    """The name as a string of TOML."""
    return f"'{name}'" if '"' in name else f'"{name}"'


def _normalized(name: str) -> str:
    """The name in lower case and in the singular, with spaces for dashes and underscores."""
    plain = name.casefold().replace("-", " ").replace("_", " ").strip()
    for ending, singular in (("ies", "y"), ("xes", "x"), ("s", "")):
        if plain.endswith(ending) and not plain.endswith("ss"):
            return plain.removesuffix(ending) + singular
    return plain
