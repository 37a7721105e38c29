"""What is reported for which drift, rule by rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.schemas import PUBLIC, fact, schema, table, unique_constraint, unique_index

from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Comparison, Difference, Origins
from pytest_schema_parity.schema.facts import Fact, Origin, Place, Schema, Value
from pytest_schema_parity.schema.kinds import IMPACTS, KINDS, Kind

USERS = table("users", "id int", "email text")


def only(comparison: Comparison) -> Difference:
    """The one difference that was found."""
    (difference,) = comparison
    return difference


def told(comparison: Comparison) -> list[tuple[str, str, str, str | None]]:
    return [(one.kind, one.name, one.change, one.attribute) for one in comparison]


def test_equal_schemas_are_at_parity() -> None:
    assert not compare(schema(USERS), schema(USERS))


def test_a_missing_fact_is_shown_with_what_it_says() -> None:
    view = fact("view", "public.v", definition="SELECT 1")
    one = only(compare(schema(view), schema()))
    assert (one.kind, one.name, one.change) == ("view", "public.v", "missing")
    assert (one.attribute, one.expected, one.actual) == (None, {"definition": "SELECT 1"}, None)
    assert one.impact == "behavior"


def test_an_extra_fact_is_shown_with_what_it_says() -> None:
    view = fact("view", "public.v", definition="SELECT 1")
    one = only(compare(schema(), schema(view)))
    assert (one.change, one.expected, one.actual) == ("extra", None, {"definition": "SELECT 1"})


def test_each_attribute_that_changed_is_a_difference_of_its_own() -> None:
    old = fact("view", "public.v", definition="SELECT 1", security_invoker=True, same="x")
    new = fact("view", "public.v", definition="SELECT 2", same="x")
    definition, invoker = compare(schema(old), schema(new))
    assert (definition.attribute, definition.expected, definition.actual) == (
        "definition",
        "SELECT 1",
        "SELECT 2",
    )
    assert (invoker.attribute, invoker.expected, invoker.actual) == ("security_invoker", True, None)
    assert (definition.impact, invoker.impact) == ("behavior", "security")


@pytest.mark.parametrize("value", [False, 0, "", [], {}, None])
def test_an_attribute_that_says_nothing_is_not_the_same_as_none(value: Value) -> None:
    old, new = fact("view", "public.v"), fact("view", "public.v", option=value)
    assert told(compare(schema(old), schema(new))) == [("view", "public.v", "changed", "option")]


def test_a_change_tells_what_changed_it_and_a_lone_fact_what_made_it() -> None:
    made, changed = Place("a.sql", 3), Place("b.sql", 9)
    old = replace(fact("view", "public.v", definition="1"), origin=Origin(made, changed))
    new = replace(fact("view", "public.v", definition="2"), origin=Origin(made, None))
    assert only(compare(schema(old), schema(new))).origin == Origins(changed, made)
    assert only(compare(schema(old), schema())).origin == Origins(made, None)
    assert only(compare(schema(), schema(new))).origin == Origins(None, made)


class TestFolding:
    def test_what_hangs_below_a_missing_fact_folds_into_the_topmost(self) -> None:
        key = unique_constraint("users", "users_email_key")
        grant = fact("privilege", "ON COLUMN public.users.id TO anon", USERS[1].key)
        one = only(compare(schema(USERS, key, grant), schema()))
        assert one.name == "public.users"
        assert one.below == (
            ("column", "public.users.email"),
            ("column", "public.users.id"),
            ("constraint", "public.users.users_email_key"),
            ("index", "public.users_email_key"),
            ("privilege", "ON COLUMN public.users.id TO anon"),
        )

    def test_what_hangs_below_an_extra_fact_folds_too(self) -> None:
        one = only(compare(schema(), schema(USERS)))
        assert (one.change, len(one.below)) == ("extra", 2)

    def test_what_hangs_below_a_fact_that_is_there_stands_for_itself(self) -> None:
        comparison = compare(schema(USERS), schema(USERS[0]))
        assert [one.name for one in comparison] == ["public.users.email", "public.users.id"]


class TestOrder:
    def test_an_order_is_told_once_on_the_parent_and_is_a_note(self) -> None:
        old = table("users", "id", "email", "name")
        new = table("users", "name", "id", "email")
        comparison = compare(schema(old), schema(new))
        one = only(comparison)
        assert (one.kind, one.name, one.attribute) == ("table", "public.users", "column_order")
        assert one.expected == ["id", "email", "name"]
        assert one.actual == ["name", "id", "email"]
        assert one.impact == "order"
        assert not comparison.failing
        assert len(comparison.notes) == 1

    def test_a_column_in_the_middle_changes_the_order_of_no_other(self) -> None:
        old, new = table("t", "a", "b"), table("t", "a", "x", "b")
        assert told(compare(schema(old), schema(new))) == [("column", "public.t.x", "extra", None)]

    def test_the_order_of_those_that_both_have_is_told_beside_what_is_missing(self) -> None:
        old, new = table("t", "a", "gone", "b", "c"), table("t", "c", "a", "b")
        missing, order = sorted(compare(schema(old), schema(new)), key=lambda one: one.kind)
        assert (missing.name, missing.change) == ("public.t.gone", "missing")
        assert (order.expected, order.actual) == (["a", "b", "c"], ["c", "a", "b"])

    def test_the_names_in_an_order_are_those_of_each_side(self) -> None:
        old, new = table("t", "a", "b", "old int!", "c"), table("t", "b", "new int!", "c", "a")
        order = next(one for one in compare(schema(old), schema(new)) if one.impact == "order")
        assert (order.expected, order.actual) == (["a", "b", "old", "c"], ["b", "new", "c", "a"])

    def test_a_rank_on_one_side_alone_is_an_attribute(self) -> None:
        old = schema(table("t", "a"))
        new = schema(table("t"), fact("column", "public.t.a", ("table", "public.t"), type="text"))
        assert only(compare(old, new)).attribute == "position"


class TestForm:
    """A unique index here, a unique constraint there."""

    OLD = schema(USERS, unique_index("users", "users_email_key"))

    def test_the_index_tells_of_the_constraint(self) -> None:
        new = schema(USERS, unique_constraint("users", "users_email_key"))
        one = only(compare(self.OLD, new))
        assert (one.kind, one.name, one.attribute) == ("index", "public.users_email_key", "form")
        assert (one.expected, one.actual, one.impact) == ("index", "constraint", "form")
        assert one.below == (("constraint", "public.users.users_email_key"),)

    def test_the_index_tells_of_a_missing_constraint_as_well(self) -> None:
        new = schema(USERS, unique_constraint("users", "users_email_key"))
        one = only(compare(new, self.OLD))
        assert (one.attribute, one.expected, one.actual) == ("form", "constraint", "index")
        assert one.below == (("constraint", "public.users.users_email_key"),)

    def test_an_index_that_says_nothing_else_leaves_the_constraint_to_itself(self) -> None:
        """Here the index claims the same form on both sides."""
        constraint, index = unique_constraint("users", "users_email_key")
        silent = replace(index, attributes={"unique": True, "form": "index"})
        comparison = compare(self.OLD, schema(USERS, constraint, silent))
        assert told(comparison) == [
            ("constraint", "public.users.users_email_key", "extra", None),
            ("index", "public.users_email_key", "changed", "parent"),
        ]

    @pytest.mark.parametrize("not_reported", [{"deferrable": True}, {"operators": ["&&(box,box)"]}])
    def test_a_constraint_of_which_an_index_cannot_tell_speaks_for_itself(
        self, not_reported: dict[str, Value]
    ) -> None:
        new = schema(USERS, unique_constraint("users", "users_email_key", **not_reported))
        assert told(compare(self.OLD, new)) == [
            ("constraint", "public.users.users_email_key", "extra", None),
            ("index", "public.users_email_key", "changed", "form"),
        ]

    def test_what_else_differs_in_the_index_is_told_beside_its_form(self) -> None:
        constraint, index = unique_constraint("users", "users_email_key")
        partial = replace(index, attributes={**index.attributes, "predicate": "email <> ''"})
        form, predicate = compare(self.OLD, schema(USERS, constraint, partial))
        assert (form.impact, predicate.attribute, predicate.impact) == (
            "form",
            "predicate",
            "behavior",
        )

    def test_another_name_and_another_form_are_two_differences(self) -> None:
        new = schema(USERS, unique_constraint("users", "users_email_unique"))
        name, form = sorted(compare(self.OLD, new), key=lambda one: one.change, reverse=True)
        assert (name.kind, name.expected, name.actual, name.impact) == (
            "index",
            "public.users_email_key",
            "public.users_email_unique",
            "naming",
        )
        assert (form.name, form.attribute) == ("public.users_email_key", "form")
        assert form.below == (("constraint", "public.users.users_email_unique"),)


class TestParent:
    def test_a_fact_that_hangs_elsewhere_says_so(self) -> None:
        old = fact("sequence", "public.s", ("column", "public.users.id"))
        new = fact("sequence", "public.s")
        one = only(compare(schema(USERS, old), schema(USERS, new)))
        assert (one.attribute, one.expected, one.actual, one.impact) == (
            "parent",
            "column public.users.id",
            "schema public",
            "behavior",
        )

    def test_no_parent_at_all_is_another_parent(self) -> None:
        old = fact("sequence", "public.s", None)
        assert only(compare(schema(old), schema(fact("sequence", "public.s")))).expected is None


class TestImpact:
    @pytest.mark.parametrize(
        ("unique", "impact"), [(True, "behavior"), (False, "performance"), (None, "performance")]
    )
    def test_a_whole_fact_may_weigh_by_what_it_says(self, unique: Value, impact: str) -> None:
        index = fact("index", "public.i", USERS[0].key, unique=unique)
        assert only(compare(schema(USERS), schema(USERS, index))).impact == impact
        assert only(compare(schema(USERS, index), schema(USERS))).impact == impact

    def test_what_changes_in_a_fact_weighs_as_the_graver_side(self) -> None:
        old = fact("index", "public.i", PUBLIC, unique=True, columns=["a"])
        new = fact("index", "public.i", PUBLIC, unique=False, columns=["b"])
        impacts = {one.attribute: one.impact for one in compare(schema(old), schema(new))}
        assert impacts == {"unique": "behavior", "columns": "behavior"}

    @pytest.mark.parametrize(
        ("attribute", "impact"), [("comment", "comment"), ("owner", "security")]
    )
    def test_some_attributes_weigh_the_same_on_every_kind(
        self, attribute: str, impact: str
    ) -> None:
        old, new = (fact("enum", "public.e", **{attribute: value}) for value in "ab")
        assert only(compare(schema(old), schema(new))).impact == impact

    def test_who_owns_a_thing_is_a_matter_of_privileges(self) -> None:
        old, new = (fact("enum", "public.e", owner=value) for value in "ab")
        assert only(compare(schema(old), schema(new))).group == "privileges"

    def test_an_unknown_kind_is_compared_all_the_same(self) -> None:
        old, new = (fact("conversion", "public.c", function=value) for value in "ab")
        one = only(compare(schema(old), schema(new)))
        assert (one.group, one.impact, one.attribute) == ("other", "behavior", "function")

    def test_what_fails_can_be_chosen(self) -> None:
        old, new = (fact("enum", "public.e", comment=value) for value in "ab")
        assert not compare(schema(old), schema(new)).failing
        assert compare(schema(old), schema(new), fail_on={"comment"}).failing

    def test_every_weight_in_the_table_of_kinds_is_an_impact(self) -> None:
        for kind in KINDS.values():
            assert {kind.impact, *kind.when.values(), *kind.attributes.values()} <= set(IMPACTS)

    def test_of_several_exceptions_the_gravest_holds(self) -> None:
        kind = Kind(
            group="other", impact="comment", when={("a", 1): "naming", ("b", 1): "security"}
        )
        assert kind.impact_of({"a": 1}) == "naming"
        assert kind.impact_of({"a": 1, "b": 1}) == "security"
        assert kind.impact_of({}) == "comment"


class TestPlatform:
    BROUGHT = tuple(replace(one, provided=True) for one in USERS)
    PLAIN = schema()

    def test_what_the_other_platform_lacks_is_not_missing(self) -> None:
        hosted = schema(self.BROUGHT, platform="supabase")
        assert not compare(hosted, self.PLAIN)
        assert not compare(self.PLAIN, hosted)

    def test_what_a_tree_put_on_it_is_compared(self) -> None:
        trigger = fact("trigger", "public.users.t", ("table", "public.users"))
        hosted = schema(self.BROUGHT, trigger, platform="supabase")
        assert told(compare(hosted, self.PLAIN)) == [("trigger", "public.users.t", "missing", None)]

    def test_what_both_platforms_bring_in_their_own_ways_is_not_compared(self) -> None:
        other = [replace(one, attributes={"type": "int"}) for one in self.BROUGHT]
        assert not compare(schema(self.BROUGHT, platform="a"), schema(other, platform="b"))

    def test_what_a_tree_made_of_that_name_is_compared(self) -> None:
        own = table("users", "id int", "email citext")
        assert told(compare(schema(self.BROUGHT, platform="supabase"), schema(own))) == [
            ("column", "public.users.email", "changed", "type")
        ]

    def test_on_one_platform_what_a_tree_dropped_of_it_is_drift(self) -> None:
        comparison = compare(schema(self.BROUGHT, platform="supabase"), schema(platform="supabase"))
        assert told(comparison) == [("table", "public.users", "missing", None)]

    def test_what_a_platform_brings_is_nobodys_rename(self) -> None:
        accounts = table("accounts", "id int", "email text")
        comparison = compare(schema(self.BROUGHT, platform="supabase"), schema(accounts))
        assert told(comparison) == [("table", "public.accounts", "extra", None)]


class TestResult:
    def test_differences_come_in_the_order_of_checks_then_names(self) -> None:
        new = schema(
            fact("policy", "public.a"),
            fact("view", "public.b", owner="x"),
            fact("view", "public.a"),
            fact("extension", "z"),
            fact("enum", "public.z"),
        )
        old = schema(fact("view", "public.b", owner="y"))
        assert [(one.group, one.name) for one in compare(old, new)] == [
            ("extensions", "z"),
            ("types", "public.z"),
            ("views", "public.a"),
            ("policies", "public.a"),
            ("privileges", "public.b"),
        ]

    def test_an_overload_is_another_function(self) -> None:
        old = fact("function", "public.f(integer)", body="SELECT 1")
        new = fact("function", "public.f(bigint)", body="SELECT 1")
        assert {one[2] for one in told(compare(schema(old), schema(new)))} == {"missing", "extra"}

    def test_narrower_schemas_compare_alike(self) -> None:
        old = schema(USERS, table("a", "x")).of_kind("column")
        new = schema(table("users", "id int", "email int")).of_kind("column")
        assert told(compare(old, new)) == [
            ("column", "public.a.x", "missing", None),
            ("column", "public.users.email", "changed", "type"),
        ]

    def test_an_order_is_told_even_where_the_parents_are_not_there(self) -> None:
        old, new = (
            schema(table("t", *columns)).of_kind("column") for columns in (["a", "b"], ["b", "a"])
        )
        assert told(compare(old, new)) == [("table", "public.t", "changed", "column_order")]

    def test_names_from_hostile_places(self) -> None:
        name = 'public."*[x]; -- ""\N{SNOWMAN}\n"'
        old = [fact("table", name), fact("column", f"{name}.c", ("table", name), type="a")]
        one = only(compare(schema(old), schema()))
        assert (one.name, one.below) == (name, (("column", f"{name}.c"),))

    def test_the_schemas_stay_as_they_are(self) -> None:
        old = schema(USERS, unique_index("users", "users_email_key"))
        new = schema(USERS, unique_constraint("users", "users_email_unique"))
        compare(old, new)
        assert old == schema(USERS, unique_index("users", "users_email_key"))
        assert isinstance(new, Schema)
        assert all(isinstance(one, Fact) for one in new)


def test_the_repr_of_a_comparison_says_what_differs() -> None:
    """As pytest shows it where ``assert not compare(a, b)`` fails."""
    old = schema(table("users", "id int", "a int"))
    new = schema(table("users", "id bigint", "a text"), *(table(f"t{n}", "x int") for n in "12"))
    changed = "changed type of column public.users.id: int / bigint"
    assert repr(compare(old, old)) == "<Comparison without differences>"
    assert repr(compare(old, new)[-1]) == f"<Difference: {changed}>"
    assert (
        repr(compare(old, new).only(compare(old, new)[-1:]))
        == f"<Comparison of 1 difference: {changed}>"
    )
    extra = "extra table public.t1, extra table public.t2"
    others = "changed type of column public.users.a: int / text, …"
    assert repr(compare(old, new)) == f"<Comparison of 4 differences: {extra}, {others}>"
