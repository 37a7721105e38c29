from __future__ import annotations

from pathlib import Path

import pytest

from pytest_schema_parity.errors import ScriptError
from pytest_schema_parity.migrations.sql_file import read_sql


def read(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "a b.sql"
    path.write_bytes(data)
    return read_sql(path, file="db/a b.sql")


def test_text_is_read_as_it_stands(tmp_path: Path) -> None:
    assert read(tmp_path, "sélect 1;\r\n😀".encode()) == "sélect 1;\r\n😀"
    assert read(tmp_path, b"") == ""


def test_a_byte_order_mark_is_left_out(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfselect 1") == "select 1"


def test_latin_1_is_refused_with_place_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(ScriptError) as caught:
        read(tmp_path, "select 1;\nselect 'é' -- ".encode() + "café".encode("latin-1"))
    assert (caught.value.line, caught.value.column) == (2, 18)
    assert str(caught.value) == (
        "db/a b.sql:2:18: byte 0xe9 is not UTF-8 (in Latin-1 it would be 'é');"
        " save the file as UTF-8, as in: iconv -f LATIN1 -t UTF-8 'db/a b.sql'"
    )


def test_utf_16_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"^db/a b.sql:1:1: is UTF-16; .*iconv -f UTF-16"):
        read(tmp_path, "select 1".encode("utf-16"))


def test_a_nul_byte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"^db/a b.sql:2:9: a NUL byte; .*remove it"):
        read(tmp_path, b"\nselect '\0'")


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"^x.sql:1:1: cannot be read: No such file"):
        read_sql(tmp_path / "none.sql", file="x.sql")
