"""The exceptions of this package.

::

    SchemaParityError
     ├── ConfigError          the configuration is wrong; the message has file, key and remedy
     ├── TreeError            a tree's files cannot be used: missing, empty, ambiguous
     ├── ScriptError          a SQL file cannot be split into statements; has file, line, column
     ├── ServerNotFound       no PostgreSQL was found; the message lists where it was looked for
     ├── ServerError          a server does not start, or cannot do what it has to
     ├── SchemaFormatError    a stored schema cannot be read back
     └── UnknownName          a schema has no object of that name (also a KeyError)

A failed statement of a *migration* is not an exception but a finding, see
:class:`pytest_schema_parity.migrations.Failure`.
"""

from __future__ import annotations

from pytest_schema_parity.showing import printable, printable_lines, redact


class SchemaParityError(Exception):
    """The base class of every error that this package raises on purpose.

    Its text is safe to show: secrets are hidden, unprintable characters are escaped.
    """

    def __str__(self) -> str:
        text = Exception.__str__(self)  # a KeyError's own would be the message's repr
        return printable_lines(redact(text))


class ConfigError(SchemaParityError):
    """The configuration is wrong; the message has the file, the key and a remedy."""


class TreeError(SchemaParityError):
    """The files of a tree cannot be used: they are missing, empty or ambiguous."""


class ScriptError(SchemaParityError):
    """A SQL file cannot be split into statements: unterminated quote, unknown encoding."""

    def __init__(self, message: str, *, file: str, line: int, column: int) -> None:
        super().__init__(f"{printable(file)}:{line}:{column}: {message}")
        self.message = message
        self.file = file
        self.line = line
        self.column = column


class ServerNotFound(SchemaParityError):
    """No PostgreSQL installation of the wanted version was found."""


class ServerError(SchemaParityError):
    """A PostgreSQL server does not start, or cannot do what it has to."""


class SchemaFormatError(SchemaParityError):
    """A stored schema cannot be read back."""


class UnknownName(SchemaParityError, KeyError):
    """A schema has no object of that name; the message suggests a similar one."""
