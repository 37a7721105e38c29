"""Coverage-guided fuzzing of what reads files, by hand: ``pip install atheris``, then

    python tests/campaigns/fuzz_readers.py scanner -max_total_time=600

Targets: ``scanner``, ``configuration``, ``schema``, ``secrets``.  What follows is libFuzzer's.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pytest_schema_parity", "tomllib", "json"]):
    from pytest_schema_parity.config import load_config
    from pytest_schema_parity.errors import ConfigError, SchemaFormatError, ScriptError
    from pytest_schema_parity.migrations.scanner import split
    from pytest_schema_parity.migrations.sql_file import read_sql
    from pytest_schema_parity.schema.facts import Schema
    from pytest_schema_parity.showing import redact

SEEDS = {
    "scanner": "create function f() begin atomic select E'\\\\;', $a$;$a$; end; "
    "\\echo x\n/* c */ -- d\ncopy t from stdin;\n1\n\\.\n",
    "configuration": 'reference = "a"\nstatement_timeout = 1\n[trees.a]\npath = "a"\n'
    '[trees.b]\nfiles = ["b.sql"]\n[[allow]]\nkind = "table"\nreason = "r"\n',
    "schema": Schema()
    .to_json()
    .replace("[\n", '[\n{"kind": "table", "name": "t", "made": ["a", 1]}'),
    "secrets": "ALTER ROLE a PASSWORD 'x'; postgresql://u:p@h/d?password=x host=h password='y z'",
}


def require(holds: bool, said: str) -> None:
    """Raise AssertionError if something does not hold."""
    if not holds:
        raise AssertionError(said)


def scanner(file: Path) -> None:
    """A file is cut into statements that stand where they say, or refused with a place."""
    try:
        text = read_sql(file, file="a.sql")
        statements = split(text, file="a.sql")
    except ScriptError as error:
        require(str(error).startswith(f"a.sql:{error.line}:{error.column}: "), str(error))
        return
    lines = text.split("\n")
    for statement in statements:
        there = lines[statement.line - 1][statement.column - 1 :]
        require(statement.compound or there[:1] == statement.text.split("\n")[0][:1], there)


def configuration(file: Path) -> None:
    """A file holds a configuration, none, or mistakes that name it."""
    try:
        load_config(file)
    except ConfigError as error:
        require(str(error).startswith(str(file)), str(error))


def schema(file: Path) -> None:
    """A text is a schema that comes back unchanged, or refused."""
    try:
        read = Schema.from_json(file.read_bytes())
    except SchemaFormatError:
        return
    require(Schema.from_json(read.to_json()) == read, "it comes back otherwise")


def secrets(file: Path) -> None:
    """Any text can be redacted."""
    redact(file.read_bytes().decode("utf-8", "replace"))


TARGETS: dict[str, Callable[[Path], None]] = {
    target.__name__: target for target in (scanner, configuration, schema, secrets)
}


def main() -> None:
    name = sys.argv.pop(1)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "input.toml")
        corpus = Path(directory, "corpus")
        corpus.mkdir()
        (corpus / "seed").write_text(SEEDS[name])

        def one(data: bytes) -> None:
            file.write_bytes(data)
            TARGETS[name](file)

        atheris.Setup([*sys.argv, "-timeout=20", str(corpus)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
