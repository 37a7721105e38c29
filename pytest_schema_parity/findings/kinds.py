"""The kinds of findings that are about no fact of a catalog; the rest have the kind of the fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ROWS: Final = "rows"
BEHAVIOR: Final = "behavior"
DATA: Final = "data"
LOCK: Final = "lock"
STEP: Final = "step"

FINDING_KINDS: Final[Mapping[str, str]] = {
    ROWS: "the rows of a view",
    BEHAVIOR: "statements that have different outcomes on two databases",
    DATA: "rows of a table that an upgrade loses or changes",
    LOCK: "a table that an upgrade locks, or rewrites",
    STEP: "a step of an upgrade as a whole",
}
"""Each kind, and what its findings are about."""

NAME_ALONE: Final[Mapping[str, str]] = {ROWS: "the view", BEHAVIOR: "the table or view"}
"""The kinds whose findings have neither attribute nor impact, and what they are named after."""
