"""The scanner against psql: a server that only listens writes down what psql really sends."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from wire import Listener

from pytest_schema_parity.errors import ScriptError
from pytest_schema_parity.migrations.scanner import split

HARD = [
    "select 1",
    "select 1;",
    "select 1;select 2",
    ";;select 1;;;",
    "  \t\n select 1 \n;\n\n",
    "-- only a comment",
    "/* only */ -- comments\n",
    "-- a; b\nselect 1; -- c; d\nselect 2",
    "select 1 -- a;\n, 2; select 3",
    "select 1--;\n;select 2",
    "select 1 /* a; */; select 2",
    "select 1 /* a /* b; */ c; */; select 2",
    "/**/select 1;/***/select 2;/*/*/**/*/*/select 3",
    "/* -- */ select 1; -- /*\nselect 2; --*/",
    "select 2*/*;*/3; select 4",
    "select 1 +/* ; */ 2; select 3 -/**/-1;",
    "select 1 <--;\n2; select 3",
    "select ';'; select 2",
    "select 'it''s;'; select 2",
    "select ''';'''; select 2",
    "select '--;'; select '/*;'; select '*/'",
    "select 'a\n;\nb'; select 2",
    "select 'a'\n';b'; select 2",
    "select 'a' -- c;\n ';b'; select 2",
    "select '\\'; select 2",
    "select '\\';';select 2'; select 3",
    r"select E'\';'; select 2",
    r"select e'\\'; select 2",
    r"select E'a\''';'; select 2",
    "select E'a\\\n'; select 2",
    r"select E'a''\';b'; select 2",
    r"select E'\u0041;'; select E'\x41;'; select E'\101;'",
    r"select me'\'; select 2",
    "select N'a;'; select n''; select B'01;'; select x'1;'",
    "select b'0''1;'; select 2",
    "select U&'\\0041;' uescape '!'; select u&\"a;\"; select 3",
    "select U&'a'';'; select U&\"a\"\";\" from t",
    'select ";"; select "a"";""b"; select 3',
    "select \"';\", '\";'; select 2",
    'select "a\\"; select 2',
    "select $$;$$; select 2",
    "select $a$;$$;$a$; select 2",
    "select $a$ $b$ ; $a$ ; select $b$ $a$ ; $b$",
    "select $a$a$a$; select 2",
    "select $a$ $ab$ ; $ba$ $a$; select 2",
    "select $ä$;$ä$; select 2",
    "select $1, $2; select 3",
    "select foo$bar$baz; select 2",
    "select foo$$; select $$;$$",
    "select ä$$; select ö$x$;",
    "do $$ begin perform 1; end $$; select 2",
    "do language plpgsql $x$ begin execute $y$ select ';' $y$; end $x$; select 2",
    "select (1;2); select 3",
    "create rule r as on insert to t do (select 1; select 2); select 3",
    "select 1); select 2",
    "select ((1)); select 2));select 3",
    "select '(';select ')'; select \"(\"; select 4",
    "select [1;2]; select 3",
    "create function f() returns int begin atomic select 1; select 2; end; select 3",
    "create or replace function f() returns int begin atomic; end; select 3",
    "CREATE PROCEDURE P() BEGIN ATOMIC INSERT INTO t VALUES (1); END; SELECT 3",
    "create or replace procedure p() begin atomic select 1; end; select 3",
    "create function f() begin atomic select case when a then 1 end; select 2; end; select 3",
    "create function f() begin atomic select case case when 1 then 2 end when 2 then 3 end; end; x",
    "create function f() begin atomic begin select 1; end; end; select 3",
    "create /* c */ function -- d\n f() begin atomic select 1; end; select 2",
    'create function "begin"() returns int return 1; select 2',
    "create function f(begin int default 1) returns int return 1; select 2",
    "create table begin (case int); select 2",
    "create table t (a int); create function f() begin atomic; end; select 2",
    "begin; create table t (); end; select 1",
    "begin work; select case when 1 then 2 end; commit",
    "create trigger t execute function begin(); select 1",
    "drop function f; begin; end",
    "create view v as select case when a then b end; begin; select 1; end",
    "select 1 \\; select 2; select 3",
    "select 1 \\; create function f() begin atomic select 1; end; select 3",
    "select a\\:\\:int; select 2",
    "select 1\n\\g\nselect 2",
    "select 1 \\g\nselect 2;",
    "\\echo hello; world\nselect 1;",
    "\\echo a \\\\ select 1; select 2",
    "select\n\\echo 'x\\ny; z'\n1; select 2",
    "\\set x 'a;b'\nselect 1;",
    "\\timing on\n\\pset pager off\nselect 1;\n\\unset x",
    "\\pset null '\\\\'\nselect 1;",
    "select a[1:n], b[:m], c::int, d := 1; select :'x', :\"y\", ':z'",
    "copy t from stdin;\n1;\n'\n\\.\nselect 2;",
    'copy t (a, b) from stdin with (format csv);\n"a;\n",1\n\\.\nselect 2;',
    "COPY t FROM STDIN;\n\\.\nselect 2;",
    "copy t from stdin; -- data follows\n1\n\\.\n\nselect 2;",
    "copy t from stdin where (a = 'from');\n\\\\.\n\\.x\n\\.\nselect 2;",
    "copy (select 'from stdin;') to stdout; select 2",
    "copy t from '/x'; select 1;",
    "\ufeffselect 1; select 2",
    "select 1;\r\n-- c;\r\nselect '\r\n;';\r\n",
    "select 1; -- c\rselect 2;\nselect 3",
    "create function f() begin\r\natomic select 1;\r\nend;\r\nselect 2",
    "select 'ä;€😀'; select \"ü;\"; select 3",
    "select 1\f; select\t2\n\f;",
    "alter table t add check (a <> ';'), add check (b !~ '\\;'); select 2",
]

WORDS = r"""
    select|begin|end|case| create | or replace | function | procedure | BEGIN | End | CASE |a|ä
    ;|; |(|)|1 |::|:|:=|,|$1 |-|/|*|+|<|'a;'|''|'\'|E'\';'|e'\\;'|U&'\;'|x';'|n';'|";"|U&";"
    ""|$$;$$|$a$;$a$|$a$;$$;$a$|$|$b|foo$a$|/*;*/|/*/*;*/*/|\;|\:| |-- '
"""
LINES = [
    "\n",
    "\r\n",
    "--;\n",
    "-- '\n",
    " 1\n\\g\n",
    "\n\\echo ';\n",
]
PIECES = st.sampled_from([*WORDS.strip().replace("\n    ", "|").split("|"), *LINES])


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with tempfile.TemporaryDirectory() as directory:
        listener = Listener(Path(directory))
        yield listener
        listener.close()


def compared(statements: list[str]) -> list[str]:
    """Statements without what boundaries are not about: comments in front, blanks, semicolons."""
    return [text for text in map(bare, statements) if text]


def bare(text: str) -> str:
    while True:
        text = text.lstrip(" \t\r\n\f;")
        if text.startswith("--"):
            text = re.sub(r"^--[^\r\n]*", "", text)
        elif text.startswith("/*"):
            depth, position = 0, 0
            for edge in re.finditer(r"/\*|\*/", text):
                depth += 1 if edge.group() == "/*" else -1
                position = edge.end()
                if depth == 0:
                    break
            text = text[position:]
        else:
            break
    return "".join(text.rstrip("; \t\r\n\f").split())


def scanned(script: str) -> list[str]:
    return [
        statement.text + ("" if statement.copy_data is None else f"\n{statement.copy_data}")
        for statement in split(script, file="x.sql")
    ]


def sent(listener: Listener, cluster, script: str) -> list[str]:
    file = listener.directory / "x.sql"
    file.write_bytes(script.encode())
    return [
        text.removesuffix("\\.\n")
        for text in listener.sent_by(cluster.installation.binary("psql"), file)
    ]


@pytest.mark.parametrize("script", HARD)
def test_boundaries_are_those_of_psql(listener: Listener, cluster, script: str) -> None:
    assert compared(scanned(script)) == compared(sent(listener, cluster, script))


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(pieces=st.lists(PIECES, min_size=2, max_size=25))
def test_boundaries_are_those_of_psql_on_any_script(listener, cluster, pieces: list[str]) -> None:
    script = "".join(pieces)
    try:
        statements = split(script, file="x.sql")
    except ScriptError:
        assume(False)
    assume(all(statement.meta_command is None for statement in statements))
    assert compared([statement.text for statement in statements]) == compared(
        sent(listener, cluster, script)
    )


def test_a_continued_escape_string_is_read_as_the_server_reads_it(listener, cluster) -> None:
    """psql reads line by line and takes the second part for a plain string; the server does not."""
    script = "select E'a'\n'\\';b'; select 2"
    assert scanned(script) == ["select E'a'\n'\\';b'", "select 2"]
    assert len(sent(listener, cluster, script)) == 2
    assert sent(listener, cluster, script)[0] == "select E'a'\n'\\';"
