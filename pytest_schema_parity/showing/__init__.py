"""Make text safe to show: hide secrets, and escape control characters."""

from pytest_schema_parity.showing.clean import clean, clean_lines, clipped
from pytest_schema_parity.showing.printable import printable, printable_lines
from pytest_schema_parity.showing.secrets import (
    HIDDEN,
    is_secret,
    redact,
    redact_line,
    redact_message,
    redact_value,
)
from pytest_schema_parity.showing.suggestions import choice_of, did_you_mean, suggestion
from pytest_schema_parity.showing.value_text import NOT_SET, value_text

__all__ = [
    "HIDDEN",
    "NOT_SET",
    "choice_of",
    "clean",
    "clean_lines",
    "clipped",
    "did_you_mean",
    "is_secret",
    "printable",
    "printable_lines",
    "redact",
    "redact_line",
    "redact_message",
    "redact_value",
    "suggestion",
    "value_text",
]
