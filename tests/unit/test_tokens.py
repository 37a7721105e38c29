"""Tokens of SQL text: what counts in it, and what is layout."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_schema_parity.schema.tokens import meaningful, tokens

PIECES = st.sampled_from(
    [
        *(
            "select",
            "FROM",
            "x1",
            "größe",
            "$1",
            "1.5e-3",
            "0x1F",
            ".5",
            '"a ""b"" c"',
            "'it''s  x'",
        ),
        *(
            "E'a\\'b'",
            "$$ a  -- b $$",
            "$q$ 'x $$ $q$",
            "U&'d\\0061t'",
            "::",
            ":=",
            "<=",
            "->>",
            "-",
        ),
        *(
            "(",
            ")",
            "[",
            "]",
            ",",
            ";",
            ".",
            "*",
            "/",
            "@>",
            "?|",
            "b'01'",
            'U&"d\\0061"',
            "%",
            "#",
        ),
    ]
)
GAPS = st.sampled_from([" ", "\n", "\r\n", "\t ", " /* c /* d */ 'e */ ", " -- f '\n"])


@given(st.text("'\"$-/*eEuU& \nab1.\\;()[]:", max_size=30))
def test_tokens_are_the_text_cut_up(text: str) -> None:
    found = tokens(text)
    assert found is None or "".join(token.text for token in found) == text


@given(st.lists(st.tuples(PIECES, GAPS, GAPS), max_size=12))
def test_layout_and_comments_do_not_count(pieces: list[tuple[str, str, str]]) -> None:
    apart = [(piece, one, other) for piece, one, other in pieces if not piece.endswith("'")]
    one = "".join(piece + gap for piece, gap, _ in apart)
    other = "".join(piece + gap for piece, _, gap in apart)
    assert meaningful(one) == meaningful(other) is not None


@given(st.lists(st.tuples(PIECES, PIECES), max_size=12))
def test_other_tokens_count(pieces: list[tuple[str, str]]) -> None:
    one, other = (" ".join(pair[side] for pair in pieces) for side in (0, 1))
    assert (meaningful(one) == meaningful(other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT x", "select   X"),
        ("a=-1", "a = - 1"),
        ("a<-1", "a < -1"),
        ("f(a,b)", "f ( a , b )"),
        ("'a'\n'b'", "'a' -- x\r\n 'b'"),
        ("x::int", "x :: INT"),
    ],
)
def test_is_the_same(one: str, other: str) -> None:
    assert meaningful(one) == meaningful(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'a b'", "'a  b'"),
        ("'A'", "'a'"),
        ('"A"', '"a"'),
        ('"a b"', '"a  b"'),
        ("$$a b$$", "$$a  b$$"),
        ("$$a$$", "$x$a$x$"),
        ("'a'\n'b'", "'a' 'b'"),
        ("'a'\n'b'", "'a' /*\n*/ 'b'"),
        ("'a'\n'b'", "'a''b'"),
        ("a b", "ab"),
        ("a @- b", "a @ - b"),
        ("1 .. 2", "1. . 2"),
        ("ÄB", "äb"),
        ("'-- x'", "'-- y'"),
        ("E'\\' -- x'", "E'\\' -- y'"),
    ],
)
def test_is_not_the_same(one: str, other: str) -> None:
    assert None is not meaningful(one) != meaningful(other) is not None


@pytest.mark.parametrize("text", ["'a", '"a', "$$a$", "/* /* */", "E'\\'", "$q$ $$"])
def test_what_never_ends_has_no_tokens(text: str) -> None:
    assert tokens(f"x {text}") is None
