"""The name that was probably meant: "did you mean" of every message comes from here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

MIN_SIMILARITY: Final = 0.7
"""How alike two names must be, from 0 to 1, for one to be proposed for the other."""


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, whatever its case, dashes and plural; or None."""
    by_shape: dict[str, str] = {}
    for name in known:
        by_shape.setdefault(_normalized(name), name)
    close = difflib.get_close_matches(_normalized(word), by_shape, n=1, cutoff=MIN_SIMILARITY)
    return by_shape[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean "x"?`` where a known name is near, else the list of them."""
    names = list(known)
    near = suggestion(word, names)
    return f'did you mean "{near}"?' if near else f"it can be {choice_of(names)}"


def choice_of(names: Iterable[str]) -> str:
    """``"a", "b" or "c"``, in the order given."""
    *most, last = [f'"{name}"' for name in names]
    return f"{', '.join(most)} or {last}" if most else last


def _normalized(name: str) -> str:
    plain = name.casefold().replace("-", " ").replace("_", " ").strip()
    for ending, singular in (("ies", "y"), ("xes", "x"), ("s", "")):
        if plain.endswith(ending) and not plain.endswith("ss"):
            return plain.removesuffix(ending) + singular
    return plain
