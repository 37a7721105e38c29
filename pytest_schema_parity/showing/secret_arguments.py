"""Find the literals that hold secrets by where they stand: in calls of the vault, and in headers.

No name of a secret stands before such a literal, as in ``vault.create_secret('x', 'name')``.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Final

from pytest_schema_parity.showing.quoted_values import end_of_value, skip_blanks

_VAULT: Final = re.compile(
    r"""(?ix)
    \b (?: create_secret (?P<first>)    # (new_secret, …)
         | update_secret (?P<second>)   # (secret_id, new_secret, …)
       ) \b [\\"]*+ \s*+ \(
    | \b new_secret \b [\\"]*+ \s*+ (?: => | := ) (?P<named>)
    | \b insert \s++ into \s++ "?vault"? \s*+ \. \s*+ "?secrets\b
      [^;']{0,400}? \b (?: values (?P<rows>) | select\b )
    | \b update \s++ (?: only \s++ )? "?vault"? \s*+ \. \s*+ "?secrets\b [^;']{0,100}? \b set\b
    """
)
_WORD: Final = re.compile(r"\w+|\\+")
"""What is skipped at once: a run of backslashes would else be read once for each of them."""
_CLAUSE: Final = frozenset({"from", "where", "returning"})
_BEARER: Final = re.compile(
    r"""(?ix)
    (?: \bauthorization \W{1,12} | ['"] (?! bearer \s++ (?-i: [a-z]{1,15} ) \W ) )
    bearer \s++ (?P<token> [\w.~+/=-]++ ) (?= [\\'"] | \s* \Z )
    | ['"] bearer \s*+ '+ \s*+ \|\| \s*+ (?= [eEuU$'] ) (?P<joined>)
    """
)
_HEADER: Final = re.compile(r"""(?i)['"](?:x-)?api[-_]?key(?:\\*")?'*\s*+(?P<between>[:,])""")
_OBJECT: Final = re.compile(r"(?i)build_object\s*\([^;]*\Z")
_LOOKBEHIND: Final = 400
"""The number of characters that are searched backwards for ``jsonb_build_object(``."""


def secret_literals(text: str) -> Iterator[tuple[int, int]]:
    """The start and the end of each literal in a call of the vault, and in a header."""
    passed = 0
    for found in _VAULT.finditer(text):
        if found.start() < passed:
            continue
        arguments = {"first": 1, "second": 2, "named": 1}.get(found.lastgroup or "", 0)
        passed = yield from _literals(text, found.end(), arguments, found.lastgroup == "rows")


def secret_headers(text: str) -> Iterator[tuple[int, int]]:
    """The start and the end of each literal that is the value of ``apikey`` in JSON."""
    passed = 0
    for found in _HEADER.finditer(text):
        if found.start() < passed:
            continue
        if found["between"] == "," and not _OBJECT.search(
            text, max(found.start() - _LOOKBEHIND, 0), found.start()
        ):
            continue
        at = skip_blanks(text, found.end())
        if end := end_of_value(text, at):
            passed = end
            yield at, end


def bearer_tokens(text: str) -> Iterator[tuple[int, int]]:
    """The start and the end of each token after ``Bearer``, or of a literal joined to it."""
    passed = 0
    for found in _BEARER.finditer(text):
        if found.start() < passed:
            continue
        if found["token"]:
            passed = found.end()
            yield found.span("token")
        elif end := end_of_value(text, found.end()):
            passed = end
            yield found.end(), end


def _literals(
    text: str, at: int, arguments: int, in_rows: bool
) -> Generator[tuple[int, int], None, int]:
    """The literals in the first arguments; with 0 arguments, up to the end of the clause.

    The rows of VALUES end at the first token outside parentheses.  Returns the end.
    """
    depth = commas = 0
    while (at := skip_blanks(text, at)) < len(text):
        if depth == 0 and in_rows and text[at] not in "(,":
            break
        if end := end_of_value(text, at):
            yield at, end
            at = end
        elif word := _WORD.match(text, at):
            if depth == 0 and not arguments and word[0].lower() in _CLAUSE:
                break
            at = word.end()
        else:
            depth += (text[at] in "([") - (text[at] in ")]")
            commas += depth == 0 and text[at] == ","
            if depth < 0 or text[at] == ";" or commas == arguments > 0:
                break
            at += 1
    return at
