"""Which attributes a statement changes in the catalog rows that it writes, by its text alone.

A catalog row has many attributes: that of a column has its type and its statistics target.  A
statement that sets the target writes the whole row, but is not the origin of the type.
"""

from __future__ import annotations

import re
from typing import Final

from pytest_schema_parity.migrations.statement import Statement

_NAME: Final = r'(?:"(?:[^"]|"")*"|[^\W\d][\w$]*)'
_QUALIFIED: Final = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_RELATION: Final = (
    r"alter\s+(?:foreign\s+)?(?:table|index|view|materialized\s+view|sequence)\s+"
    rf"(?:if\s+exists\s+)?(?:only\s+)?{_QUALIFIED}\s+"
)
_COLUMN: Final = rf"{_RELATION}alter\s+(?:column\s+)?(?:{_NAME}|\d+)\s+"
_PARENTHESES: Final = r"\((?:[^()']|'[^']*')*\)"

_CHANGES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), frozenset(attributes.split()))
    for pattern, attributes in (
        (rf"{_COLUMN}set\s+statistics\s+\S+", "statistics child_statistics"),
        (rf"{_COLUMN}set\s+storage\s+\w+", "storage"),
        (rf"{_COLUMN}set\s+compression\s+\w+", "compression"),
        (rf"{_COLUMN}(?:re)?set\s*{_PARENTHESES}", "options"),
        (
            rf"{_RELATION}(?:re)?set\s*{_PARENTHESES}",
            "options child_options security_invoker security_barrier check_option",
        ),
        (rf"{_RELATION}set\s+tablespace\s+{_NAME}", "tablespace child_tablespaces"),
        (rf"{_RELATION}(?:enable|disable)\s+row\s+level\s+security", "row_level_security"),
        (rf"{_RELATION}(?:no\s+)?force\s+row\s+level\s+security", "force_row_level_security"),
        (
            rf"{_RELATION}(?:cluster\s+on\s+{_NAME}|set\s+without\s+cluster)",
            "clustered child_states",
        ),
        (rf"{_RELATION}replica\s+identity\s.*", "replica_identity child_states"),
        (
            rf"{_RELATION}(?:attach|detach)\s+partition\s.*",
            "partition_of partition_bound inherits local not_null_name children_without",
        ),
        (rf"alter\s[^,;(]*(?:\([^;]*\))?\s*\bowner\s+to\s+{_NAME}", "owner"),
    )
)
"""Statements of one action, and the attributes that it changes."""


def attributes_changed(statement: Statement) -> frozenset[str] | None:
    """The attributes that a statement can change in the rows that it writes; None for all."""
    match statement.words:
        case ("grant" | "revoke", *_):
            return frozenset()
        case ("alter", *_):
            text = statement.text.strip()
            for pattern, attributes in _CHANGES:
                if pattern.fullmatch(text):
                    return attributes
    return None
