"""The remedy for an extension that a server of ours does not have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pytest_schema_parity.migrations.failure import Failure

_UNAVAILABLE: Final = re.compile(r'extension "(?P<name>.+)" is not available')
_OF_THE_SERVER: Final = (
    "The extension must first be installed on the system where PostgreSQL is running."
)


def explain_unavailable(failure: Failure, stand_ins: Sequence[str]) -> Failure:
    """The failure; where an extension is not available, with a hint that says what to do.

    ``stand_ins`` are the extensions that the server has as stand-ins.
    """
    found = _UNAVAILABLE.fullmatch(failure.message)
    if found is None:
        return failure
    remedy = f"Use a PostgreSQL that has {found['name']}: --schema-parity-bindir=DIR."
    if stand_ins:
        remedy += f" This one has stand-ins for {', '.join(stand_ins)}."
    hint = (failure.hint or "").removeprefix(_OF_THE_SERVER).strip()
    return replace(failure, hint=f"{hint} {remedy}".strip())
