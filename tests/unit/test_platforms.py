"""Platforms and stand-ins, as far as they can be tested without a server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.platforms import PLATFORMS, STAND_INS, get_platform
from pytest_schema_parity.postgres.installation import Installation
from pytest_schema_parity.postgres.template import PLAIN


def installation(prefix: Path, version: str, *extensions: str) -> Installation:
    """Directories as in an installed PostgreSQL, with these extensions."""
    share = prefix / "share"
    (share / "extension").mkdir(parents=True)
    (share / "postgres.bki").touch()
    for name in extensions:
        (share / "extension" / f"{name}.control").touch()
    return Installation(prefix / "bin", version, "a test")


def test_no_name_is_the_plain_platform() -> None:
    assert get_platform(None) is get_platform("none")
    assert get_platform("none").role == "postgres"


def test_roles_of_supabase() -> None:
    supabase = get_platform("supabase")
    assert (supabase.superuser, supabase.role) == ("supabase_admin", "postgres")


@pytest.mark.parametrize("name", ["supabse", "Supabase", "superbase"])
def test_the_error_for_an_unknown_name_suggests_a_similar_one(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"'{name}': did you mean .supabase.\?"):
        get_platform(name)


@pytest.mark.parametrize("name", ["", "heroku", "x" * 1000, "\x00"])
def test_the_error_for_an_unlike_name_lists_all_names(name: str) -> None:
    with pytest.raises(ConfigError, match='it can be "none" or "supabase"'):
        get_platform(name)


@pytest.mark.parametrize("name", PLATFORMS)
def test_without_superuser_the_role_stays_and_is_not_trusted(name: str) -> None:
    with_one, without = get_platform(name), get_platform(name, superuser=False)
    assert without.name == f"{name}, no superuser"
    assert without.role == with_one.role != without.superuser
    assert (with_one.is_trusted, without.is_trusted) == (True, False)


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_script_exists(name: str) -> None:
    for script in get_platform(name, superuser=False).scripts:
        assert script.read_text(encoding="ascii").endswith(";\n")


def test_stand_ins_are_offered_for_extensions_that_the_server_does_not_have(tmp_path: Path) -> None:
    names = tuple(STAND_INS)
    bare = installation(tmp_path / "bare", "18.6")
    some = installation(tmp_path / "some", "18.6", *names[:-1])
    full = installation(tmp_path / "full", "18.6", *names)
    platform = get_platform("supabase")
    assert platform.stand_ins(bare) == names
    assert platform.stand_ins(some) == names[-1:] == ("uuid-ossp",)
    assert platform.stand_ins(full) == ()
    assert platform.template(some).extension_directories == (STAND_INS["uuid-ossp"],)
    assert platform.lacking(bare) == platform.lacking(full) == ()


def test_before_18_no_stand_ins_are_offered_and_extensions_are_lacking(tmp_path: Path) -> None:
    bare = installation(tmp_path / "bare", "17.2")
    some = installation(tmp_path / "some", "17.2", "pgcrypto")
    platform = get_platform("supabase")
    assert platform.stand_ins(bare) == ()
    assert platform.template(bare).extension_directories == ()
    assert platform.lacking(bare) == ("pgcrypto", "uuid-ossp")
    assert platform.lacking(some) == ("uuid-ossp",)
    assert get_platform("none").lacking(bare) == ()


def test_the_plain_platform_is_the_plain_template_and_offers_stand_ins(tmp_path: Path) -> None:
    full = installation(tmp_path / "full", "18.6", *STAND_INS)
    bare = installation(tmp_path / "bare", "18.6")
    assert get_platform("none").template(full) == PLAIN
    assert get_platform("none").template(bare).extension_directories == tuple(STAND_INS.values())


@pytest.mark.parametrize(("name", "directory"), STAND_INS.items())
def test_a_stand_in_has_the_files_of_an_extension(name: str, directory: Path) -> None:
    control = (directory / "extension" / f"{name}.control").read_text()
    version = re.search(r"^default_version = '(.+)'$", control, re.MULTILINE)
    assert version is not None
    scripts = {path.stem for path in (directory / "extension").glob("*.sql")}
    steps = {script.removeprefix(f"{name}--") for script in scripts}
    assert any(step == version[1] or step.endswith(f"--{version[1]}") for step in steps)
    assert "COMMENT ON FUNCTION" in "".join(
        path.read_text() for path in (directory / "extension").glob("*.sql")
    )


def test_both_stand_ins_have_the_same_sha1_function() -> None:
    found = []
    for name in ("pgcrypto--1.3.sql", "uuid-ossp--1.1.sql"):
        (script,) = (path for d in STAND_INS.values() for path in d.glob(f"extension/{name}"))
        body = re.search(r"_sha1\(message bytea\)(.*?)^\$\$;$", script.read_text(), re.M | re.S)
        assert body is not None
        found.append(body[1])
    assert found[0] == found[1]


def test_the_package_has_only_files_of_known_types() -> None:
    package = next(iter(STAND_INS.values())).parents[1]
    suffixes = {path.suffix for path in package.rglob("*") if path.is_file()}
    assert suffixes - {".pyc"} == {".py", ".sql", ".control"}
