"""Scripts in which a semicolon ends no statement, and others in which it does."""

from __future__ import annotations

from hypothesis import strategies as st

from pytest_schema_parity.errors import ScriptError

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
    "set standard_conforming_strings = off;\nselect '\\';'; select 2",
    "set standard_conforming_strings = off;\nselect n'\\';', E'\\';'; select 2",
    "set standard_conforming_strings = off;\nselect b'0\\'; select x'1\\'; select 2",
    "set standard_conforming_strings = off;\nselect U&'\\0041\\'; select u&\"\\\"; select 2",
    "set standard_conforming_strings = off;\nselect 'a'\n'\\';b'; select 2",
    "set standard_conforming_strings to 'off';\nreset standard_conforming_strings;\nselect '\\'; x",
    "select 1e'\\'; select 1.e'\\'; select 2",
    "create function f() begin atomic select 1end; end; select 2",
    "select 1e--;\n, 2; select 3",
    "select 1\f; select\t2\n\f;",
    "alter table t add check (a <> ';'), add check (b !~ '\\;'); select 2",
]
"""Scripts whose boundaries are easily got wrong."""

TOKENS = r"""
    select|begin|end|case| create | or replace | function | procedure | BEGIN | End | CASE | atomic
    a|ä|e|E|_1|select1|1|1e|1end |1.5e3|0x1F|1_0|1.e|$1|$1e|;|; |(|)|[|]|{|}|1 |::|:|:=|,|-|/|*|+|<
    @|#|~|`|^|&|!|?|%|=|'a;'|''|'\'|'\';'|E'\';'|e'\\;'|U&'\;'|u&'a'';'|x';'|b'0;'|n';'|";"|U&";"|""
    N'\'|me'\'|"a""b;"|$$;$$|$a$;$a$|$a$;$$;$a$|$|$b|$ä$;$ä$|foo$a$|/*;*/|/*/*;*/*/|/**/|\;|\:|-- '
     |😀|\\
"""
LINES = (
    "\n",
    "\r\n",
    "--;\n",
    "-- '\n",
    " 1\n\\g\n",
    "\n\\echo ';\n",
    "/*\n;\n*/",
    "'a'\n';b'",
    "$$\n;\n$$",
    "\f",
    "\t",
    "\u00a0",
    "\x1d",
)
STATEMENTS = (
    "select 1;",
    "select 'it''s;', E'\\';', $$;$$, \";\";\n",
    "create function f() returns int language sql begin atomic select 1; select 2; end;\n",
    "create or replace procedure p() begin atomic select case when a then b end; end;",
    "CREATE FUNCTION f() RETURNS text AS $f$ BEGIN; $$;$$ END; $f$ LANGUAGE plpgsql;\n",
    "create rule r as on insert to t do (select 1; select ')'; select 2);",
    "create view v as select case when (a) then ';' else b end;\n",
    "do $do$ begin execute $q$ select ';' $q$; end $do$;",
    # Behind data stands a keyword: before anything else psql 18 loses what follows.
    "copy t from stdin;\n1;\n'\n$$\n/*\n\\.\nselect 2;",
    'COPY t (a, b) FROM STDIN WITH (FORMAT csv); -- data\r\n";\r\n",1\r\n\\.\r\nselect 2;\r\n',
    "copy (select 'from stdin;') to stdout;",
    "begin; insert into t values (';'); commit;\n",
    "comment on table t is 'a;' /* ; /* ; */ */;\n",
    "select 1 \\; select 2;",
    "select 1\n\\g\n",
    "\\echo hello; 'world;'\n",
    "\\pset null ';' \\\\ select 3;",
    "set standard_conforming_strings = off;\n",
    "SET SESSION standard_conforming_strings TO 'off';\n",
    "set standard_conforming_strings = on;\n",
    "reset standard_conforming_strings;\n",
)

TOKEN = st.sampled_from([*TOKENS.strip().replace("\n    ", "|").split("|"), *LINES])
RAW = st.lists(TOKEN, min_size=2, max_size=25).map("".join)
STATEMENT = st.sampled_from(STATEMENTS)
MIXED = st.lists(STATEMENT | TOKEN, min_size=1, max_size=12).map("".join)
SCRIPTS = RAW | MIXED
"""Any text, with what is hard to read in it."""


def readable_part(script: str, error: ScriptError) -> str:
    """What stands before a quote, comment or command that cannot be read to its end."""
    lines = script.split("\n")
    return "\n".join([*lines[: error.line - 1], lines[error.line - 1][: error.column - 1]])
