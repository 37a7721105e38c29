"""A finding holds no secret of its statement, and the line of the mistake as it may be shown."""

from __future__ import annotations

import pytest

from pytest_schema_parity.migrations.failure import (
    Complaint,
    Failure,
    failed_script,
    failed_statement,
)
from pytest_schema_parity.migrations.scanner import ScriptError, split

ROLE = """\
SELECT 1; ALTER ROLE a
  PASSWORD -- the new one
  's3cret' FOO;
"""


def failure(text: str, *, at: str, message: str = "no", **more: str) -> Failure:
    """What the server refuses in the last statement of a text, the mistake being ``at``."""
    statement = split(text, file="a.sql")[-1]
    position = statement.text.index(at) + 1
    complaint = Complaint("42601", message, position=position, **more)  # type: ignore[arg-type]
    return failed_statement("a.sql", statement, complaint)


@pytest.mark.parametrize(
    ("at", "excerpt"),
    [
        ("ALTER", ("", "ALTER ROLE a")),
        ("PASSWORD", ("  ", "PASSWORD '***'")),
        ("'s3cret'", ("'***'", " FOO")),
        ("FOO", ("'***' ", "FOO")),
    ],
)
def test_the_line_of_a_mistake_holds_no_secret(at: str, excerpt: tuple[str, str]) -> None:
    found = failure(ROLE, at=at)
    assert found.excerpt == excerpt
    assert found.statement == "ALTER ROLE a PASSWORD '***' FOO"
    assert "s3cret" not in repr(found)


def test_a_statement_is_cut_after_its_secrets_are_hidden() -> None:
    text = f"ALTER ROLE {'a' * 160} PASSWORD 's3cret{'x' * 80}'"
    found = failure(text, at="PASSWORD")
    assert "s3cret" not in repr(found)
    assert found.statement.endswith("PASSWORD '***'")


def test_what_the_server_says_tells_no_secret_of_the_statement() -> None:
    found = failure(
        ROLE,
        at="FOO",
        message="syntax error at or near \"'s3cret'\"",
        detail="s3cret is wrong",
        hint="not s3cret",
    )
    assert found.message == 'syntax error at or near "***"'
    assert found.detail == "*** is wrong"
    assert found.hint == "not ***"


def test_a_line_of_data_is_shown_where_it_failed() -> None:
    text = "COPY t FROM stdin;\n1\tx\n2\tpostgres://u:s3cret@h/d\n\\.\n"
    statement = split(text, file="a.sql")[0]
    complaint = Complaint("22P02", "no", context="COPY t, line 2, column a: x")
    found = failed_statement("a.sql", statement, complaint)
    assert (found.line, found.excerpt) == (3, ("", "2\tpostgres://u:***@h/d"))


def test_a_quote_that_never_ends_shows_nothing_of_what_it_holds() -> None:
    text = "SELECT 1;\nALTER ROLE a PASSWORD 's3cret;\n"
    with pytest.raises(ScriptError) as raised:
        split(text, file="a.sql")
    found = failed_script(raised.value, text)
    assert (found.line, found.excerpt) == (2, ("ALTER ROLE a PASSWORD ", "'***'"))


def test_a_file_that_is_no_text_shows_no_line() -> None:
    error = ScriptError("byte 0xff is not UTF-8", file="a.sql", line=1, column=1)
    assert failed_script(error).excerpt is None


def test_what_goes_on_without_measure_is_cut() -> None:
    text = f"SELECT '{'x' * 9000}', FOO '{'y' * 9000}'"
    found = failure(text, at="FOO", message="m" * 9000, detail="d" * 9000, hint="h" * 9000)
    assert found.excerpt is not None
    before, after = found.excerpt
    assert (len(before), before[0], before[-2:]) == (200, "…", ", ")
    assert (len(after), after[:5], after[-1]) == (200, "FOO '", "…")
    for said in (found.message, found.detail, found.hint):
        assert said is not None
        assert (len(said), said[-1]) == (2000, "…")
