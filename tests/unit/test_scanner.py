from __future__ import annotations

import pytest

from pytest_schema_parity.errors import ScriptError
from pytest_schema_parity.migrations import psql
from pytest_schema_parity.migrations.scanner import Statement, split


def texts(script: str) -> list[str]:
    return [statement.text for statement in split(script, file="a.sql")]


def only(script: str) -> Statement:
    (statement,) = split(script, file="a.sql")
    return statement


def test_a_statement_begins_at_its_first_token() -> None:
    first, second = split("-- head;\n\n  /* c */ select 1;\n\tselect\n2", file="a.sql")
    assert (first.text, first.line, first.column) == ("select 1", 3, 11)
    assert (second.text, second.line, second.column) == ("select\n2", 4, 2)


def test_a_byte_order_mark_and_carriage_returns_shift_no_position() -> None:
    first, second = split("\ufeffselect 1;\r\n  select 2;\r\n", file="a.sql")
    assert (first.line, first.column) == (1, 1)
    assert (second.text, second.line, second.column) == ("select 2", 2, 3)


def test_several_statements_on_a_line_have_columns_of_their_own() -> None:
    assert [s.column for s in split("select 'é😀'; select 2;select 3", file="a.sql")] == [1, 14, 23]


@pytest.mark.parametrize(
    ("position", "place"),
    [(1, (2, 3)), (8, (2, 10)), (10, (3, 1)), (12, (3, 3)), (0, (2, 3))],
)
def test_a_position_in_a_statement_is_a_place_in_the_file(
    position: int, place: tuple[int, int]
) -> None:
    statement = only("\n  select a\nfrom b")
    assert statement.place(position) == place


def test_psql_escapes_keep_every_position() -> None:
    statement = only("select a\\:\\:int, b \\; select c")
    assert statement.text == "select a  ::int, b  ; select c"
    assert statement.compound


@pytest.mark.parametrize("script", ["", " \n", ";;", "-- c", "/* c */;", "\\echo x", "\\set x 1\n"])
def test_nothing_to_send_is_no_statement(script: str) -> None:
    assert texts(script) == []


def test_the_first_words_are_kept_in_lower_case() -> None:
    assert only("CREATE /* x */ OR Replace\nFUNCTION f() RETURNS int").words == (
        "create",
        "or",
        "replace",
        "function",
    )
    assert only("COMMIT").words == ("commit",)
    assert only('"Begin" x').words == ("x",)
    assert only("begin \\; commit").words == ("begin",)


def test_the_data_of_copy_goes_with_its_statement() -> None:
    copy, after = split(
        "select 1;\ncopy t from stdin; -- now\n1\t;\n\\.x\n\\.\nselect 2", file="a.sql"
    )[1:]
    assert (copy.text, copy.copy_data, copy.copy_line) == ("copy t from stdin", "1\t;\n\\.x\n", 3)
    assert (after.text, after.line, after.copy_data) == ("select 2", 6, None)


def test_data_may_end_with_the_file() -> None:
    assert only("copy t from stdin;\n1\n2").copy_data == "1\n2"
    assert only("copy t from stdin").copy_data == ""
    assert only("copy t from stdin;\r\n1\r\n\\.\r\n").copy_data == "1\r\n"


@pytest.mark.parametrize(
    "script",
    ["copy (select 'x' from stdin) to stdout", "copy t from 'stdin'", "select copy from stdin"],
)
def test_only_copy_from_stdin_reads_data(script: str) -> None:
    assert split(f"{script};\nselect 2", file="a.sql")[0].copy_data is None


def test_a_statement_behind_copy_on_its_line_is_refused_by_place() -> None:
    with pytest.raises(ScriptError, match=r"^a\.sql:1:20: only its data may follow"):
        split("copy t from stdin; select 1;\n1\n\\.\n", file="a.sql")


@pytest.mark.parametrize(
    ("script", "place", "message"),
    [
        ("select 1;\n  select 'a;\n", "2:10", "unterminated quoted string"),
        ("select 'a''", "1:8", "unterminated quoted string"),
        ("select E'a\\'", "1:8", "unterminated quoted string"),
        ("create function f() as e'", "1:24", "unterminated quoted string"),
        ('select "a;', "1:8", "unterminated quoted identifier"),
        ("select /* /* */", "1:8", "unterminated /* comment"),
        ("\n/* select 1;", "2:1", "unterminated /* comment"),
        ("do $a$ begin $b$ end $$;", "1:4", r"unterminated dollar-quoted string $a$"),
        ("\ufeff'", "1:1", "unterminated quoted string"),
    ],
)
def test_what_never_ends_is_named_by_where_it_began(script: str, place: str, message: str) -> None:
    with pytest.raises(ScriptError) as caught:
        split(script, file="a.sql")
    assert str(caught.value) == f"a.sql:{place}: {message}"


@pytest.mark.parametrize(
    ("script", "name", "place"),
    [
        ("select 1;\n\\connect other\nselect 2;", "\\connect", (2, 1)),
        ("\\i other.sql", "\\i", (1, 1)),
        ("  \\copy t from 'x'\n", "\\copy", (1, 3)),
        ("select 'create table t()' \\gexec\nselect 2", "\\gexec", (1, 27)),
        ("\\if true\n", "\\if", (1, 1)),
        ("\\! rm x\n", "\\!", (1, 1)),
        ("\\g\n", "\\g", (1, 1)),
        ("select 1 \\g out.txt\n", "\\g", (1, 10)),
        ("\\set AUTOCOMMIT off\n", "\\set", (1, 1)),
        ("\\encoding latin1\n", "\\encoding", (1, 1)),
        ("\\set x 1\nselect :x;", ":x", (2, 8)),
        ("\\set x 1\nselect :'x';", ":'x'", (2, 8)),
        ('\\set x 1\nselect * from :"x";', ':"x"', (2, 15)),
        ("select :DBNAME", ":DBNAME", (1, 8)),
        ("select :'SERVER_VERSION_NUM'", ":'SERVER_VERSION_NUM'", (1, 8)),
        ("\\.\n", "\\.", (1, 1)),
        ("select 1;\n\\\n", "\\", (2, 1)),
        ("select :{?x}", ":{?x}", (1, 8)),
    ],
)
def test_what_only_psql_can_do_is_named(script: str, name: str, place: tuple[int, int]) -> None:
    (refused,) = [s for s in split(script, file="a.sql") if s.meta_command is not None]
    assert (refused.meta_command, (refused.line, refused.column)) == (name, place)


@pytest.mark.parametrize(
    "script",
    [
        "\\restrict Abc\nselect 1;\n\\unrestrict Abc\n",
        "\\echo 'a;b' \"c\"\nselect 1",
        "\\set x ';'\nselect 1",
        "\\pset pager off \\\\ select 1",
        "\\x \\t\nselect 1;",
        "\\encoding UTF8\nselect 1",
        "\\d+ users\n\\dt\n\\timing\nselect 1",
        "select 1\n\\g\n",
    ],
)
def test_what_psql_only_displays_is_left_out(script: str) -> None:
    (statement,) = split(script, file="a.sql")
    assert (statement.text, statement.meta_command) == ("select 1", None)


def test_colons_that_are_no_variables_stay() -> None:
    script = "select a[1:n], :unset, x::int, y := 1, ':x'"
    assert texts(f"\\set x 1\n{script}") == [script]


def test_an_unbalanced_parenthesis_is_left_to_the_server() -> None:
    assert texts("create table t (a int;\nselect 1;") == ["create table t (a int;\nselect 1;"]


OFF = "set standard_conforming_strings = off"


@pytest.mark.parametrize(
    ("before", "standard"),
    [
        ([], True),
        ([OFF], False),
        ([OFF.upper()], False),
        (["set session standard_conforming_strings to 'off'"], False),
        (["select set_config('standard_conforming_strings', 'off', false)"], False),
        ([OFF, "set standard_conforming_strings = on"], True),
        ([OFF, "set standard_conforming_strings to default"], True),
        ([OFF, "reset standard_conforming_strings"], True),
        ([OFF, "reset all"], True),
        ([OFF, "discard all"], True),
        ([OFF, "commit"], False),
        (["set local standard_conforming_strings = off"], False),
        (["set local standard_conforming_strings = off", "commit"], True),
        ([OFF, "begin", "set local standard_conforming_strings = on", "rollback"], False),
        (["begin", OFF, "rollback"], True),
        (["begin", OFF, "commit"], False),
        (
            [
                "begin",
                "set local standard_conforming_strings = off",
                "savepoint a",
                "rollback to a",
            ],
            False,
        ),
        (["set local standard_conforming_strings = off", "rollback work to savepoint a"], False),
        (["set standard_conforming_strings_ = off"], True),
    ],
)
def test_backslashes_escape_where_the_script_says_so(before: list[str], standard: bool) -> None:
    script = "; ".join([*before, "select '\\';', ';'"])
    if standard:
        with pytest.raises(ScriptError, match="unterminated quoted string"):
            split(script, file="a.sql")
    else:
        assert texts(script) == [*before, "select '\\';', ';'"]


def test_a_session_may_begin_with_backslashes_that_escape() -> None:
    (statement,) = split("select '\\';'", file="a.sql", standard_strings=False)
    assert statement.text == "select '\\';'"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("\\i", "make it a file of the tree"),
        ("\\include_relative", "make it a file of the tree"),
        ("\\copy", "Use COPY"),
        ("\\connect", "one database"),
        ("\\gexec", "EXECUTE"),
        ("\\gset", "semicolon"),
        ("\\if", "DO block with IF"),
        ("\\set", "the value itself"),
        (":'x'", "the value itself"),
        ("\\!", "outside"),
        ("\\q", "stops reading here"),
        ("\\encoding", "UTF-8"),
        ("\\.", "COPY"),
        ("\\", "remove"),
        ("\\unheard", "Write it as SQL"),
    ],
)
def test_what_only_psql_can_do_comes_with_a_remedy(name: str, said: str) -> None:
    assert said in psql.remedy(name)


@pytest.mark.parametrize("letter", ["\u00a0", "\u3000", "\x85", "\x1d"])
def test_what_only_looks_blank_belongs_to_the_statement(letter: str) -> None:
    assert texts(f"select 1 as a{letter} ; {letter}") == [f"select 1 as a{letter}", letter]
