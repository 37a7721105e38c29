"""What a server deparses has one spelling; expressions that differ in meaning keep two."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import psycopg
import pytest
from psycopg import sql

from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.databases import create_database, drop_database
from pytest_schema_parity.schema.expressions import canonical

TABLE = """
CREATE TYPE public.mood AS ENUM ('sad', 'ok', 'glad');
CREATE DOMAIN public.short AS varchar(5);
CREATE DOMAIN public.code AS text;
CREATE DOMAIN public.several AS text[];
CREATE FUNCTION public.now() RETURNS timestamptz IMMUTABLE LANGUAGE sql
    AS $$SELECT 'epoch'::timestamptz$$;
CREATE TABLE public.t (
    v varchar(20), w varchar, x text, c char(3), n numeric(6, 2), i integer, s smallint, b bigint,
    f double precision, d date, ts timestamp, tz timestamptz(3), m public.mood, sh public.short,
    co public.code, va varchar[], ta text[], ia integer[], se public.several, bo boolean,
    j jsonb, u uuid, iv interval, bi bit(4), nm name, "current_date" date, "array" text
);
"""
ROWS = """
INSERT INTO public.t VALUES
('a', 'b', 'a', 'a', 1, 1, 1, 1, 1, '2020-01-01', '2020-01-01', '2020-01-01Z', 'sad', 'a', 'a',
 '{a,b}', '{a,b}', '{1,2}', '{a,b}', true, '{"a": 1}', NULL, '1 day', B'1010', 'a',
 '2020-01-01', 'a'),
('{a,b}', 'a ', 'A', 'b', 2.5, 2, 2, 2, 2.5, '1999-12-31', '1999-12-31 23:59:59.9999996',
 '1999-12-31Z', 'ok', '{b}', 'b', '{}', '{}', '{}', NULL, false, '[]', gen_random_uuid(),
 '24:00:00', B'0000', 'b', '1999-12-31', '{a,b}'),
('', NULL, '', ' ', -1, -1, -1, -1, -1, 'epoch', 'epoch', 'epoch', 'glad', '', '', NULL,
 '{NULL}', NULL, '{x}', NULL, 'null', NULL, NULL, B'1111', '', 'epoch', ''),
(NULL, 'x', 'ab', 'abc', 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, '{{a,b},{c,d}}',
 '{{a},{b}}', '{{1},{2}}', NULL, true, NULL, NULL, '-1 mons', NULL, NULL, NULL, NULL)
"""
EXPRESSIONS = [
    *("v IN ('a', 'b')", "v IN ('a', 'c')", "v IN ('b', 'a')", "v NOT IN ('a', 'b')"),
    *("v IN ('a')", "v = 'a'", "v <> 'a'", "v = ANY ('{a,b}')", "v = ANY (ARRAY['a', 'd'])"),
    *("w IN ('a', 'b')", "w IN ('a ', 'b')", "w IN ('a''b', 'c')", "w IN ('a, b', 'c')"),
    *("w IN (E'a\\nb', E'\\\\')", "w IN ('a', NULL)", "w IN ('a', v)", "w IN (v, x)"),
    *("w = ANY (ARRAY[v, w])", "w::text = ANY (ARRAY[v::text, 'z'])", "w IN (lower(v), 'q')"),
    *("w = ANY (va)", "x = ANY (va)", "x = ANY (va::text[])", "w = ALL (ta)", "w = ANY (se)"),
    *(
        "x IN ('a', 'b')",
        "x IN ('a', v)",
        "x IN (v, w)",
        "x NOT IN (v, 'n')",
        "x = ALL (ARRAY[v, 'm'])",
    ),
    *("c IN ('a', 'b')", "c IN ('a', v)", "c::text IN ('a', 'b')", "c NOT IN ('a', 'bb')"),
    *("sh IN ('a', 'b')", "sh NOT IN ('a', 'b')", "co IN ('a', 'b')", "co = 'a'", "sh = 'a'"),
    *("nm IN ('a', 'b')", "nm::varchar IN ('a', 'b')", "m IN ('sad', 'ok')", "m > 'sad'"),
    *("m::text IN ('sad', 'ok')", "m::varchar IN ('sad', 'ok')", "i IN (1, 2)", "i IN (1, 2.5)"),
    *("s IN (1, 2)", "b IN (1, 2)", "b IN (1, 3000000000)", "n IN (1, 2)", "n IN (1, 2.5)"),
    *("f IN (1, 2)", "f IN (1, 2.5)", "i IN (-1, -2)", "i = -1", "i > - 1 - 1", "n > -1.5"),
    *("n::text IN ('1', '2')", "i::varchar IN ('1', '2')", "i::varchar(1) IN ('1', '2')"),
    *("d IN ('2020-01-01', '2020-01-02')", "ts IN ('2020-01-01', '2020-01-02')"),
    *("tz > '2020-01-01Z'", "tz > CURRENT_TIMESTAMP", "tz > public.now()", "tz < now()"),
    *("ts > LOCALTIMESTAMP", "d > CURRENT_DATE", 'd > "current_date"', "ts < CURRENT_TIMESTAMP(0)"),
    *("tz > '2020-01-01Z'::timestamptz(0)", "ts::timestamp(0) = ts", "ts::timestamp(5) = ts"),
    *("tz > now() - '1 day'::interval", "iv > '1 day'", "iv > '1 day'::interval hour"),
    *(
        "ia = ARRAY[1, 2]",
        "ia = ARRAY[]::integer[]",
        "ta = ARRAY[]::text[]",
        "ta = '{}'",
        "ta = '{x}'",
    ),
    *(
        "ta = ARRAY['a', 'b']",
        "ta = ARRAY['a', x]",
        "ta = ARRAY['a', v]::text[]",
        "va = ARRAY['a', 'b']::varchar[]",
        "ta = va::text[]",
    ),
    *("ta = ARRAY['a', 'b']::varchar[]::text[]", "ta = ARRAY['ab', 'b']::varchar(1)[]::text[]"),
    *("ta = ARRAY['ab', 'b']::varchar(2)[]::text[]", "ta = ARRAY[va, va]::text[]"),
    *(
        "ta = ARRAY[va::text, va::text]",
        "ta = (ARRAY[ta, ta])::text[]",
        "ta = ARRAY[ta::text, 'a']",
    ),
    *("ta = (ARRAY['{a,b}'::text[], '{c,d}'::text[]])::varchar[]::text[]",),
    *("ta = ARRAY['{a,b}'::text[]::text, '{c,d}'::text[]::text]",),
    *("ta = ARRAY['{a,b}'::public.several, '{c,d}'::public.several]::text[]",),
    *(
        "(ARRAY['a', v]::text[])[1] = x",
        "ARRAY[1, 2]::text[] = ta",
        "ARRAY[1, 2]::bigint[] <> ia::bigint[]",
    ),
    *("v LIKE 'a%'", "v ~ '^a'", "v ~~* 'A%'", "v SIMILAR TO 'a|b'", "v BETWEEN 'a' AND 'b'"),
    *("v = 'a' COLLATE \"C\"", "v COLLATE \"C\" IN ('a', 'b')", "x COLLATE \"C\" IN ('a', v)"),
    *("v || 'b' = 'ab'", "coalesce(v, 'a') = 'a'", "nullif(v, '') IS NULL", "v IS NOT NULL"),
    *(
        "CASE v WHEN 'a' THEN 1 WHEN 'b' THEN 2 ELSE 3 END > 1",
        "CASE WHEN v IN ('a') THEN true END",
    ),
    *("CASE WHEN v IN ('a', 'b') THEN w IN ('c', 'd') ELSE x IN ('e', v) END",),
    *("(v, w) IN (('a', 'b'), ('c', 'd'))", "(v IN ('a', 'b')) = (w IN ('c', 'd'))"),
    *("NOT (v IN ('a', 'b') OR w IN ('a', 'b'))", "NOT (v IN ('a', 'b') AND w IN ('a', 'b'))"),
    *("i > 0 AND i < 5 AND s > 0", "i > 0 AND (i < 5 OR s > 0)", "(i > 0 AND i < 5) OR s > 0"),
    *("i - 1 - 2 = 0", "i - (1 - 2) = 0", "j @> '{\"a\": 1}'", "j ? 'a'", "j ?| ARRAY['a', 'b']"),
    *("j ->> 'a' IN ('x', 'y')", "(j ->> 'a')::varchar IN ('x', 'y')", "j #> '{a,b}' IS NULL"),
    *("bi IN (B'1010', B'1111')", "bi = 10::bit(4)", "bo IS TRUE", "bo IN (true, NULL)", "NOT bo"),
    *("u IN ('00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000001')",),
    *("extract(year FROM ts) > 2000", "date_trunc('day', ts) = ts", "tz AT TIME ZONE 'UTC' > ts"),
    *("v::text::varchar(2) = x", "v::varchar(3)::text = x", "'a'::varchar(1)::text = x"),
    *("'ab'::varchar(1) = x", "'ab'::varchar = x", "'ab '::char(4)::text = x", "'ab '::text = x"),
    *(
        "\"array\" = 'a'",
        "\"array\" IN ('a', v)",
        '"array" = ANY (ARRAY["array", \'b\']::varchar[])',
    ),
    *(
        "starts_with(v, 'a')",
        "length(v) > 1",
        "position('a' IN v) > 0",
        "substring(v FROM 1 FOR 1) = 'a'",
    ),
    *("overlay(v PLACING 'b' FROM 1) = x", "trim(BOTH ' ' FROM v) = x", "v IS DISTINCT FROM w"),
    *("pg_typeof(CASE WHEN i > 0 THEN v END) = 'text'::regtype", "num_nonnulls(v, w) = 1"),
    *(
        "current_user IN ('a', 'b')",
        "CURRENT_ROLE = 'a'",
        "session_user = 'a'",
        "xmlexists('//a' PASSING NULL)",
    ),
]
"""Each differs in meaning from each other, but for those in :data:`ALIKE`."""
ALIKE = [
    {"v IN ('a', 'b')", "v = ANY (ARRAY['a', 'b'])", "v::text IN ('a', 'b')"},
    {"tz > CURRENT_TIMESTAMP", "tz > now()", "tz > transaction_timestamp()"},
    {"ts > LOCALTIMESTAMP", "ts > now()::timestamp", "ts > now()::timestamp(6)"},
    {"d > CURRENT_DATE", "d > now()::date"},
    {"ta = ARRAY['a', 'b']", "ta = ARRAY['a', 'b']::varchar[]::text[]"},
    {"ta = '{}'", "ta = ARRAY[]::text[]"},
    {"CURRENT_ROLE = 'a'", "current_user = 'a'", "user = 'a'"},
    {"x IN ('a', 'b')", "x IN ('a'::varchar, 'b'::varchar)"},
    {"i > 0 AND i < 5 AND s > 0", "(i > 0 AND i < 5) AND s > 0"},
]
UNCERTAIN = {"w = ANY (ARRAY[v, w])"}
"""Nothing but columns in an array: the text does not say whether these are arrays themselves."""


@pytest.fixture(scope="module")
def connection(cluster: Cluster) -> Iterator[psycopg.Connection]:
    conninfo = create_database(cluster, "spellings")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(TABLE)
        connection.execute("SET search_path = pg_catalog")
        connection.execute(ROWS)
        yield connection
    drop_database(cluster, "spellings", force=True)


def deparsed(connection: psycopg.Connection, expression: str) -> str:
    """The text of a condition as the server has it after it was given this one."""
    with connection.transaction(force_rollback=True):
        connection.execute(
            sql.SQL("ALTER TABLE public.t ADD CONSTRAINT k CHECK ({}) NOT VALID").format(
                sql.SQL(expression)
            )
        )
        row = connection.execute(
            "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = 'k'"
        ).fetchone()
    assert row is not None
    return str(row[0])


def reloads(connection: psycopg.Connection, expression: str) -> list[str]:
    """The texts that a condition has from reload to reload, until it stays."""
    found = [deparsed(connection, expression)]
    while (text := deparsed(connection, found[-1])) not in found:
        found.append(text)
    return found


def outcomes(connection: psycopg.Connection, expression: str) -> list[object]:
    """What a condition comes to for each row, or the error for it."""
    found: list[object] = []
    for number in range(4):
        try:
            query = f"SELECT {expression} FROM public.t ORDER BY i OFFSET {number} LIMIT 1"
            found.append(connection.execute(query.encode()).fetchone())
        except psycopg.Error as error:
            found.append(error.sqlstate)
    return found


@pytest.fixture(scope="module")
def spelled(connection: psycopg.Connection) -> dict[str, list[str]]:
    """Every expression with the texts that it has from reload to reload."""
    every = {*EXPRESSIONS}.union(*ALIKE)
    return {one: reloads(connection, one) for one in sorted(every)}


def test_no_reload_changes_the_spelling(spelled: dict[str, list[str]]) -> None:
    assert len(EXPRESSIONS) >= 150
    assert sum(len(texts) > 1 for texts in spelled.values()) >= 15
    loose = {
        one: texts for one, texts in spelled.items() if len({canonical(text) for text in texts}) > 1
    }
    assert set(loose) == UNCERTAIN


def test_what_is_alike_has_one_spelling(spelled: dict[str, list[str]]) -> None:
    for group in ALIKE:
        assert len({canonical(spelled[one][-1]) for one in group}) == 1, group


def test_what_differs_in_meaning_never_has_one_spelling(
    connection: psycopg.Connection, spelled: dict[str, list[str]]
) -> None:
    """Of all pairs; where a spelling is shared, the server says that the outcomes are, too."""
    shared = []
    for one, other in combinations(spelled, 2):
        mine, yours = ({canonical(text) for text in spelled[name]} for name in (one, other))
        if mine & yours:
            assert outcomes(connection, one) == outcomes(connection, other)
            if not (set(spelled[one]) & set(spelled[other]) or is_alike(one, other)):
                shared.append((one, other))
    assert shared == []


def is_alike(one: str, other: str) -> bool:
    return any({one, other} <= group for group in ALIKE)
