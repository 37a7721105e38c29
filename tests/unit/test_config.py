"""Read valid configurations, and report all mistakes at once."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pytest_schema_parity.config import Config, find_config, load_config
from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.schema.facts import Place
from pytest_schema_parity.schema.kinds import FAILING

TREES = """
[tool.pytest-schema-parity]
reference = "prisma"
[tool.pytest-schema-parity.trees.prisma]
path = "sql/prisma"
[tool.pytest-schema-parity.trees.supabase]
path = "sql/supabase"
"""
ALLOW = """
[[tool.pytest-schema-parity.allow]]
reason = "agreed"
"""

Load = Callable[..., Config]
Refused = Callable[..., str]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write a file and load it."""
    monkeypatch.chdir(tmp_path)

    def write_and_load(text: str | bytes, name: str = "pyproject.toml") -> Config:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        config = load_config(tmp_path / name)
        assert config is not None
        return config

    return write_and_load


@pytest.fixture
def refused(load: Load) -> Refused:
    """Write a file and load it; returns the message of the ConfigError."""

    def write_and_refuse(text: str | bytes, name: str = "pyproject.toml") -> str:
        with pytest.raises(ConfigError) as caught:
            load(text, name)
        return str(caught.value)

    return write_and_refuse


def test_a_minimal_configuration(load: Load, tmp_path: Path) -> None:
    config = load(TREES)
    assert (config.file, config.root) == (tmp_path / "pyproject.toml", tmp_path)
    assert config.reference == "prisma"
    assert config.candidates == ("supabase",)
    assert config.trees["supabase"].path == tmp_path / "sql" / "supabase"
    assert config.trees["supabase"].files is None
    assert config.fail_on == FAILING
    assert (config.platform, config.postgres, config.statement_timeout) == (None, None, 60.0)
    assert (config.seed, config.allow) == ((), ())


def test_a_configuration_with_every_key(load: Load, tmp_path: Path) -> None:
    (tmp_path / "seed").mkdir()
    for name in ("b.sql", "a.sql", "c.txt"):
        (tmp_path / "seed" / name).write_text("")
    config = load(
        """
        reference = "prisma"
        platform = "supabase"
        postgres = "17"
        fail_on = ["security", "behavior"]
        seed = "seed/*.sql"
        statement_timeout = 2.5
        [trees.prisma]
        path = "one"
        layout = "prisma"
        [trees.archive]
        files = ["two.sql", "/three.sql"]
        platform = "none"
        [[allow]]
        tree = "archive"
        kind = "policy"
        name = "public.users.*"
        change = "extra"
        attribute = "roles"
        impact = "security"
        until = 2027-01-31
        reason = "only there"
        """,
        "parity.toml",
    )
    assert config.postgres == 17
    assert config.fail_on == {"security", "behavior"}
    assert config.seed_files == (tmp_path / "seed" / "a.sql", tmp_path / "seed" / "b.sql")
    assert config.statement_timeout == 2.5
    assert config.trees["prisma"].layout == "prisma"
    assert config.trees["prisma"].platform == "supabase"
    assert config.trees["archive"].platform == "none"
    assert config.trees["archive"].files == (tmp_path / "two.sql", Path("/three.sql"))
    assert config.allow == (
        Allowance(
            reason="only there",
            tree="archive",
            kind="policy",
            name="public.users.*",
            change="extra",
            attribute="roles",
            impact="security",
            until=date(2027, 1, 31),
            place=Place("parity.toml", 14),
        ),
    )


@pytest.mark.parametrize(
    ("of_all", "of_one", "expected"),
    [
        ("", "", (True, True)),
        ("superuser = false", "", (False, False)),
        ("", "superuser = false", (True, False)),
        ("superuser = false", "superuser = true", (False, True)),
    ],
)
def test_superuser_of_all_trees_and_of_one(
    load: Load, of_all: str, of_one: str, expected: object
) -> None:
    text = TREES.replace('reference = "prisma"', f'reference = "prisma"\n{of_all}') + of_one
    trees = load(text).trees
    assert (trees["prisma"].superuser, trees["supabase"].superuser) == expected


def test_two_trees_may_have_the_same_files_if_only_one_has_a_superuser(load: Load) -> None:
    text = TREES.replace("sql/supabase", "sql/prisma")
    assert load(f"{text}superuser = false").candidates == ("supabase",)


@pytest.mark.parametrize("text", ["", "[tool.black]\n", "[project]\nname = 'x'\n", "tool = 3\n"])
def test_a_project_file_without_our_table(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert load_config(tmp_path / "pyproject.toml") is None
    assert find_config(tmp_path) is None


def test_a_list_of_names_gives_one_allowance_a_name_with_its_line(load: Load) -> None:
    text = f'{TREES}{ALLOW}kind = "policy"\nname = [\n"public.a.*", # first\n"public.b.x",\n]'
    found = load(text).allow
    assert [(one.name, one.kind, one.reason) for one in found] == [
        ("public.a.*", "policy", "agreed"),
        ("public.b.x", "policy", "agreed"),
    ]
    assert [one.place for one in found] == [Place("pyproject.toml", line) for line in (13, 14)]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('["SELECT"]', ["SELECT"]),
        ('{ privileges = ["SELECT"], n = 1.5 }', {"privileges": ["SELECT"], "n": 1.5}),
        ("false", False),
    ],
)
def test_an_allowance_with_an_actual_value(load: Load, written: str, value: object) -> None:
    (one,) = load(f'{TREES}{ALLOW}kind = "privilege"\nactual = {written}').allow
    assert one.actual == value


def test_an_allowance_for_several_trees(load: Load) -> None:
    assert load(f'{TREES}{ALLOW}tree = "supa*"\nchange = "extra"').allow[0].tree == "supa*"


def test_byte_order_mark_crlf_and_no_final_newline(load: Load) -> None:
    text = b"\xef\xbb\xbf" + TREES.strip().replace("\n", "\r\n").encode()
    assert load(text).reference == "prisma"


def test_all_mistakes_at_once(refused: Refused) -> None:
    said = refused(
        """\
[tool.pytest-schema-parity]
refrence = "prisma"
fail_on = ["behaviour"]
postgres = 14
[tool.pytest-schema-parity.trees.prisma]
path = "one"
[tool.pytest-schema-parity.trees.supabase]
paht = "two"
[[tool.pytest-schema-parity.allow]]
tree = "supabse"
until = "soon"
"""
    )
    ours = "[tool.pytest-schema-parity"
    assert said.splitlines() == [
        "pyproject.toml: 10 mistakes",
        f"  pyproject.toml:1: {ours}] reference: is missing; name the reference tree: "
        'reference = "NAME"',
        f'  pyproject.toml:2: {ours}] refrence: unknown key; did you mean "reference"?',
        f'  pyproject.toml:3: {ours}] fail_on: "behaviour" is unknown; did you mean "behavior"?',
        f"  pyproject.toml:4: {ours}] postgres: 14 is not supported; the oldest is 15",
        f'  pyproject.toml:7: {ours}.trees.supabase]: has no source; give path = "DIRECTORY" or '
        'files = ["FIRST.sql", "SECOND.sql"]',
        f'  pyproject.toml:8: {ours}.trees.supabase] paht: unknown key; did you mean "path"?',
        "  pyproject.toml:9: [[tool.pytest-schema-parity.allow]]: has no reason; say why the team "
        'accepts it: reason = "…"',
        "  pyproject.toml:9: [[tool.pytest-schema-parity.allow]]: would allow every difference; "
        "restrict it by one of kind, name, change, attribute, impact",
        "  pyproject.toml:10: [[tool.pytest-schema-parity.allow]] tree: "
        '"supabse" is unknown; did you mean "supabase"?',
        "  pyproject.toml:11: [[tool.pytest-schema-parity.allow]] until: must be a date, the "
        "last day of the allowance: until = 2027-01-31",
    ]
