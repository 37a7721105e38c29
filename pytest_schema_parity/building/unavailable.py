"""The remedy for an extension, or a version of one, that a server of ours does not have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.platforms import STAND_INS, stand_in_version

_UNAVAILABLE: Final = re.compile(r'extension "(?P<name>.+)" is not available')
_NO_VERSION: Final = re.compile(
    r'extension "(?P<name>.+)" has no installation script nor update path'
    r' for version "(?P<version>.+)"'
)
_OF_THE_SERVER: Final = (
    "The extension must first be installed on the system where PostgreSQL is running."
)


def explain_unavailable(failure: Failure, stand_ins: Sequence[str]) -> Failure:
    """The failure; where an extension is not available, with a hint that says what to do.

    ``stand_ins`` are the extensions that the server has as stand-ins.
    """
    if found := _UNAVAILABLE.fullmatch(failure.message):
        remedy = _another_server(found["name"], stand_ins)
    elif found := _NO_VERSION.fullmatch(failure.message):
        remedy = _another_version(found["name"], found["version"], stand_ins)
    else:
        return failure
    hint = (failure.hint or "").removeprefix(_OF_THE_SERVER).strip()
    return replace(failure, hint=f"{hint} {remedy}".strip())


def _another_server(name: str, stand_ins: Sequence[str]) -> str:
    remedy = f"Use a PostgreSQL that has {name}: --schema-parity-bindir=DIR."
    if stand_ins:
        remedy += f" This one has stand-ins for {', '.join(stand_ins)}."
    elif name in STAND_INS:
        remedy += f" There is a stand-in for {name}, which needs PostgreSQL 18 or later."
    return remedy


def _another_version(name: str, version: str, stand_ins: Sequence[str]) -> str:
    otherwise = f"or use a PostgreSQL that has {name} {version}: --schema-parity-bindir=DIR."
    if name not in stand_ins:
        return f"Leave VERSION out, {otherwise}"
    return f"The stand-in has version {stand_in_version(name)}: leave VERSION out, {otherwise}"
