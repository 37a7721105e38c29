"""Hide secrets in everything that is printed or written.

They are found in SQL, in connection strings and URIs, in JSON, and in messages that quote any of
these.  In doubt, text is hidden.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from pytest_schema_parity.showing.quoted_values import end_of_value, skip_blanks
from pytest_schema_parity.showing.secret_arguments import (
    bearer_tokens,
    secret_headers,
    secret_literals,
)

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"
"""A JSON value: an attribute of a fact, or a whole report."""

HIDDEN: Final = "***"

_NAME: Final = r"(?:pass?\w?w\w{0,3}[dt]|passphrase|pwd)"
"""``password``, its synonyms, and common misspellings."""
_KEY: Final = rf"(?:{_NAME}|secret|token|api_?key|access_?key|credentials?)"
_ANY_HINT: Final = re.compile(r"pas|pwd|secret|token|key|credential|bearer|://", re.IGNORECASE)
_SECRET_LABEL: Final = re.compile(
    rf"""(?ix)
    {_NAME}\b (?: \\*" | '+(?=\s*(?:=>|[:=])) )?   # a value follows, possibly after = or :
    | {_KEY}\b"? (?=\s*+['$eEuU])                 # OPTIONS (api_key 'x')
    | \bset\s+ (?:local\s+|session\s+)? [\w."]*{_KEY}"? (?=\s*(?:=|to\b))
    | \bset_config\s*\(\s*'+ [^']*{_KEY} '+\s*,
    """
)
_PART: Final = r"""(?:[\w$]+|"[^"]*")"""
_COMMENT: Final = re.compile(
    rf"\bcomment\s+on\s+column\s+{_PART}(?:\s*\.\s*{_PART})*\Z", re.IGNORECASE
)
"""COMMENT ON COLUMN up to ``IS``: the text after it is a comment, not a secret."""
_ASSIGNMENT: Final = re.compile(r"=>|:=|[:=]|\b(?:to|is)\b", re.IGNORECASE)
_OPENING: Final = re.compile(r"\\*\"|\\+'|(?:'')+(?!')")
_QUOTE_BEFORE: Final = re.compile(r"'[\w.]*\Z")
_WORD: Final = re.compile(r"(?!null\b)[^\s;'\"$]+", re.IGNORECASE | re.ASCII)
_ROLE: Final = re.compile(r"\b(?:create|alter)\s+(?:role|user|group)\b(?!\s+mapping)", re.I)

_UNQUOTED: Final = (
    r"""(?!\\*['"])(?:\\++(?:.|\Z)|[^\s\\])+?(?=['"]{1,4}[)\]};,]{0,9}(?:\s|\Z)|\s|\Z)"""
)
"""A value in a connection string: up to the next blank, or the quotes around the string."""
_PASSWORD: Final = re.compile(
    r"(?:(?<![\w.?&])|(?<=\\[bfnrt]))(?:ssl|pg)?password(?P<blank>\s*)=(?P<more>\s*)", re.IGNORECASE
)
_VALUE: Final = re.compile(_UNQUOTED, re.DOTALL | re.ASCII)
# Other keywords: they show that `password = x`, with blanks, is part of a connection string.
_CONNINFO: Final = re.compile(r"(?<![\w.])(?:host|hostaddr|dbname|port)\s*=", re.IGNORECASE)
_PAIR_BEFORE: Final = re.compile(r"""(?:['"$]|\w\s*=\s*(?:[^'\s=]+|'[^']*'+)\s)\s*\Z""")
_PAIR_AFTER: Final = re.compile(r"\s+\w+\s*=")
_LOOKBEHIND: Final = 200
"""The number of characters that are searched backwards for another keyword."""
_IN_URI: Final = tuple(
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        r"[?&](?:ssl)?password=(?P<value>[^&\s]+?)(?=['\"]{1,4}[)\]};,]{0,9}(?:\s|\Z)|[&\s]|\Z)",
        r"\b[a-z][a-z0-9+.-]{0,30}://[^\s:/@'\"]*:(?P<value>\S*)@",
        r"\bpostgres(?:ql)?://[^\s:/@'\"]*:(?P<value>[^/@\n]*)@",
        r"://[^\s:/@'\"]*:(?!\d{1,5}(?!\w))(?P<value>[^\s@]+)\Z",  # cut off before its @
    )
)
_KEY_DETAIL: Final = re.compile(
    r"\((?P<columns>[^()]*)\)=\((?P<value>.*?)\)(?=\s+(?:already|is|conflicts)\b|\.?\s*\Z)",
    re.DOTALL,
)
"""``Key (id, password)=(1, x) already exists``: the DETAIL of a constraint violation."""
_LIST_OPTION: Final = re.compile(rf"([\w.]*{_KEY})=.*", re.IGNORECASE | re.DOTALL)
_SECRET: Final = re.compile(rf"[\w.]*{_KEY}", re.IGNORECASE)
_SHORT_SECRET: Final = 4
"""Secrets with fewer characters are hidden in other text only as whole words."""


class _Secret(NamedTuple):
    """Where a secret is in a text, what to show instead, and where its value begins."""

    start: int
    end: int
    shown: str
    value: int


def redact(text: str) -> str:
    """The text with ``***`` in place of passwords and other secrets."""
    secrets = _find_secrets(text)
    return _replace_secrets(text, secrets, 0, len(text)) if secrets else text


def redact_line(text: str, position: int) -> tuple[str, str]:
    """The line at a position (from 0), redacted and split at that position.

    Secrets are found in the whole text: a password may be on the line after its keyword.
    """
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    secrets = _find_secrets(text)
    behind = max((secret.end for secret in secrets if secret.start < position), default=0)
    before = _replace_secrets(text, secrets, start, position)
    return before, _replace_secrets(text, secrets, min(max(position, behind), end), end)


def redact_message(message: str, source: str) -> str:
    """A message about a text, without secrets of its own and without those of the text."""
    hidden = {
        form
        for secret in _find_secrets(source)
        for form in _spellings(source[secret.value : secret.end])
    }
    for form in sorted(hidden, key=len, reverse=True):
        whole = re.escape(form)
        pattern = whole if len(form) >= _SHORT_SECRET else rf"(?<!\w){whole}(?!\w)"
        message = re.sub(pattern, HIDDEN, message)
    return redact(message)


def redact_value(value: JsonValue) -> JsonValue:
    """A JSON value with secrets hidden: in every string, and every string under a secret key."""
    match value:
        case str():
            return redact(value)
        case list():
            return [_redact_item(item) for item in value]
        case dict():
            return {
                key: HIDDEN if is_secret(key) and isinstance(item, str) else redact_value(item)
                for key, item in value.items()
            }
    return value


def is_secret(name: str) -> bool:
    """Whether an option or a column of this name holds secrets."""
    return _SECRET.fullmatch(name) is not None


def _redact_item(item: JsonValue) -> JsonValue:
    """An item of a list: of an option ``password=x y`` all text after ``=`` is hidden."""
    if isinstance(item, str) and (option := _LIST_OPTION.fullmatch(item)):
        return f"{option[1]}={HIDDEN}"
    return redact_value(item)


def _find_secrets(text: str) -> list[_Secret]:
    """The secrets in a text, in order; those that overlap are joined."""
    if not _ANY_HINT.search(text):
        return []
    apart: list[_Secret] = []
    found = (*_quoted_secrets(text), *_unquoted_secrets(text), *_secrets_by_place(text))
    for secret in sorted(found, key=lambda secret: (secret.start, -secret.end)):
        if apart and secret.start < apart[-1].end:
            if secret.end > apart[-1].end:
                apart[-1] = apart[-1]._replace(end=secret.end)
        else:
            apart.append(secret)
    return apart


def _quoted_secrets(text: str) -> Iterator[_Secret]:
    """Quoted values after the name of a secret, such as PASSWORD."""
    roles = [match.end() for match in _ROLE.finditer(text)]
    for named in _SECRET_LABEL.finditer(text):
        start = named.end()
        at = skip_blanks(text, start)
        assigned = _ASSIGNMENT.match(text, at)
        if assigned:
            start = assigned.end()
            at = skip_blanks(text, start)
            if assigned[0].lower() == "is" and _is_commented_on(text, named.end()):
                continue
        start += len(text[start:at]) - len(text[start:at].lstrip())
        if at == named.end() and _is_in_quotes(text, named.start()):
            continue
        if end := end_of_value(text, at):
            opening = _OPENING.match(text, at)
            mark = "" if assigned and assigned[0] == "=" else opening[0] if opening else "'"
            yield _Secret(start, end, f"{mark}{HIDDEN}{mark}", at)
            if end == len(text):
                return
        elif not assigned and (word := _WORD.match(text, at)) and _in_role(text, roles, at):
            yield _Secret(start, word.end(), f"'{HIDDEN}'", at)


def _secrets_by_place(text: str) -> Iterator[_Secret]:
    """Literals that hold secrets in calls of the vault, and in headers of HTTP."""
    for start, end in (*secret_literals(text), *secret_headers(text)):
        opening = _OPENING.match(text, start)
        mark = opening[0] if opening else "'"
        yield _Secret(start, end, f"{mark}{HIDDEN}{mark}", start)
    for start, end in bearer_tokens(text):
        quoted = text[start] in "'$" or text[start + 1 : start + 2] in ("'", "&")
        yield _Secret(start, end, f"'{HIDDEN}'" if quoted else HIDDEN, start)


def _is_commented_on(text: str, end: int) -> bool:
    """Whether the name that ends at ``end`` is the column of a COMMENT ON COLUMN."""
    return _COMMENT.search(text, max(end - _LOOKBEHIND, 0), end) is not None


def _is_in_quotes(text: str, start: int) -> bool:
    """Whether the name at ``start`` is itself in quotes, as in the label ``'password'``."""
    return _QUOTE_BEFORE.search(text, max(start - _LOOKBEHIND, 0), start) is not None


def _in_role(text: str, roles: list[int], at: int) -> bool:
    """Whether ``at`` is in a CREATE ROLE or ALTER ROLE; ``roles`` has the ends of these words."""
    last = bisect_left(roles, at)
    return last > 0 and ";" not in text[roles[last - 1] : at]


def _unquoted_secrets(text: str) -> Iterator[_Secret]:
    """Values without quotes: in connection strings, URIs and the DETAIL of errors."""
    for pattern in _IN_URI:
        for match in pattern.finditer(text):
            yield _Secret(*match.span("value"), HIDDEN, match.start("value"))
    for match in _KEY_DETAIL.finditer(text):
        if any(is_secret(name.strip(' "')) for name in match["columns"].split(",")):
            yield _Secret(*match.span("value"), HIDDEN, match.start("value"))
    passed = 0
    in_conninfo = _CONNINFO.search(text) is not None
    for named in _PASSWORD.finditer(text):
        if named.start() < passed or not (value := _VALUE.match(text, named.end())):
            continue
        if (
            not (named["blank"] or named["more"])
            or in_conninfo
            or _PAIR_BEFORE.search(text, max(named.start() - _LOOKBEHIND, 0), named.start())
            or _PAIR_AFTER.match(text, value.end())
        ):
            passed = value.end()
            yield _Secret(*value.span(), HIDDEN, value.start())


def _replace_secrets(text: str, secrets: list[_Secret], start: int, end: int) -> str:
    """A part of a text with its secrets replaced, also those that are only partly in it."""
    parts = []
    at = start
    for secret in secrets:
        if secret.end > start and secret.start < end:
            parts += [text[at : max(at, secret.start)], secret.shown]
            at = min(secret.end, end)
    return "".join((*parts, text[at:end]))


def _spellings(literal: str) -> set[str]:
    """The forms in which a message may quote a literal: as written, and without its escapes."""
    inner = re.sub(r"^(?:(?:u&|[enbx])?\\*'+|\\*\"|\$\w*\$)|(?:\\*['\"]+|\$\w*\$)$", "", literal)
    undoubled = inner.replace("''", "'")
    unescaped = re.sub(r"\\(.)", r"\1", undoubled, flags=re.DOTALL)
    joined = re.findall(r"'(?:[^']|'')*'", literal)
    forms = (literal, inner, undoubled, unescaped, *joined)
    return {form for form in forms if form.strip("'\" ")}
