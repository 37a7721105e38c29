"""Secrets are hidden in every form of quotes, and in text that was cut off."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pytest_schema_parity.showing import redact, redact_line, redact_message, redact_value

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ALTER ROLE a PASSWORD U&'s3cret' LOGIN", "ALTER ROLE a PASSWORD '***' LOGIN"),
        ("ALTER ROLE a PASSWORD E's3c\\'ret' LOGIN", "ALTER ROLE a PASSWORD '***' LOGIN"),
        (
            "COMMENT ON COLUMN users.password IS 'x'; ALTER ROLE a PASSWORD 's3cret'",
            "COMMENT ON COLUMN users.password IS 'x'; ALTER ROLE a PASSWORD '***'",
        ),
        (
            "COMMENT ON COLUMN a.b IS 'x'; password is 's3cret'",
            "COMMENT ON COLUMN a.b IS 'x'; password is '***'",
        ),
        ("ALTER ROLE a PASSWORD $$s3cret$$ LOGIN", "ALTER ROLE a PASSWORD '***' LOGIN"),
        ("ALTER ROLE a PASSWORD'it''s3cret' LOGIN", "ALTER ROLE a PASSWORD'***' LOGIN"),
        ("ALTER ROLE a PASSWORD -- new\n 's3cret'\nLOGIN", "ALTER ROLE a PASSWORD '***'\nLOGIN"),
        ("PASSWORD /* a /* b */ 's3cret' */ 's3cret' LOGIN", "PASSWORD '***' LOGIN"),
        ("PASSWORD 's3'\n  'cret' LOGIN", "PASSWORD '***' LOGIN"),
        ("ALTER ROLE a ENCRYPTED PASSWORD\n\t's3cret'", "ALTER ROLE a ENCRYPTED PASSWORD\n\t'***'"),
        ("ALTER ROLE a PASSWORD 's3cret", "ALTER ROLE a PASSWORD '***'"),
        ("ALTER ROLE a PASSWORD $a$s3cret", "ALTER ROLE a PASSWORD '***'"),
        ("ALTER ROLE a PASSWORD /* s3cret", "ALTER ROLE a PASSWORD '***'"),
        ("ALTER ROLE a PASWORD 's3cret'", "ALTER ROLE a PASWORD '***'"),
        ("ALTER ROLE a PASSWORD s3cret; SELECT 1", "ALTER ROLE a PASSWORD '***'; SELECT 1"),
        ('ALTER ROLE a PASSWORD "s3cret" LOGIN', 'ALTER ROLE a PASSWORD "***" LOGIN'),
        (
            "EXECUTE 'ALTER ROLE a PASSWORD ''s3c''''ret''';",
            "EXECUTE 'ALTER ROLE a PASSWORD ''***''';",
        ),
        (
            r"EXECUTE E'ALTER ROLE a PASSWORD \'s3cret\'';",
            r"EXECUTE E'ALTER ROLE a PASSWORD \'***\'';",
        ),
        (
            "'ALTER ROLE a PASSWORD ' || quote_literal('s3cret'); x",
            "'ALTER ROLE a PASSWORD '***'; x",
        ),
        ("OPTIONS (user 'x', password 's3cret')", "OPTIONS (user 'x', password '***')"),
        ("OPTIONS (user 'x', \"password\" $$s3cret$$)", "OPTIONS (user 'x', \"password\" '***')"),
        ("OPTIONS (api_key 's3cret', id 'x')", "OPTIONS (api_key '***', id 'x')"),
        (
            "CONNECTION 'host=h password=s3cret' PUBLICATION p",
            "CONNECTION 'host=h password=***' PUBLICATION p",
        ),
        ("CONNECTION 'password = s3cret'", "CONNECTION 'password = ***'"),
        ("CONNECTION 'user = u password = s3cret'", "CONNECTION 'user = u password = ***'"),
        ("CONNECTION 'password = s3cret user = u'", "CONNECTION 'password = *** user = u'"),
        (
            "CONNECTION 'host=h password=''s3 cret'' user=u'",
            "CONNECTION 'host=h password=*** user=u'",
        ),
        (r"CONNECTION E'host=h\npassword=s3cret\nuser=u'", "CONNECTION E'host=h\\npassword=***'"),
        (r"password=s3\ cret host=h", "password=*** host=h"),
        (r"CONNECTION 'password=''s3\''cret'' user=u'", "CONNECTION 'password=*** user=u'"),
        ("dblink('host=h password=' || 's3cret'); x", "dblink('host=h password=***; x"),
        (
            "dblink('host=h password=s3cret', 'SELECT 1')",
            "dblink('host=h password=***', 'SELECT 1')",
        ),
        ("see postgres://u:s3'cr et@h/db", "see postgres://u:***@h/db"),
        ('line 1, column a: "postgres://u:s3cret', 'line 1, column a: "postgres://u:***'),
        ("'postgres://h/d?user=u&password=s3''cret'", "'postgres://h/d?user=u&password=***'"),
        ('{"user": "u", "password": "s3\\"cret"}', '{"user": "u", "password": "***"}'),
        ('{"row": "{\\"password\\": \\"s3cret\\"}"}', '{"row": "{\\"password\\": \\"***\\"}"}'),
        ("password := 's3cret';", "password := '***';"),
        ("f(password => 's3cret')", "f(password => '***')"),
        (
            "ALTER DATABASE d SET app.jwt_secret TO 's3cret'",
            "ALTER DATABASE d SET app.jwt_secret TO '***'",
        ),
        (
            "set_config('app.jwt_secret', 's3cret', false)",
            "set_config('app.jwt_secret', '***', false)",
        ),
    ],
)
def test_only_the_secret_is_hidden(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "ALTER ROLE a PASSWORD NULL",
        "COMMENT ON COLUMN users.password IS 'the hash'",
        'comment on column public . users."password"\n  is $$the hash$$',
        "EXECUTE 'COMMENT ON COLUMN users.password IS ''the hash'''",
        "CREATE TABLE a (password text NOT NULL, token uuid)",
        "SET password_encryption TO 'scram-sha-256'",
        "provider IN ('password', 'google')",
        'password authentication failed for user "x"',
        "the password is required",
        "token = 'a'",
        "f(password => crypt(password, gen_salt('bf')))",
        "see https://a.example: mail me@b.example",
        "https://a.example:8080/path",
        "ALTER SYSTEM SET port = 1; SELECT 'x'",
    ],
)
def test_text_without_a_secret_is_not_changed(text: str) -> None:
    assert redact(text) == text


def standard(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def escaped(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def national(text: str) -> str:
    return "U&'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def dollar(text: str) -> str:
    return f"$pw${text}$pw$"


def conninfo(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def tight(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\' " else c for c in text)


def double(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


LITERALS = st.sampled_from([standard, escaped, national, dollar])
QUOTINGS = LITERALS | st.just(str)
GAPS = st.sampled_from([" ", "\n", "\t", " -- c\n", " /* c */ ", "/*a/*b*/c*/", "--'\n--x\n"])
PASSWORDS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="@/&\x7f")
    | st.sampled_from("'\\\"$ ;="),
    max_size=12,
).map(lambda text: f"s3{text}cret")


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A text with a password from ``s3`` to ``cret``, quoted in one way or in two."""
    password = draw(PASSWORDS)
    literal = draw(LITERALS)(password)
    gap = draw(GAPS)
    inner = draw(
        st.sampled_from(
            [
                f"ALTER ROLE a PASSWORD{gap}{literal} LOGIN",
                f"create user a encrypted{gap}password{gap}{literal} valid until '2030-01-01'",
                f"CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'x', password{gap}{literal})",
                f'ALTER SERVER s OPTIONS (SET "password"{gap}{literal}, host {standard("h")})',
                f"SELECT f('x', password =>{gap}{literal})",
                f"SELECT VAULT.CREATE_SECRET({gap}{literal}, 'n')",
                f"SELECT VAULT.UPDATE_SECRET(id,{gap}{literal}, 'n')",
                f"host=h password={conninfo(password)} user=u",
                f"host=h password = {tight(password)} user=u",
                f"postgres://u:{password.replace(' ', '%20')}@h:5432/db",
                f'{{"password": {double(password)}, "a": 1}}',
            ]
        )
    )
    return draw(QUOTINGS)(inner)


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("Key (password)=(hunter2) already exists.", "Key (password)=(***) already exists."),
        (
            "Key (id, api_token)=(1, x(y)) already exists.",
            "Key (id, api_token)=(***) already exists.",
        ),
        ("Key (id)=(1) is not present in table", "Key (id)=(1) is not present in table"),
    ],
)
def test_secrets_in_the_detail_of_a_constraint_violation(detail: str, shown: str) -> None:
    assert redact(detail) == shown


@given(texts())
@example("EXECUTE 'x PASSWORD ''s3''''cret'''")
def test_a_password_is_hidden_in_every_form_of_quotes(text: str) -> None:
    shown = redact(text)
    assert "cret" not in shown, shown
    assert redact(shown) == shown
    assert "cret" not in redact(re.sub(r"[ \t\n]+", " ", text))


@given(texts(), st.data())
def test_a_password_is_hidden_in_text_that_was_cut_off(text: str, data: st.DataObject) -> None:
    cut = text[: data.draw(st.integers(0, len(text)))]
    assume(not cut.endswith(("s", "s3")))
    assert "s3" not in redact(cut), redact(cut)


@given(texts(), st.data())
def test_a_password_is_hidden_in_the_line_of_an_error(text: str, data: st.DataObject) -> None:
    """The keyword may be on another line, and the line is split at any position."""
    position = data.draw(st.integers(0, len(text)))
    before, after = redact_line(text, position)
    assert "cret" not in before + after
    assert "\n" not in before + after


def test_redact_line_splits_the_line_at_the_position() -> None:
    text = "ALTER ROLE a\n  PASSWORD 's3cret' FOO\n;"
    assert redact_line(text, text.index("FOO")) == ("  PASSWORD '***' ", "FOO")
    assert redact_line(text, text.index("'s3")) == ("  PASSWORD ", "'***' FOO")
    assert redact_line(text, text.index("cret")) == ("  PASSWORD '***'", " FOO")
    assert redact_line("a\nb", 99) == ("b", "")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("syntax error at or near \"'s3cret'\"", 'syntax error at or near "***"'),
        ('invalid name "s3cret"', 'invalid name "***"'),
        ('role "s3" does not exist', 'role "s3" does not exist'),
    ],
)
def test_a_message_does_not_show_a_secret_of_its_statement(message: str, shown: str) -> None:
    assert redact_message(message, "ALTER ROLE a PASSWORD 's3cret'") == shown


def test_a_short_secret_is_hidden_only_as_a_whole_word() -> None:
    statement = "ALTER ROLE a PASSWORD 'a'"
    assert redact_message('role "a" is no admin', statement) == 'role "***" is no admin'


def test_the_whole_value_of_a_secret_option_is_hidden() -> None:
    options = ["host=h", "password=s3 cret", "aws_secret_access_key=s3 cret", "a=postgres://u:p@h"]
    assert redact_value(options) == [
        "host=h",
        "password=***",
        "aws_secret_access_key=***",
        "a=postgres://u:***@h",
    ]
    assert redact_value({"password": "s3cret", "user": "u"}) == {"password": "***", "user": "u"}


@pytest.mark.parametrize(
    "unit", ["password '", "password ", "'", "a.", "://u:", "password=\\", "comment on column a"]
)
def test_hostile_text_is_redacted_in_short_time(unit: str) -> None:
    redact(unit * 20_000)
