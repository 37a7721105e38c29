"""Renames: recognised where they are beyond doubt, and only there."""

from __future__ import annotations

import pytest
from support.schemas import fact, renamed, schema, table, unique_constraint, unique_index

from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.consequences import Mentions
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Schema
from pytest_schema_parity.schema.names import meant_name, relative, short, signature

USERS = table("users", "id int", "email text!", "name text!")


def changes(old: Schema, new: Schema) -> list[tuple[str, str, str]]:
    return [(one.change, one.kind, one.name) for one in compare(old, new)]


def only(old: Schema, new: Schema) -> Difference:
    (difference,) = compare(old, new)
    return difference


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ("a text!, b text!", "x text!, y text!", {"a": "x", "b": "y"}),
        ("a text!, b text!, c text!", "x text!, y text!, z text!", {"a": "x", "b": "y", "c": "z"}),
        ("a text!, n int!, b text!", "x text!, m int!, y text!", {"a": "x", "n": "m", "b": "y"}),
        ("min_price text!, max_price text!", "max_cost text!, min_cost text!", {}),
        ("min_price text!, max_price text!", "min_cost text!, max_cost text!", None),
        ("a text!, b text!", "x text!", {}),
        ("a text!, b text!", "x text!, y int!", {}),
        ("a text!, n int!, b text!", "x text!, y text!, m int!", {"n": "m"}),
    ],
)
def test_columns_side_by_side_are_renamed_in_their_order(
    old: str, new: str, pairs: dict[str, str] | None
) -> None:
    def of(columns: str) -> Schema:
        return schema(table("t", "id int!", *columns.split(", "), "last text"))

    for one, other, wanted in (
        (of(old), of(new), pairs),
        (of(new), of(old), pairs and {after: before for before, after in pairs.items()}),
    ):
        found = compare(one, other)
        renames = {
            short(str(each.expected), "public.t"): short(str(each.actual), "public.t")
            for each in found
            if each.change == "renamed"
        }
        assert renames == wanted if wanted is not None else len(renames) == 2
        lone = {short(each.name, "public.t") for each in found if each.change == "missing"}
        columns = {key[1].removeprefix("public.t.") for key in one.facts if key[0] == "column"}
        assert lone == columns - {"id", "last"} - renames.keys()


def test_swapped_names_are_no_rename() -> None:
    old, new = (schema(table("t", "id int", *two)) for two in (["a text!", "b text!"],) * 2)
    swapped = schema(table("t", "id int", "b text!", "a text!"))
    assert not compare(old, new)
    assert {one.change for one in compare(old, swapped)} == {"changed"}


@pytest.mark.parametrize(
    ("kind", "old", "new", "attributes"),
    [
        ("view", "public.v", "public.w", {"definition": "SELECT 1"}),
        ("enum", "public.e", 'public."E"', {"labels": ["a", "b"]}),
        ("trigger", "public.users.t", "public.users.u", {"timing": "BEFORE"}),
        ("function", "public.f(integer)", "public.g(integer)", {"body": "SELECT 1"}),
        ("index", "public.i", "public.j", {"columns": ["email"]}),
        ("constraint", "public.users.c", "public.users.d", {"definition": "CHECK (true)"}),
        ("policy", "public.users.p", 'public.users."p q"', {"using": "true"}),
    ],
)
def test_the_same_thing_under_another_name_is_renamed(
    kind: str, old: str, new: str, attributes: dict[str, str]
) -> None:
    parent = USERS[0].key if "users" in old else ("schema", "public")
    one = only(
        schema(USERS, fact(kind, old, parent, **attributes)),
        schema(USERS, fact(kind, new, parent, **attributes)),
    )
    assert (one.change, one.kind, one.name) == ("renamed", kind, old)
    assert (one.expected, one.actual, one.impact) == (old, new, "naming")


def test_another_definition_is_another_thing() -> None:
    old, new = fact("view", "public.v", definition="1"), fact("view", "public.w", definition="2")
    assert {one[0] for one in changes(schema(old), schema(new))} == {"missing", "extra"}


def test_another_kind_is_another_thing() -> None:
    old = fact("view", "public.v", definition="1")
    new = fact("materialized view", "public.w", definition="1")
    assert {one[0] for one in changes(schema(old), schema(new))} == {"missing", "extra"}


def test_another_parent_is_another_thing() -> None:
    old = fact("trigger", "public.users.t", ("table", "public.users"), timing="BEFORE")
    new = fact("trigger", "public.posts.t", ("table", "public.posts"), timing="BEFORE")
    posts = table("posts", "x")
    assert {one[0] for one in changes(schema(USERS, posts, old), schema(USERS, posts, new))} == {
        "missing",
        "extra",
    }


def test_of_three_that_are_alike_none_is_renamed() -> None:
    one, two, three = (fact("view", f"public.{name}", definition="1") for name in "abc")
    assert sorted(changes(schema(one), schema(two, three))) == [
        ("extra", "view", "public.b"),
        ("extra", "view", "public.c"),
        ("missing", "view", "public.a"),
    ]


@pytest.mark.parametrize("kind", ["schema", "extension", "privilege", "role", "publication"])
def test_some_kinds_are_known_by_name_alone(kind: str) -> None:
    old, new = fact(kind, "one", None, x=1), fact(kind, "two", None, x=1)
    assert {one[0] for one in changes(schema(old), schema(new))} == {"missing", "extra"}


def test_a_comment_makes_no_other_thing_and_is_told_beside_the_rename() -> None:
    old = fact("view", "public.v", definition="1", comment="x")
    new = fact("view", "public.w", definition="1", comment="y")
    assert changes(schema(old), schema(new)) == [
        ("renamed", "view", "public.v"),
        ("changed", "view", "public.v"),
    ]


class TestTables:
    def test_what_hangs_below_a_renamed_table_went_with_it(self) -> None:
        grant = fact("privilege", "ON TABLE public.users TO anon", USERS[0].key, privileges=["r"])
        before = [*USERS, grant, unique_index("users", "by_email")]
        after = renamed(before, USERS[0].key, "public.accounts")
        one = only(schema(before), schema(after))
        assert (one.change, one.actual) == ("renamed", "public.accounts")
        assert one.below == (
            ("column", "public.users.email"),
            ("column", "public.users.id"),
            ("column", "public.users.name"),
            ("privilege", "ON TABLE public.users TO anon"),
        )

    def test_what_differs_below_it_is_told(self) -> None:
        after = [
            fact(one.kind, one.name, one.parent, **{**one.attributes, "comment": "x"})
            if one.name.endswith("email")
            else one
            for one in renamed(USERS, USERS[0].key, "public.accounts")
        ]
        comment, rename = sorted(compare(schema(USERS), schema(after)), key=lambda one: one.kind)
        assert (comment.name, comment.attribute) == ("public.users.email", "comment")
        assert ("column", "public.users.email") not in rename.below
        assert len(rename.below) == 2

    def test_keys_that_a_tool_named_for_the_table_are_renamed_with_it(self) -> None:
        old = schema(USERS, unique_constraint("users", "users_pkey"))
        new = schema(
            table("accounts", "id int", "email text!", "name text!"),
            unique_constraint("accounts", "accounts_pkey"),
        )
        (one,) = compare(old, new)
        assert (one.change, one.kind, one.name) == ("renamed", "table", "public.users")
        assert ("constraint", "public.users.users_pkey") in one.below
        assert ("index", "public.users_pkey") in one.below

    def test_a_key_of_another_name_is_renamed_on_its_own(self) -> None:
        old = schema(USERS, unique_constraint("users", "users_pkey"))
        new = schema(
            table("accounts", "id int", "email text!", "name text!"),
            unique_constraint("accounts", "key_of_accounts"),
        )
        assert changes(old, new) == [
            ("renamed", "table", "public.users"),
            ("renamed", "constraint", "public.users.users_pkey"),
        ]

    def test_a_table_with_another_column_is_another_table(self) -> None:
        new = table("accounts", "id int", "email text", "name int")
        assert {one[0] for one in changes(schema(USERS), schema(new))} == {"missing", "extra"}

    @pytest.mark.parametrize("kind", ["table", "foreign table", "composite type"])
    def test_nothing_is_known_of_what_has_no_columns(self, kind: str) -> None:
        old, new = fact(kind, "public.a", owner="x"), fact(kind, "public.b", owner="x")
        assert {one[0] for one in changes(schema(old), schema(new))} == {"missing", "extra"}


class TestConstraints:
    def test_a_constraint_and_its_index_are_one_rename(self) -> None:
        one = only(
            schema(USERS, unique_constraint("users", "users_email_key")),
            schema(USERS, unique_constraint("users", "users_email_unique")),
        )
        assert (one.kind, one.change) == ("constraint", "renamed")
        assert one.below == (("index", "public.users_email_key"),)

    def test_an_index_of_another_definition_makes_another_constraint(self) -> None:
        old = unique_constraint("users", "a")
        new = unique_constraint("users", "b")
        new[1] = fact("index", "public.b", new[0].key, unique=True, form="constraint", x=1)
        assert {one[0] for one in changes(schema(USERS, old), schema(USERS, new))} == {
            "missing",
            "extra",
        }


class TestColumns:
    def test_a_column_between_the_same_neighbours_is_renamed(self) -> None:
        one = only(schema(USERS), schema(table("users", "id int", "mail text!", "name text!")))
        assert (one.change, one.kind, one.actual) == ("renamed", "column", "public.users.mail")

    def test_a_column_at_the_end_has_one_neighbour(self) -> None:
        one = only(schema(USERS), schema(table("users", "id int", "email text!", "label text!")))
        assert (one.change, one.name) == ("renamed", "public.users.name")

    @pytest.mark.parametrize(
        "columns",
        [
            pytest.param(["mail text!", "id int", "name text!"], id="another place"),
            pytest.param(["id int", "mail int!", "name text!"], id="another type"),
            pytest.param(
                ["id int", "mail text!", "post text!", "name text!"], id="two at the place"
            ),
        ],
    )
    def test_otherwise_it_is_another_column(self, columns: list[str]) -> None:
        found = {one[0] for one in changes(schema(USERS), schema(table("users", *columns)))}
        assert found == {"missing", "extra"}

    def test_a_type_alone_tells_no_column_from_another(self) -> None:
        old, new = table("t", "id int", "a text", "z int"), table("t", "id int", "b text", "z int")
        assert {one[0] for one in changes(schema(old), schema(new))} == {"missing", "extra"}

    def test_without_any_neighbour_there_is_no_place(self) -> None:
        old, new = table("t", "a text!"), table("t", "b text!")
        assert {one[0] for one in changes(schema(old), schema(new))} == {"missing", "extra"}

    def test_a_privilege_on_a_renamed_column_went_with_it(self) -> None:
        grant = fact("privilege", "ON COLUMN public.users.email TO x", USERS[2].key, privileges=[])
        before = [*USERS, grant]
        one = only(schema(before), schema(renamed(before, USERS[2].key, "public.users.mail")))
        assert one.below == (grant.key,)


@pytest.mark.parametrize(
    ("name", "parent", "expected"),
    [
        ("public.users.email", "public.users", ("(parent)", ".", "email")),
        ("public.users_email", "public.users", ("public", ".", "users_email")),
        ('public."users"', "public.users", ("public", ".", '"users"')),
        ("public.users", "public.t.users", ("public", ".", "(namesake)")),
        ('public."a public.users"', "public.users", ("public", ".", '"a public.users"')),
        ('public."x""y"."x""y"', 'public."x""y"', ("(parent)", ".", '"x""y"')),
    ],
)
def test_a_relative_name_is_what_stays_when_the_parent_is_renamed(
    name: str, parent: str, expected: tuple[str, ...]
) -> None:
    assert relative(name, parent) == expected


def test_a_relative_name_keeps_what_stands_before_the_parents() -> None:
    assert "".join(relative("ON TABLE public.t TO x", "public.t")) == "ON TABLE (parent) TO x"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("public.f(integer, text[])", "(integer,text[])"),
        ('public."f(x)"', ""),
        ("public.f()", "()"),
    ],
)
def test_a_signature_is_the_arguments(name: str, expected: str) -> None:
    assert signature(name).replace(" ", "") == expected


def test_a_short_name_leaves_the_parents_out() -> None:
    assert short("public.users.email", "public.users") == "email"
    assert short("public.users_email", "public.users") == "public.users_email"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("users", "public.users"), ("public.user", "public.users"), ("zzz", None)],
)
def test_the_nearest_name_may_only_lack_its_schema(name: str, meant: str | None) -> None:
    assert meant_name(name, ["public.posts", "public.users"]) == meant


def test_a_name_that_begins_with_its_arguments_stops_nothing() -> None:
    assert not Mentions({("column", "(x)"): ("column", "(y)")})


def test_a_namesake_of_another_kind_does_not_follow_a_rename() -> None:
    """An extension may have the name of a schema, and is another thing when both are gone."""
    body = {"body": "SELECT 1", "volatility": "immutable"}
    old = [fact("schema", "a", None), fact("function", "a.f()", ("schema", "a"), **body)]
    new = [fact("schema", "b", None), fact("function", "b.f()", ("schema", "b"), **body)]
    found = compare(
        schema(*old, fact("extension", "a", None)), schema(*new, fact("extension", "b", None))
    )
    assert {("missing", "a"), ("extra", "b")} <= {
        (one.change, one.name) for one in found if one.kind == "extension"
    }
