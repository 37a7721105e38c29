"""Connection strings, which hide their passwords wherever they are shown."""

from __future__ import annotations

import pickle

import pytest

from pytest_schema_parity import read_schema
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.postgres.conninfo import Conninfo

SECRETS = [
    "host=/nowhere user=u password=S3cret dbname=d",
    "host=/nowhere password='S3cret of two words' sslpassword=S3cret",
    "postgresql://u:S3cret@127.0.0.1:1/d",
    "postgresql://127.0.0.1:1/d?user=u&password=S3cret",
    "postgresql://u:S3cret@with/a%slash@127.0.0.1/d",
    "password=S3cret user",
]


@pytest.mark.parametrize("conninfo", SECRETS)
def test_its_repr_has_no_password(conninfo: str) -> None:
    hidden = Conninfo(conninfo)
    assert "S3cret" not in repr(hidden)
    assert "S3cret" not in repr([hidden])
    assert pickle.loads(pickle.dumps(hidden)) == hidden == conninfo


def test_its_repr_shows_the_rest() -> None:
    assert repr(Conninfo(SECRETS[0])) == "'user=u password=*** dbname=d host=/nowhere'"


@pytest.mark.parametrize("conninfo", SECRETS)
def test_no_error_has_the_password(conninfo: str) -> None:
    with pytest.raises(ServerError) as caught:
        read_schema(conninfo)
    error: BaseException | None = caught.value
    while error is not None:
        assert "S3cret" not in repr(error) + str(error)
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("style", ["--tb=long", "--full-trace"])
def test_no_traceback_has_it(pytester: pytest.Pytester, style: str) -> None:
    pytester.makepyfile(
        f"""
import pytest
from addresses import ADDRESSES
from pytest_schema_parity import read_schema

@pytest.mark.parametrize("number", range({len(SECRETS)}))
def test_reads(number):
    read_schema(ADDRESSES[number])
"""
    )
    pytester.path.joinpath("addresses.py").write_text(f"ADDRESSES = {SECRETS!r}")
    result = pytester.runpytest_subprocess("-l", "-vv", style)
    result.assert_outcomes(failed=len(SECRETS))
    assert "S3cret" not in result.stdout.str() + result.stderr.str()
