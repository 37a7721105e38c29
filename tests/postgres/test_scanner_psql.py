"""The scanner against psql: a server that only listens writes down what psql really sends."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from support.boundaries import bounds
from support.scripts import HARD, SCRIPTS, readable_part
from support.wire import Listener, reads_data

from pytest_schema_parity.errors import ScriptError
from pytest_schema_parity.migrations.scanner import split
from pytest_schema_parity.migrations.statement import Statement

END_OF_DATA = re.compile(r"\\\.\r?\n\Z")
READ_OTHERWISE = re.compile(
    r"(?s)e'.*\n\s*'[^']*\\'"  # psql reads the second part as a plain string, see below
    r"|[0-9.][^\W\d][\w$]",  # letters behind a number, which no two releases read alike
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def listener(psql: Path) -> Iterator[Listener]:
    with tempfile.TemporaryDirectory() as directory:
        listener = Listener(Path(directory), psql)
        yield listener
        listener.close()


def texts(statements: list[Statement]) -> list[str]:
    return [s.text + ("" if s.copy_data is None else f"\n{s.copy_data}") for s in statements]


def scanned(script: str) -> list[str]:
    return texts(split(script, file="x.sql"))


def sent(listener: Listener, script: str) -> list[str]:
    file = listener.directory / "x.sql"
    file.write_bytes(script.encode())
    return [END_OF_DATA.sub("", text) for text in listener.sent_by(file)]


@pytest.mark.parametrize("script", HARD)
def test_boundaries_are_those_of_psql(listener: Listener, script: str) -> None:
    assert bounds(scanned(script)) == bounds(sent(listener, script))


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(script=SCRIPTS)
def test_boundaries_are_those_of_psql_on_any_script(listener: Listener, script: str) -> None:
    assume(not READ_OTHERWISE.search(script))
    try:
        statements = split(script, file="x.sql")
    except ScriptError as error:
        script = readable_part(script, error)
        statements = split(script, file="x.sql")
    assume(all(statement.meta_command is None for statement in statements))
    assume(all(reads_data(s.text) == (s.copy_data is not None) for s in statements))
    assert bounds(texts(statements)) == bounds(sent(listener, script))


def test_a_continued_escape_string_is_read_as_the_server_reads_it(listener: Listener) -> None:
    """psql reads line by line and takes the second part for a plain string; the server does not."""
    script = "select E'a'\n'\\';b'; select 2"
    assert scanned(script) == ["select E'a'\n'\\';b'", "select 2"]
    assert len(sent(listener, script)) == 2
    assert sent(listener, script)[0] == "select E'a'\n'\\';"
