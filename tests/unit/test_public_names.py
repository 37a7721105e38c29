"""The public face: which names there are, and what can be done with them."""

from __future__ import annotations

import re

import pytest
from support.schemas import schema, table

import pytest_schema_parity
from pytest_schema_parity import Comparison, compare


def test_dir_lists_the_public_names() -> None:
    assert dir(pytest_schema_parity) == sorted(pytest_schema_parity.__all__)
    assert all(getattr(pytest_schema_parity, name) for name in dir(pytest_schema_parity))


def test_the_docstring_describes_each_of_them() -> None:
    text = pytest_schema_parity.__doc__ or ""
    assert [name for name in dir(pytest_schema_parity) if not re.search(rf"\b{name}\b", text)] == []


def test_other_names_there_are_none() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Found'"):
        pytest_schema_parity.Found  # noqa: B018


def test_a_comparison_can_be_indexed_and_sliced() -> None:
    found = compare(schema(table("t", "a", "b", "c")), schema(table("t"))).failing
    assert found[0].name == "public.t.a"
    assert [each.name for each in found[1:]] == ["public.t.b", "public.t.c"]
    assert isinstance(found[:1], Comparison)


def test_a_comparison_prints_a_line_for_each_difference() -> None:
    found = compare(schema(table("t", "a int", "b int")), schema(table("t", "a text")))
    text = str(found)
    assert text.splitlines() == [
        "changed type of column public.t.a: int / text",
        "missing column public.t.b",
    ]
    assert f"{found.failing}" == text
    assert str(compare(schema(), schema())) == "no difference"
    assert repr(found).startswith("<Comparison of 2 differences: ")
