"""Facts, and the narrower schemas that one can ask for."""

from __future__ import annotations

import pickle

import pytest
from support.schemas import fact, schema, table

from pytest_schema_parity.errors import SchemaParityError, UnknownName
from pytest_schema_parity.schema.facts import Fact, Origin, Place, Schema
from pytest_schema_parity.schema.kinds import KINDS

USERS = table("users", "id int", "email text")
TRIGGER = fact("trigger", "public.users.t", USERS[0].key)
VIEW = fact("materialized view", "public.totals")
BILLING = [fact("schema", "billing", None), fact("table", "billing.users", ("schema", "billing"))]
EVERYTHING = schema(USERS, TRIGGER, VIEW, BILLING)


def names(of: Schema) -> list[str]:
    return [one.name for one in of]


def test_where_a_fact_comes_from_does_not_count() -> None:
    place = Place("a.sql", 1)
    assert Fact("table", "t", origin=Origin(place), provided=True) == Fact("table", "t")
    assert Fact("table", "t") != Fact("table", "t", {"x": 1})
    assert Fact("table", "t") != Fact("table", "t", parent=("schema", "public"))


def test_the_last_change_is_where_to_look_first() -> None:
    made, changed = Place("a.sql", 1), Place("b.sql", 2)
    assert Origin(made, changed).place == changed
    assert Origin(made).place == made
    assert Origin().place is None
    assert str(changed) == "b.sql:2"


def test_a_schema_is_a_set_of_facts() -> None:
    assert Schema(reversed(list(EVERYTHING))) == EVERYTHING
    assert schema(USERS) != EVERYTHING
    assert EVERYTHING != "a schema"
    assert len(EVERYTHING) == len(EVERYTHING.facts) == 8
    assert TRIGGER.key in EVERYTHING
    assert EVERYTHING[TRIGGER.key] == EVERYTHING.get(TRIGGER.key) == TRIGGER
    assert EVERYTHING.get(("table", "no")) is None


def test_two_facts_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"table public\.users occurs twice"):
        schema(USERS, fact("table", "public.users", x=1))


def test_facts_are_read_only() -> None:
    with pytest.raises(TypeError):
        EVERYTHING.facts[TRIGGER.key] = TRIGGER  # type: ignore[index]


def test_a_schema_is_short_to_show_and_can_be_sent_to_a_process() -> None:
    assert repr(EVERYTHING) == "<Schema of 8 facts>"
    assert pickle.loads(pickle.dumps(EVERYTHING)) == EVERYTHING


def test_a_thing_by_its_name_is_the_thing_and_all_below_it() -> None:
    users = EVERYTHING.tables["public.users"]
    assert isinstance(users, Schema)
    assert names(users) == ["public.users", "public.users.id", "public.users.email", TRIGGER.name]
    assert users == schema(USERS, TRIGGER).tables["public.users"]
    assert users != schema(USERS).tables["public.users"]
    assert users.version == "18.6"


def test_the_names_of_a_kind_are_a_mapping() -> None:
    assert list(EVERYTHING.tables) == ["public.users", "billing.users"]
    assert len(EVERYTHING.tables) == 2
    assert "public.users" in EVERYTHING.tables
    assert "public.totals" not in EVERYTHING.tables
    assert EVERYTHING.tables == schema(TRIGGER, BILLING, USERS).tables
    assert repr(EVERYTHING.triggers) == "<1 facts of kind 'trigger'>"


def test_every_mapping_is_of_a_known_kind() -> None:
    mappings = {
        name: getattr(EVERYTHING, name)._kind
        for name, value in vars(Schema).items()
        if hasattr(value, "__get__") and type(value).__name__ == "_Every"
    }
    assert mappings["materialized_views"] == "materialized view"
    assert set(mappings.values()) <= set(KINDS)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("public.user", "there is no table public.user; did you mean public.users?"),
        ("users", "there is no table users; did you mean public.users?"),
        ("Users", "there is no table Users; did you mean public.users?"),
        (
            "public.totals",
            "there is no table public.totals; materialized view public.totals exists",
        ),
        ("nothing like it", "there is no table nothing like it"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_the_nearest(name: str, message: str) -> None:
    with pytest.raises(KeyError) as caught:
        EVERYTHING.tables[name]
    assert str(caught.value) == message
    assert isinstance(caught.value, SchemaParityError)


def test_the_facts_of_a_kind_come_without_what_is_below_them() -> None:
    assert names(EVERYTHING.of_kind("table")) == ["public.users", "billing.users"]
    assert not list(EVERYTHING.of_kind("policy"))


def test_a_kind_that_does_not_exist_is_no_empty_schema() -> None:
    with pytest.raises(UnknownName, match=r"no kind 'triger'; did you mean trigger\?"):
        EVERYTHING.of_kind("triger")


def test_one_schema_of_the_database_with_all_that_is_in_it() -> None:
    assert names(EVERYTHING.in_schema("billing")) == ["billing", "billing.users"]
    assert len(EVERYTHING.in_schema("public")) == 6
    with pytest.raises(UnknownName, match=r"no schema biling; did you mean billing\?"):
        EVERYTHING.in_schema("biling")
