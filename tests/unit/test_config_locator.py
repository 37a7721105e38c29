"""Find the lines of keys in TOML."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_schema_parity.config.locator import KeyPath, Locator

HOSTILE = '''\
# [tool.decoy]  # reference = "comment"
title = "a [tool.decoy] # no comment" # [also.decoy]
text = """
[tool.decoy]
key = "in a string"
ends with quotes: """""
raw = \'\'\'
[tool.decoy]
\'\'\'\'\'
[tool . "pytest-schema-parity"]   # spaces around the dot
reference = 'prisma'
fail_on = [
    "behavior", # , "comment" ]
    "security",
    [ 1.5, 1979-05-27 07:32:00, { x = 1 } ],
]
trees.a.path = "one"
"trees" . 'b.c' . path = "two"
"qu\\"ote\\u0020d" = 1
[tool.pytest-schema-parity.trees.d]
path = "three"
inline = { first = 1, nested = { "second" = "}" }, third.fourth = [
  { fifth = 5 } ] }
[[tool.pytest-schema-parity.allow]]
reason = "one"
[[tool.pytest-schema-parity.allow]]
reason = "two"
[tool.pytest-schema-parity.allow.below]
key = true'''
OURS: KeyPath = ("tool", "pytest-schema-parity")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("text",), 3),
        (("raw",), 7),
        (OURS, 10),
        ((*OURS, "reference"), 11),
        ((*OURS, "fail_on"), 12),
        ((*OURS, "fail_on", 1), 14),
        ((*OURS, "fail_on", 2, 2, "x"), 15),
        ((*OURS, "trees"), 17),
        ((*OURS, "trees", "a", "path"), 17),
        ((*OURS, "trees", "b.c", "path"), 18),
        ((*OURS, 'qu"ote d'), 19),
        ((*OURS, "trees", "d"), 20),
        ((*OURS, "trees", "d", "inline", "nested", "second"), 22),
        ((*OURS, "trees", "d", "inline", "third", "fourth", 0, "fifth"), 23),
        ((*OURS, "allow"), 24),
        ((*OURS, "allow", 0), 24),
        ((*OURS, "allow", 1), 26),
        ((*OURS, "allow", 1, "reason"), 27),
        ((*OURS, "allow", 1, "below", "key"), 29),
        ((*OURS, "trees", "d", "absent"), 20),
        (("absent",), 1),
        (("tool", "decoy"), 10),
        ((), 1),
    ],
)
def test_lines_of_hostile_toml(path: KeyPath, line: int) -> None:
    tomllib.loads(HOSTILE)  # the text is valid
    assert Locator(HOSTILE).line(path) == line


def test_strings_that_end_in_quotes() -> None:
    text = 'a = """x"""" # "]\nb = """x""""" # "]\nc = [\n"""\n""",\n"y"]\nd = 1\n'
    assert tomllib.loads(text)["b"] == 'x""'
    locator = Locator(text)
    lines = [locator.line(path) for path in (("b",), ("c", 0), ("c", 1), ("d",))]
    assert lines == [2, 4, 6, 7]


def test_an_empty_text() -> None:
    assert Locator("").line(("reference",)) == 1


KEYS = st.sampled_from(["a", "b", "c-d", '"e.f"', "'#'", '"[x]"', '"\\n"'])
VALUES = st.recursive(
    st.sampled_from(
        ["1", "-1.5e3", "true", '"a]b,#"', "'}'", '"""x\n]"""', "1979-05-27 07:32:00.5Z", "inf"]
    ),
    lambda below: (
        st.lists(below, max_size=3).map(lambda items: "[\n" + ", # ]\n".join(items) + "]")
        | st.lists(st.tuples(KEYS, below), max_size=3, unique_by=lambda pair: pair[0]).map(
            lambda pairs: "{" + ", ".join(f"{key} = {value}" for key, value in pairs) + "}"
        )
    ),
    max_leaves=8,
)


@given(st.lists(st.tuples(KEYS, KEYS, VALUES), unique_by=lambda entry: entry[:1], max_size=5))
def test_the_line_of_every_key_is_found(entries: list[tuple[str, str, str]]) -> None:
    """The line of a key is the line where its text begins."""
    text, expected = "", {}
    for table, key, value in entries:
        header, name = (tomllib.loads(f"{part} = 0").popitem()[0] for part in (table, key))
        expected[(header, name)] = text.count("\n") + 3
        text += f"\n[ {table} ] # comment\n{key} = {value}\n"
    tomllib.loads(text)
    locator = Locator(text)
    assert {path: locator.line(path) for path in expected} == expected
