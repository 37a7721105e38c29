"""What may be shown: text without secrets, and without what a terminal obeys or hides."""

from pytest_schema_parity.showing.printable import printable, printable_lines
from pytest_schema_parity.showing.secrets import (
    HIDDEN,
    is_secret,
    redact,
    redact_beside,
    redact_split,
    redact_value,
)

__all__ = [
    "HIDDEN",
    "is_secret",
    "printable",
    "printable_lines",
    "redact",
    "redact_beside",
    "redact_split",
    "redact_value",
]
