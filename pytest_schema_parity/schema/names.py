"""SQL names as facts have them: qualified, and quoted if SQL requires it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pytest_schema_parity.showing import suggestion

_TOKEN: Final = re.compile(r'"(?:[^"]|"")*"|[^\s".(),]+|.', re.DOTALL)

# Placeholders for the parent in a relative name; no token can equal them.
_PARENT: Final = "(parent)"
_NAMESAKE: Final = "(namesake)"


def short(name: str, parent: str) -> str:
    """A name without its parent's: ``email`` for the column ``public.users.email``."""
    return name.removeprefix(f"{parent}.")


def name_tokens(name: str) -> tuple[str, ...]:
    """The tokens of a name: ``public``, ``.``, ``users``."""
    return tuple(_TOKEN.findall(name))


def relative(name: str, parent: str) -> tuple[str, ...]:
    """The tokens of a name without the parent's, which stay equal if the parent is renamed.

    ``public.users.email`` and ``ON TABLE public.users TO anon`` hold the name of their parent
    ``public.users``; the index ``public.users_pkey`` is the namesake of its parent, the constraint
    ``public.users.users_pkey``.
    """
    tokens, above = name_tokens(name), name_tokens(parent)
    for start in range(len(tokens) - len(above) + 1):
        end = start + len(above)
        if tokens[start:end] == above:
            return (*tokens[:start], _PARENT, *tokens[end:])
    if tokens[-1:] == above[-1:]:
        return (*tokens[:-1], _NAMESAKE)
    return tokens


def signature(name: str) -> str:
    """The arguments in a function's name, with their parentheses; empty for other names."""
    tokens = _TOKEN.findall(name)
    return "".join(tokens[tokens.index("(") :]) if "(" in tokens else ""


def meant_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that was most likely meant; None if none is similar."""
    return next(iter(meant_names(name, known)), None)


def meant_names(name: str, known: Iterable[str]) -> list[str]:
    """The known names that a name without schema, table, quotes or arguments may mean.

    If there is none, the one with a similar spelling.
    """
    names = list(dict.fromkeys(known))
    given = name.casefold()
    if exact := [one for one in names if given in _spellings(one)]:
        return exact
    similar = suggestion(name, names)
    return [] if similar is None else [similar]


def _spellings(name: str) -> set[str]:
    """How people may write a qualified name, in lower case."""
    found: set[str] = set()
    plain = name.casefold()
    for each in (plain, plain.partition("(")[0], plain.replace('"', "")):
        parts = each.split(".")
        found.update(".".join(parts[start:]) for start in range(len(parts)))
    return found
