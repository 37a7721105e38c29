"""What holds of every comparison, whatever the schemas."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st
from support.schemas import drifts, schemas

from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Fact, Key, Schema
from pytest_schema_parity.schema.kinds import kind_of
from pytest_schema_parity.schema.renames import find_renames

pairs = drifts() | st.tuples(schemas(), schemas())


@given(schemas())
def test_a_schema_is_at_parity_with_itself(one: Schema) -> None:
    assert not compare(one, one)
    assert not compare(one, Schema([replace(fact) for fact in one]))


@given(pairs)
def test_no_difference_is_found_only_where_there_is_none(pair: tuple[Schema, Schema]) -> None:
    reference, candidate = pair
    assert bool(compare(reference, candidate)) == (reference != candidate)


CROWDED = (
    [
        Fact("constraint", "public.a"),
        Fact("index", "public.b", {}, ("constraint", "public.a")),
        Fact("index", "public.c", {"form": False}, ("constraint", "public.a")),
    ],
    [
        Fact("constraint", "public.d"),
        Fact("index", "public.c", {}, ("constraint", "public.d")),
        Fact("index", "public.b", {"form": False}, ("constraint", "public.d")),
    ],
)
"""What no server has: two indexes of one constraint, which the form of either tells of."""


@example(tuple(map(Schema, CROWDED)))
@given(pairs)
def test_the_other_way_round_the_mirror_image_is_found(pair: tuple[Schema, Schema]) -> None:
    reference, candidate = pair
    names = twins(reference, candidate)
    there = [mirrored(one, names) for one in compare(reference, candidate)]
    back = list(compare(candidate, reference))
    assert sorted(map(repr, back)) == sorted(map(repr, there))


@given(pairs, st.integers(0, 99))
def test_the_order_in_which_facts_are_given_does_not_matter(
    pair: tuple[Schema, Schema], seed: int
) -> None:
    shuffled = []
    for one in pair:
        facts = list(one)
        random.Random(seed).shuffle(facts)
        shuffled.append(Schema(facts))
    assert repr(compare(*pair)) == repr(compare(*shuffled))


@given(pairs)
def test_every_fact_without_a_namesake_is_told_of(pair: tuple[Schema, Schema]) -> None:
    reference, candidate = pair
    names = twins(reference, candidate)
    comparison = compare(reference, candidate)
    told = {(one.kind, one.name) for one in comparison}
    told.update(key for one in comparison for key in one.below)
    assert {fact.key for fact in reference if fact.key not in candidate} <= told
    renamed_to = set(names.values())
    assert {
        fact.key for fact in candidate if fact.key not in reference and fact.key not in renamed_to
    } <= told


@given(pairs)
def test_a_rename_never_hides_that_two_things_differ(pair: tuple[Schema, Schema]) -> None:
    reference, candidate = pair
    comparison = compare(reference, candidate)
    told = {(one.kind, one.name, one.attribute) for one in comparison}
    for old_key, new_key in twins(reference, candidate).items():
        old, new = reference[old_key], candidate[new_key]
        for attribute in differing(old, new):
            assert (old.kind, old.name, attribute) in told
    for one in comparison:
        if one.change == "renamed":
            old, new = reference[one.kind, one.name], candidate[one.kind, str(one.actual)]
            assert {kind_of(old.kind).impact_of_attribute(a) for a in differing(old, new)} <= {
                "comment",
                "form",
            }
            assert len(reference.branch(old.key)) == len(candidate.branch(new.key))


@given(pairs)
def test_every_difference_stands_alone_and_in_order(pair: tuple[Schema, Schema]) -> None:
    comparison = compare(*pair)
    subjects = [(one.kind, one.name, one.change, one.attribute) for one in comparison]
    assert len(set(subjects)) == len(subjects)
    below = [key for one in comparison for key in one.below]
    assert len(set(below)) == len(below)
    assert not {(one.kind, one.name) for one in comparison if one.change != "renamed"} & set(below)


def differing(old: Fact, new: Fact) -> list[str]:
    """The attributes in which two facts differ, but for their rank."""
    return [
        attribute
        for attribute in old.attributes.keys() | new.attributes.keys()
        if attribute != kind_of(old.kind).order
        and old.attributes.get(attribute) != new.attributes.get(attribute)
    ]


def twins(reference: Schema, candidate: Schema) -> dict[Key, Key]:
    """The candidate's key of all that the reference names otherwise."""
    missing = {fact.key: fact for fact in reference if fact.key not in candidate}
    extra = {fact.key: fact for fact in candidate if fact.key not in reference}
    renames = find_renames(reference, candidate, missing, extra)
    return {old: new for rename in renames for old, new in rename.pairs}


def mirrored(one: Difference, names: dict[Key, Key]) -> Difference:
    """The same difference, seen from the candidate."""
    swapped = {"missing": "extra", "extra": "missing"}
    return replace(
        one,
        name=names.get((one.kind, one.name), (one.kind, one.name))[1],
        change=swapped.get(one.change, one.change),
        expected=one.actual,
        actual=one.expected,
        origin=replace(one.origin, reference=one.origin.tree, tree=one.origin.reference),
        below=tuple(sorted(names.get(key, key) for key in one.below)),
    )
