"""Passwords, and how they are kept out of everything that is printed or written."""

from __future__ import annotations

import re
from typing import Final

from pytest_schema_parity.schema.facts import Value

HIDDEN: Final = "***"

VALUE: Final = r"""(?:'(?:\\.|[^'\\])*'?|\S+?(?=['"][)\]};,]*(?:\s|$)|\s|$))"""
"""A value in a conninfo string: in quotes, or up to the next blank but for quotes around it all."""
TIGHT: Final = re.compile(rf"(?i)(?<![\w.?&])((?:ssl|pg)?password=){VALUE}")
"""``password=x``, as in a conninfo string, in OPTIONS and in the environment."""
SPACED: Final = re.compile(rf"(?i)(?<![\w.?&])((?:ssl)?password\s*=\s*){VALUE}")
"""``password = x``: taken for a conninfo string only beside another keyword of it."""
QUERY: Final = re.compile(r"(?i)([?&](?:ssl)?password=)[^&\s'\"]*")
"""``?password=x``, as in a URI."""
KEYWORD: Final = re.compile(r"(?i)(?<![\w.])(?:host|hostaddr|dbname|port)\s*=")
URI: Final = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://[^\s:/@'\"]*):([^\s'\"]*)@")
SECRET: Final = re.compile(r"(?i)(?:ssl)?password")
CLAUSE: Final = re.compile(
    r"(?i)(\bpassword\s+e?)('(?:''|\\.|[^'\\])*'?|\$(\w*)\$.*?\$\3\$)", re.DOTALL
)
"""``PASSWORD 'x'``, as in ALTER ROLE and in the OPTIONS of a user mapping."""


def redact(text: str) -> str:
    """The text without its passwords: those of conninfo strings, URIs and PASSWORD clauses."""
    if "password" not in text.casefold() and "://" not in text:
        return text
    text = URI.sub(rf"\1:{HIDDEN}@", text)
    text = CLAUSE.sub(rf"\1'{HIDDEN}'", text)
    if KEYWORD.search(text):
        text = SPACED.sub(rf"\1{HIDDEN}", text)
    return TIGHT.sub(rf"\1{HIDDEN}", QUERY.sub(rf"\1{HIDDEN}", text))


def redact_value(value: Value) -> Value:
    """The value with every string in it redacted."""
    match value:
        case str():
            return redact(value)
        case list():
            return [redact_value(item) for item in value]
        case dict():
            return {
                key: HIDDEN if SECRET.fullmatch(key) else redact_value(item)
                for key, item in value.items()
            }
    return value
