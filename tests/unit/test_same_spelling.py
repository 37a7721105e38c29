"""Facts that PostgreSQL treats alike are equal; those that it does not stay apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.schemas import fact, schema, table

from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.expressions import canonical
from pytest_schema_parity.schema.facts import Schema, Value
from pytest_schema_parity.schema.list_differences import differing_items

ATOMS = st.sampled_from(
    [
        *("a", "t.a", "'x'::text", "'x'::character varying", "'(,]'::text", "1", "2.5", "now()"),
        *("CURRENT_TIMESTAMP", "ARRAY[]::text[]", "NULL::integer", '"user"', "user", "b.now()"),
    ]
)
TYPES = st.sampled_from(
    [
        *("text", "text[]", "character varying", "character varying(3)", "public.d", "integer[]"),
        *("timestamp(6) with time zone", "timestamp(3) without time zone", "interval(6)", "bigint"),
    ]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({})::{}".format, inner, TYPES),
        st.builds("({} = ANY ({}))".format, inner, inner),
        st.builds("(ARRAY[{}, {}])::{}".format, inner, inner, TYPES),
        st.builds("ARRAY[({})::{}, {}]".format, inner, TYPES, inner),
        st.builds("f({}, {})".format, inner, inner),
        st.builds("({} AND ({}))".format, inner, inner),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_the_one_spelling_is_its_own(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@given(st.text("()[]'\"$ :,.ab1-", max_size=20))
def test_any_text_has_a_spelling(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


def test_what_is_nested_too_deeply_is_left_alone() -> None:
    deep = "(" * 5_000 + "CURRENT_TIMESTAMP" + ")" * 5_000
    assert canonical(deep) == deep


@pytest.mark.parametrize(
    ("attribute", "kind", "one", "other"),
    [
        ("type", "column", "timestamp(6) with time zone", "timestamp with time zone"),
        ("type", "column", "time(6) without time zone[]", "time without time zone[]"),
        ("type", "column", "interval day to second(6)", "interval day to second"),
        ("definition", "view", " SELECT t.id\n   FROM s.t;", " SELECT id\n   FROM s.t;"),
        ("using", "policy", "(a = CURRENT_TIMESTAMP)", "(a = now())"),
        ("options", "table", ["autovacuum_enabled=off"], ["autovacuum_enabled=false"]),
        ("not_null_name", "column", "old_id_not_null", "older_id_not_null1"),
    ],
)
def test_are_the_same(attribute: str, kind: str, one: Value, other: Value) -> None:
    facts = [fact(kind, "public.x.y", **{attribute: value}) for value in (one, other)]
    assert facts[0] == facts[1]
    assert not compare(schema(facts[0]), schema(facts[1]))
    assert schema(facts[0]) == Schema.from_json(schema(facts[1]).to_json())


@pytest.mark.parametrize(
    ("attribute", "kind", "one", "other"),
    [
        ("type", "column", "timestamp(5) with time zone", "timestamp with time zone"),
        ("type", "column", "character varying(6)", "character varying"),
        ("definition", "view", " SELECT t.id\n   FROM s.t,\n u;", " SELECT id\n   FROM s.t,\n u;"),
        ("definition", "view", " SELECT t.f(1)\n   FROM s.t;", " SELECT f(1)\n   FROM s.t;"),
        ("definition", "view", " SELECT t.*\n   FROM s.t;", " SELECT *\n   FROM s.t;"),
        ("definition", "view", " SELECT a::t.b\n   FROM s.t;", " SELECT a::b\n   FROM s.t;"),
        ("using", "policy", "(a = CURRENT_TIMESTAMP(0))", "(a = now())"),
        ("using", "policy", '(a = "user")', "(a = CURRENT_USER)"),
        ("using", "policy", "(a = s.transaction_timestamp())", "(a = s.now())"),
        ("options", "table", ["fillfactor=0"], ["fillfactor=off"]),
        ("not_null_name", "column", "mine", "old_id_not_null"),
        ("comment", "view", "CURRENT_TIMESTAMP", "now()"),
        ("labels", "enum", ["CURRENT_TIMESTAMP"], ["now()"]),
        ("body", "function", "SELECT CURRENT_TIMESTAMP", "SELECT now()"),
    ],
)
def test_are_not_the_same(attribute: str, kind: str, one: Value, other: Value) -> None:
    facts = [fact(kind, "public.x.y", **{attribute: value}) for value in (one, other)]
    assert facts[0] != facts[1]
    assert len(compare(schema(facts[0]), schema(facts[1]))) == 1


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        ("character varying(80)", "NULL::character varying", None),
        ("text", "'x'::text", "'x'::character varying"),
        ("text[]", "ARRAY[]::text[]", "'{}'::character varying[]"),
        ("bigint", "'5'::bigint", "5"),
        ("numeric(8,2)", "(0)::numeric", "0"),
        ("double precision", "0.50", "'0.5'::double precision"),
        ("integer", "'-0'::integer", "0"),
        ("numeric", "'-0'::numeric", "0"),
        ("timestamp without time zone", "LOCALTIMESTAMP", "now()"),
    ],
)
def test_are_the_same_default(type_: str, one: str, other: str | None) -> None:
    assert default(type_, one) == default(type_, other)


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        ("public.d", "NULL::text", None),
        ("text", "'NULL'::text", None),
        ("text", "'x '::bpchar", "'x '::text"),
        ("text[]", "'{}'::text[]", "'{\"\"}'::text[]"),
        ("numeric", "0", "0.0"),
        ("double precision", "'-0'::double precision", "0"),
        ("real", "'-0.0'::real", "'0'::real"),
        ("numeric", "1234567890123456789012345678901", "1234567890123456789012345678902"),
        ("integer", "'5'::text", "5"),
        ("character varying(1)", "(a)::character varying(1)", "a"),
        ("timestamp without time zone", "('x'::text)::date", "'x'::text"),
    ],
)
def test_are_not_the_same_default(type_: str, one: str, other: str | None) -> None:
    assert default(type_, one) != default(type_, other)


def default(type_: str, text: str | None) -> Schema:
    shown: dict[str, Value] = {} if text is None else {"default": text}
    return schema(
        table("t"), fact("column", "public.t.a", ("table", "public.t"), type=type_, **shown)
    )


LABELS = st.lists(st.sampled_from("abcdef"), unique=True)


@given(LABELS, LABELS)
def test_differing_items_tell_the_one_list_from_the_other(old: list[str], new: list[str]) -> None:
    ours, theirs = differing_items(old, new)
    assert (theirs, ours) == differing_items(new, old)
    assert set(old) - set(new) <= set(ours)
    assert (ours == theirs) == (old == new)
    added_or_dropped = set(old) ^ set(new)
    if not added_or_dropped >= {*ours, *theirs}:  # some stand elsewhere
        first = old.index(ours[0]) if ours else new.index(theirs[0])
        assert old == [*old[:first], *ours, *old[first + len(ours) :]]
        assert new == [*old[:first], *theirs, *old[first + len(ours) :]]
