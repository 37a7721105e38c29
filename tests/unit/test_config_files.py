"""Mistakes in what a configuration names outside of its text come with the others, in one error."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_schema_parity.checks.file_mistakes import KNOWN
from pytest_schema_parity.config import load_config
from pytest_schema_parity.errors import ConfigError

EVERY_MISTAKE = """\
reference = "a"
platform = "supabas"
fail_on = ["behaviour"]
[trees.a]
path = "sql/migration"
[trees.b]
path = "empty"
layout = "prism"
[trees.c]
files = [
    "sql/migrations/1_a.sql",
    "sql/migrations/1_b.sql",
    "nowhere.sql",
]
platform = "nome"
[trees.d]
path = "sql/migrations"
[trees.e]
path = "./sql/migrations"
[[rehearsal]]
from = "c"
to = "a"
steps = "sql/steps"
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sql/migrations").mkdir(parents=True)
    (tmp_path / "sql/migrations/1_a.sql").write_text("CREATE TABLE a ();")
    (tmp_path / "empty").mkdir()
    return tmp_path


def refused(root: Path, text: str) -> list[str]:
    """The lines of the error, without the directory of the test."""
    (root / "p.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(root / "p.toml", known=KNOWN)
    return str(caught.value).replace(f"{root}/", "").splitlines()


def test_all_mistakes_come_together_each_with_its_line(root: Path) -> None:
    found = refused(root, EVERY_MISTAKE)
    assert found[0] == "p.toml: 10 mistakes"
    assert [line.strip().partition(". Looked for")[0] for line in found[1:]] == [
        'p.toml:2: platform: "supabas" is unknown; did you mean "supabase"?',
        'p.toml:3: fail_on: "behaviour" is unknown; did you mean "behavior"?',
        "p.toml:5: [trees.a] path: sql/migration does not exist: did you mean migrations?",
        "p.toml:7: [trees.b] path: empty contains no migrations",
        "p.toml:8: [trees.b] layout: unknown layout 'prism': did you mean 'prisma'?",
        "p.toml:12: [trees.c] files: sql/migrations/1_b.sql is not a file: did you mean 1_a.sql?",
        "p.toml:13: [trees.c] files: nowhere.sql is not a file",
        'p.toml:15: [trees.c] platform: "nome" is unknown; did you mean "none"?',
        'p.toml:18: [trees.e]: has the same files as "d", so they cannot differ; remove one',
        "p.toml:23: [[rehearsal]] steps: sql/steps is not a directory with the steps of an upgrade",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('platform = "supabase"', 'p.toml:3: platform: "supabase" needs its own server'),
        (
            "superuser = false",
            "p.toml:3: superuser: needs its own server, because it changes roles",
        ),
        (
            '[trees.c]\npath = "x"\nplatform = "supabase"',
            'p.toml:5: [trees.c] platform: "supabase" needs its own server',
        ),
    ],
)
def test_what_a_fixtures_server_cannot_have(root: Path, text: str, line: str) -> None:
    (root / "x").mkdir()
    (root / "x/1_x.sql").write_text("SELECT 1;")
    trees = '[trees.a]\npath = "sql/migrations"\n[trees.b]\nfiles = ["x/1_x.sql"]\n'
    settings, _, more = text.partition("[")
    head = f'reference = "a"\nserver = "postgresql_noproc"\n{settings}'
    text = f"{head}[{more}\n{trees}" if more else f"{head}\n{trees}"
    (found,) = refused(root, text)
    assert found.startswith(line)
    assert found.endswith("remove the key `server`")


def test_a_correct_configuration_has_no_mistakes(root: Path) -> None:
    (root / "sql/up").mkdir()
    (root / "sql/up/001_a.up.sql").write_text("SELECT 1;")
    (root / "p.toml").write_text(
        'reference = "a"\n[trees]\na.path = "sql/migrations"\nb.files = ["sql/up/001_a.up.sql"]\n'
        '[rehearsal]\nfrom = "b"\nto = "a"\nsteps = "sql/up"\n'
    )
    config = load_config(root / "p.toml", known=KNOWN)
    assert config is not None
    assert list(config.trees) == ["a", "b"]
