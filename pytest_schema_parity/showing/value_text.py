"""Format attribute values for messages."""

from __future__ import annotations

from typing import Final

from pytest_schema_parity.showing.clean import clean
from pytest_schema_parity.showing.printable import printable
from pytest_schema_parity.showing.secrets import JsonValue, redact_value

NOT_SET: Final = "not set"


def value_text(value: JsonValue) -> str:
    """A value as readable text without secrets: ``not set``, ``yes``, ``a, b``."""
    return _plain_text(redact_value(value))


def _plain_text(value: JsonValue) -> str:
    match value:
        case None:
            return NOT_SET
        case bool():
            return "yes" if value else "no"
        case str():
            text = printable(value)
            return f'"{text}"' if not value or value != value.strip() else text
        case list():
            return ", ".join(map(_plain_text, value)) or "none"
        case dict():
            pairs = (f"{clean(key)} = {_plain_text(below)}" for key, below in value.items())
            return ", ".join(pairs) or "none"
    return str(value)
