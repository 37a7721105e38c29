"""What can go wrong, in one tree.

::

    SchemaParityError
     ├── ConfigError          the configuration is wrong: names file, key and remedy
     ├── TreeError            a tree's files cannot be used: missing, empty, ambiguous
     ├── ScriptError          a SQL file cannot be cut into statements: names file, line, column
     ├── ServerNotFound       no PostgreSQL of the wanted kind: names every place that was looked at
     ├── ServerError          a server that was found does not start or does not answer
     ├── SchemaFormatError    a stored schema cannot be read back
     └── UnknownName          a schema holds nothing of that name (a KeyError, too)

What a *migration* does wrong is no error of this kind: it is a finding, see
:class:`pytest_schema_parity.migrations.Failure`.
"""

from __future__ import annotations

from pytest_schema_parity.showing import printable, printable_lines, redact


class SchemaParityError(Exception):
    """The root of every error that this package raises on purpose.

    Its text may be shown as it is: without secrets, and printable but for its lines and tabs.
    """

    def __str__(self) -> str:
        text = Exception.__str__(self)  # a KeyError's own would be the message's repr
        return printable_lines(redact(text))


class ConfigError(SchemaParityError):
    """The configuration is wrong; the message names file, key and remedy."""


class TreeError(SchemaParityError):
    """A tree's files cannot be used as they are."""


class ScriptError(SchemaParityError):
    """A SQL file cannot be cut into statements: an unterminated quote, an unknown encoding."""

    def __init__(self, message: str, *, file: str, line: int, column: int) -> None:
        super().__init__(f"{printable(file)}:{line}:{column}: {message}")
        self.message = message
        self.file = file
        self.line = line
        self.column = column


class ServerNotFound(SchemaParityError):
    """No PostgreSQL of the wanted kind was found."""


class ServerError(SchemaParityError):
    """A PostgreSQL server did not start, or does not answer."""


class SchemaFormatError(SchemaParityError):
    """A stored schema cannot be read back."""


class UnknownName(SchemaParityError, KeyError):
    """A schema holds nothing of that name; the message names the nearest that it holds."""
