"""Schemas as JSON: they come back unchanged, and what is no schema is refused in plain words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.schemas import schema, schemas, table

from pytest_schema_parity.errors import SchemaFormatError
from pytest_schema_parity.schema.facts import Fact, Origin, Place, Schema

USERS = Fact(
    "table",
    'public."Üsers"',
    {"row_level_security": True},
    ("schema", "public"),
    Origin(Place("a b.sql", 1), Place("c.sql", 2), {"type": Place("d.sql", 3)}),
    provided=True,
)


def exactly(one: Schema) -> object:
    """All that a schema holds, and not only what counts for equality."""
    facts = {(*fact.key, repr(fact)) for fact in one}
    return facts, one.version, one.platform


@given(schemas(), st.none() | st.text())
def test_a_schema_comes_back_unchanged(one: Schema, platform: str | None) -> None:
    one = Schema(one, version="18.6", platform=platform)
    back = Schema.from_json(one.to_json())
    assert back == one
    assert exactly(back) == exactly(
        Schema(map(sorted_attributes, one), version="18.6", platform=platform)
    )
    assert back.to_json() == one.to_json()


@given(schemas())
def test_the_text_does_not_depend_on_the_order_of_facts(one: Schema) -> None:
    assert Schema(reversed(list(one)), version="18.6").to_json() == one.to_json()


def sorted_attributes(fact: Fact) -> Fact:
    attributes = dict(sorted(fact.attributes.items()))
    return Fact(fact.kind, fact.name, attributes, fact.parent, fact.origin, fact.provided)


def test_the_text_holds_one_fact_a_line() -> None:
    stored = Schema([USERS, Fact("schema", "public")], version="18.6", platform="supabase")
    assert stored.to_json() == (
        '{"schema_version": 1, "version": "18.6", "platform": "supabase", "facts": [\n'
        '{"kind": "schema", "name": "public"},\n'
        '{"kind": "table", "name": "public.\\"Üsers\\"", "parent": ["schema", "public"],'
        ' "attributes": {"row_level_security": true},'
        ' "made": ["a b.sql", 1], "changed": ["c.sql", 2],'
        ' "places": {"type": ["d.sql", 3]}, "provided": true}\n'
        "]}\n"
    )


def test_an_empty_schema_comes_back() -> None:
    assert Schema.from_json(Schema().to_json()) == Schema()


def test_bytes_are_read_as_well() -> None:
    one = Schema([USERS])
    assert Schema.from_json(one.to_json().encode()) == one


def test_what_json_cannot_hold_is_not_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Schema([Fact("table", "t", {"x": float("nan")})]).to_json()


def stored(*facts: object, **fields: object) -> str:
    return json.dumps({"schema_version": 1, "version": "", "facts": facts, **fields})


GOOD = {"kind": "table", "name": "t"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a stored schema: Expecting value: line 1 column 1"),
        ('{"a": 1', "line 1 column 8"),
        (b"\xff\xfe\xff", "not a stored schema"),
        ("[]", "the document: expected an object, found a list"),
        ("{}", "schema_version: expected a whole number, found nothing"),
        (
            '{"schema_version": true}',
            "schema_version: expected a whole number, found true or false",
        ),
        ('{"schema_version": 2}', "this release reads 1: upgrade pytest-schema-parity"),
        (
            '{"schema_version": 0}',
            r"this release reads 1: write the file again with Schema.to_json\(\)",
        ),
        (stored(fact=[]), "the document has an unknown field 'fact'; did you mean 'facts'?"),
        (stored(version=18), "version: expected a text, found a whole number"),
        (stored(platform=1), "platform: expected a text"),
        ('{"schema_version": 1, "version": ""}', "facts: expected a list, found nothing"),
        (stored("x"), r"facts\[0\]: expected an object, found a text"),
        (stored(GOOD, {"kind": "table"}), r"facts\[1\].name: expected a text, found nothing"),
        (stored({**GOOD, "kind": 1.5}), r"facts\[0\].kind: expected a text, found a number"),
        (
            stored({**GOOD, "atributes": {}}),
            "unknown field 'atributes'; did you mean 'attributes'?",
        ),
        (stored({**GOOD, "attributes": []}), r"attributes: expected an object, found a list"),
        (stored({**GOOD, "parent": "schema"}), r"parent: expected a list, found a text"),
        (stored({**GOOD, "parent": ["schema"]}), r"parent: expected \[kind, name\], found a list"),
        (stored({**GOOD, "parent": ["schema", 1]}), r"parent: expected \[kind, name\]"),
        (stored({**GOOD, "made": ["a.sql", "1"]}), r"made: expected \[file, line\]"),
        (stored({**GOOD, "changed": ["a.sql", True]}), r"changed: expected \[file, line\]"),
        (stored({**GOOD, "provided": 1}), "provided: expected true or false, found a whole number"),
        (stored(GOOD, GOOD), "table t occurs twice"),
        (stored({**GOOD, "parent": ["table", "t"]}), "the parents of table t form a cycle"),
        (
            stored({"kind": "column", "name": "t.c", "attributes": {"position": "first"}}),
            r"facts\[0\].attributes.position: expected a whole number, found a text",
        ),
        ('{"schema_version": 1, "schema_version": 1}', "'schema_version' occurs twice"),
        (stored({**GOOD, "attributes": {"x": float("nan")}}), "NaN is not a number"),
        ('{"schema_version": 1e999}', "1e999 is not a number"),
        ("1" * 5000, "not a stored schema"),
        ("[" * 100_000, "not a stored schema"),
    ],
)
def test_what_is_no_schema_is_refused_with_place_and_remedy(text: str, message: str) -> None:
    with pytest.raises(SchemaFormatError, match=message) as caught:
        Schema.from_json(text)
    assert len(str(caught.value)) < 250


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(
    st.sampled_from(["schema_version", "version", "platform", "facts"]) | st.text(max_size=3),
    st.sampled_from([None, "kind", "name", "parent", "attributes", "made", "provided"]),
    JSON,
)
def test_nothing_but_a_schema_or_a_refusal_comes_of_any_json(
    field: str, of_fact: str | None, value: object
) -> None:
    document = json.loads(schema(table("t", "a")).to_json())
    if of_fact:
        document["facts"][0][of_fact] = value
    else:
        document[field] = value
    try:
        read = Schema.from_json(json.dumps(document))
    except SchemaFormatError:
        return
    assert Schema.from_json(read.to_json()) == read


@given(st.text() | st.binary())
def test_any_text_is_a_schema_or_refused(text: str | bytes) -> None:
    with pytest.raises(SchemaFormatError):
        Schema.from_json(text)
