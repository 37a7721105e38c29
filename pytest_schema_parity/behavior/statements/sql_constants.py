"""Extract the constants of SQL text, and the columns that they are compared with."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

TOKEN: Final = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*.*?\*/)
  | [eE]?(?P<string>'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<number>(?<![\w.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<word>[^\W\d]\w*)
  | (?P<operator>::|->>|->|\#>>|\#>|:=|<=|>=|<>|!=|!~~\*?|!~\*?|~~\*?|~\*?|=|<|>|@>|\?)
  | (?P<other>[^\s])
    """,
    re.VERBOSE | re.DOTALL,
)
COMPARING: Final = frozenset(
    {"=", "<", ">", "<=", ">=", "<>", "!=", "~", "~*", "!~", "!~*"}
    | {"~~", "!~~", "~~*", "!~~*", "@>", "?"}
)
PATTERNS: Final = frozenset(["~", "~*", "!~", "!~*"])
LIKES: Final = frozenset(["~~", "!~~", "~~*", "!~~*", "like", "ilike"])
EXTRACTING: Final = frozenset({"->", "->>", "#>", "#>>"})
ENDING: Final = frozenset(
    {"and", "or", "then", "else", "where", "from", "group", "order", "having", "union"}
    | {"when", "loop", "is", "join", "left", "return"}
)
WORDS: Final = frozenset(["in", "like", "ilike", "between"])
SKIPPED: Final = frozenset(
    {"not", "any", "all", "some", "array", "null", "case", "new", "old", "row", "date", "interval"}
)
INTERVAL: Final = re.compile(
    r"^\s*-?\d+(\.\d+)?\s*(sec|second|min|minute|hour|day|week|mon|month|year)s?\s*$|^-?\d+:\d\d:\d\d$"
)


@dataclass(slots=True)
class Literals:
    """The constants of some SQL; ``compared`` maps a column to those that it is compared with.

    ``patterns`` are regular expressions, also by column: the empty string if it is unknown.
    ``keys`` are keys of JSON documents.
    """

    numbers: set[str] = field(default_factory=set)
    strings: set[str] = field(default_factory=set)
    intervals: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    patterns: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    compared: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def include(self, other: Literals) -> None:
        """Add the constants of another text."""
        self.numbers |= other.numbers
        self.strings |= other.strings
        self.intervals |= other.intervals
        self.keys |= other.keys
        for mine, theirs in ((self.patterns, other.patterns), (self.compared, other.compared)):
            for column, values in theirs.items():
                mine[column] |= values


def constants_of_all(texts: Iterable[str]) -> Literals:
    """The constants of several texts."""
    found = Literals()
    for text in texts:
        found.include(constants_of(text))
    return found


def constants_of(text: str) -> Literals:
    """The constants of one text: an expression, a view's definition or a function's body."""
    found = Literals()
    column = subject = operator = ""
    cast = False
    sign = ""
    for kind, part in _tokens(text):
        lower = part.lower()
        if kind in ("word", "quoted"):
            if cast:
                cast = False
            elif lower in ENDING and not (operator == "between" and lower == "and"):
                subject = operator = ""
            elif lower in WORDS:
                subject, operator = column, lower
            elif lower not in SKIPPED:
                column = part
        elif kind == "operator":
            cast = part == "::"
            if part in COMPARING or part in EXTRACTING:
                operator = part
                subject = column if part in COMPARING else subject
        elif kind == "number":
            number = sign + part
            found.numbers.add(number)
            if subject:
                found.compared[subject].add(number)
        elif kind == "string":
            _string(found, part[1:-1].replace("''", "'"), subject, operator)
        elif part == ";":
            subject = operator = ""
        sign = "-" if part == "-" else ""
    return found


def _string(found: Literals, value: str, subject: str, operator: str) -> None:
    if INTERVAL.match(value):
        found.intervals.add(value.strip())
        return
    if operator in EXTRACTING:
        found.keys.update(part for part in value.strip("{}").split(",") if part)
        return
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        found.numbers.add(value)
    if value.startswith("^") and value.endswith("$"):
        found.patterns[""].add(value)
    found.strings.add(value)
    if not subject:
        return
    if operator in PATTERNS:
        found.patterns[subject].add(value)
    elif operator in LIKES:
        found.compared[subject].add(value.replace("%", "").replace("_", "x"))
        found.compared[subject].add(value.replace("%", "x").replace("_", "x"))
    else:
        found.compared[subject].add(value)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for match in TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind != "comment":
            yield kind, match[kind]
