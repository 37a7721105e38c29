"""Values and names in a report: plain, safe, and without passwords."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from pytest_schema_parity.findings.wording import counted, value_pair
from pytest_schema_parity.schema.facts import Value
from pytest_schema_parity.showing import clean, clean_lines, clipped, printable, redact, value_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "not set"),
        (True, "yes"),
        (False, "no"),
        ([], "none"),
        ({}, "none"),
        (["anon", "authenticated"], "anon, authenticated"),
        ({"fillfactor": "70", "deep": [1, None]}, "fillfactor = 70, deep = 1, not set"),
        ("'free'::text", "'free'::text"),
        ("", '""'),
        (" x", '" x"'),
        ("a\nb\x1b\u202e\u00a0c", r"a\nb\x1b\u202e\xa0c"),
        (1.5, "1.5"),
    ],
)
def test_values_in_words(value: Value, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("expected", "actual", "texts"),
    [
        (True, False, ("yes", "no")),
        (True, "yes", ("true", '"yes"')),
        (None, "not set", ("null", '"not set"')),
        (["a, b"], ["a", "b"], ('["a, b"]', '["a", "b"]')),
        ("\\x1b", "\x1b", (r'"\\x1b"', r'"\u001b"')),
        ("password=a", "password=b", ('"password=***" (one hidden text)',) * 1),
    ],
)
def test_different_values_read_differently(
    expected: Value, actual: Value, texts: tuple[str, ...]
) -> None:
    pair = value_pair(expected, actual)
    assert pair[: len(texts)] == texts
    assert pair[0] != pair[1]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.text(max_size=4)
    | st.sampled_from(["yes", "none", "password=x"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=2), below),
    max_leaves=5,
)


@given(VALUES, VALUES)
def test_any_two_values_read_differently(expected: Value, actual: Value) -> None:
    assume(expected != actual)
    texts = value_pair(expected, actual)
    assert texts[0] != texts[1]
    assert all(text.isprintable() for text in texts)


@given(st.text() | st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Cs", "Co"])))
@example("\x1b]0;title\x07\x9b31m\r\n\u2066\ufeff\ud800")
def test_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    assert printable(text).isprintable()
    assert clean(text).isprintable()
    assert all(line.isprintable() for line in clean_lines(text))


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_what_is_harmless_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("noun", "many"),
    [
        ("column", "2 columns"),
        ("policy", "2 policies"),
        ("index", "2 indexes"),
        ("access", "2 accesses"),
        ("key", "2 keys"),
        ("extended statistics", "2 extended statistics"),
        ("materialized view", "2 materialized views"),
    ],
)
def test_plurals(noun: str, many: str) -> None:
    assert counted(2, noun) == many
    assert counted(1, noun) == f"1 {noun}"


def test_clipping() -> None:
    assert clipped("x" * 100) == "x" * 100
    assert clipped("x" * 101) == "x" * 99 + "…"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=x host=h", "password=*** host=h"),
        ("host=h password = x dbname=d", "host=h password = *** dbname=d"),
        (r"host=h password='a\'b c' user=u", "host=h password=*** user=u"),
        ("sslpassword=x", "sslpassword=***"),
        ("PGPASSWORD=x psql", "PGPASSWORD=*** psql"),
        ("postgresql://u:p@h/db", "postgresql://u:***@h/db"),
        ("postgres://:p%40@h", "postgres://:***@h"),
        ("postgresql+psycopg://u:p/@ss:w@h:5/db", "postgresql+psycopg://u:***@h:5/db"),
        ("postgresql:///d?user=u&password=p&a=b", "postgresql:///d?user=u&password=***&a=b"),
        ("ALTER ROLE a PASSWORD 'it''s' LOGIN", "ALTER ROLE a PASSWORD '***' LOGIN"),
        ("create role a encrypted password e'x\\'y'", "create role a encrypted password '***'"),
        ("ALTER ROLE a PASSWORD $x$secret$x$", "ALTER ROLE a PASSWORD '***'"),
        ("OPTIONS (user 'u', password 'p')", "OPTIONS (user 'u', password '***')"),
        ("dblink('host=h password=p')", "dblink('host=h password=***')"),
        ("password=it's;a&b host=h", "password=*** host=h"),
    ],
)
def test_passwords_are_hidden(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "CHECK ((password = crypt(input, password)))",
        "password authentication failed for user",
        "user_password=1",
        "https://example.com/a?b=c",
        "https://example.com:80/path",
        "public.users.password text",
    ],
)
def test_what_is_no_password_stays(text: str) -> None:
    assert redact(text) == text


@given(
    st.text(
        st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="'\\&"),
        min_size=4,
        max_size=20,
    )
)
@example("p:w@x/y=z")
@example('"quoted"')
def test_no_password_of_a_conninfo_survives(password: str) -> None:
    assume(password not in "host=localhost dbname=postgres user=someone password=***")
    conninfo = make_conninfo(
        host="localhost", dbname="postgres", user="someone", password=f"{password} {password}"
    )
    assert password not in redact(f"cannot connect with {conninfo}: refused")
    tight = f"host=localhost password={password} dbname=postgres"
    assert password not in redact(tight).replace("dbname=postgres", "")
