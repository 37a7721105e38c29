"""The tables of rehearsals: read, and each mistake with its line, its key and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_schema_parity.config import Config, load_config
from pytest_schema_parity.errors import ConfigError

BASE = """
reference = "main"
[trees]
main.path = "one"
deployed.path = "two"
"""
TABLE = f"""{BASE}
[rehearsal]
from = "deployed"
steps = "upgrade"
to = "main"
"""
ALLOW = '[[allow]]\nreason = "agreed"\nkind = "data"\n'


def load(tmp_path: Path, text: str) -> Config:
    (tmp_path / "p.toml").write_text(text)
    config = load_config(tmp_path / "p.toml")
    assert config is not None
    return config


def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> str:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    return str(caught.value)


def test_a_table(tmp_path: Path) -> None:
    for name in ("b.sql", "a.sql"):
        (tmp_path / name).touch()
    text = f'{TABLE}seed = ["b.sql", "*.sql"]\nmax_lock = "SHARE"\nno_rewrite = true\n'
    (rehearsal,) = load(tmp_path, text).rehearsals
    assert (rehearsal.name, rehearsal.source, rehearsal.target) == (
        "rehearsal",
        "deployed",
        "main",
    )
    assert rehearsal.steps == tmp_path / "upgrade"
    assert rehearsal.seed == (tmp_path / "b.sql", tmp_path / "a.sql")
    assert (rehearsal.max_lock, rehearsal.no_rewrite, rehearsal.line) == ("SHARE", True, 7)


def test_a_seed_is_a_choice_and_examples_have_a_default(tmp_path: Path) -> None:
    found = [load(tmp_path, TABLE + more).rehearsals[0] for more in ("", "seed = []\nexamples = 0")]
    assert [(each.seed, each.examples) for each in found] == [(None, 1_000), ((), 0)]


def test_several_tables(tmp_path: Path) -> None:
    text = TABLE.replace("[rehearsal]", "[[rehearsal]]")
    other = text[text.index("[[") :].replace("[[rehearsal]]", '[[rehearsal]]\nname = "next"')
    config = load(tmp_path, text + other)
    assert [rehearsal.name for rehearsal in config.rehearsals] == ["rehearsal", "rehearsal-next"]
    assert [config.line_of(rehearsal.name) for rehearsal in config.rehearsals] == [7, 11]
    assert config.line_of("deployed") == 5


def test_in_a_project_file(tmp_path: Path) -> None:
    text = "\n".join(
        line.replace("[", "[tool.pytest-schema-parity.") if line.startswith("[") else line
        for line in TABLE.splitlines()
    )
    (tmp_path / "pyproject.toml").write_text(f"[tool.pytest-schema-parity]{text}")
    config = load_config(tmp_path / "pyproject.toml")
    assert config is not None
    assert len(config.rehearsals) == 1


def test_the_tree_that_is_deployed_is_not_compared(tmp_path: Path) -> None:
    config = load(tmp_path, TABLE)
    assert config.candidates == ()
    assert config.not_compared == ("deployed",)
    assert list(config.trees) == ["main", "deployed"]


def test_unless_its_table_says_so(tmp_path: Path) -> None:
    text = TABLE.replace('deployed.path = "two"', 'deployed = { path = "two", compare = true }')
    config = load(tmp_path, text)
    assert config.candidates == ("deployed",)
    assert config.not_compared == ()


def test_the_reference_may_be_what_is_deployed(tmp_path: Path) -> None:
    text = TABLE.replace('"deployed"', '"here"').replace('to = "main"', 'to = "deployed"')
    config = load(tmp_path, text.replace('"here"', '"main"'))
    assert config.candidates == ("deployed",)


@pytest.mark.parametrize("tree", ['"rehearsal"', '["rehearsal"]', '"*"'])
def test_an_allowance_of_a_rehearsal(tmp_path: Path, tree: str) -> None:
    (allowance,) = load(tmp_path, f"{TABLE}{ALLOW}tree = {tree}").allow
    assert allowance.concerns("rehearsal")


def test_an_allowance_of_several_trees_is_one_for_each(tmp_path: Path) -> None:
    text = TABLE.replace("[trees]", '[trees]\nother.path = "three"')
    text = f'{text}{ALLOW}tree = ["other", "rehearsal"]\nname = ["a", "b"]'
    allowances = load(tmp_path, text).allow
    assert [(each.tree, each.name) for each in allowances] == [
        ("other", "a"),
        ("other", "b"),
        ("rehearsal", "a"),
        ("rehearsal", "b"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TABLE.replace('from = "deployed"\n', ""), ":7: [rehearsal] from: is missing; name the tr"),
        (TABLE.replace('to = "main"\n', ""), ":7: [rehearsal] to: is missing; name the tree that"),
        (TABLE.replace('steps = "upgrade"\n', ""), ":7: [rehearsal] steps: is missing; give the "),
        (
            TABLE.replace('"deployed"', '"deploy"'),
            ':8: [rehearsal] from: "deploy" is unknown; did you mean "deployed"?',
        ),
        (TABLE.replace('to = "main"', 'to = "mian"'), '"mian" is unknown; did you mean "main"?'),
        (TABLE.replace('to = "main"', 'to = "deployed"'), ':10: [rehearsal] to: "deployed" is'),
        (f"{TABLE}step = 1", ':11: [rehearsal] step: unknown key; did you mean "steps"?'),
        (f'{TABLE}seed = "no/*.sql"', ':11: [rehearsal] seed: "no/*.sql" matches no file below'),
        (f'{TABLE}max_lock = "access share"', 'is unknown; did you mean "ACCESS SHARE"?'),
        (f"{TABLE}no_rewrite = 1", "no_rewrite: a number instead of true or false"),
        (f'{TABLE}name = "a b"', ":11: [rehearsal] name: may only have letters, digits"),
        (f"rehearsal = 1{BASE}", "rehearsal: a number instead of tables: write [[rehears"),
        (TABLE.replace("[rehearsal]", "[[rehearsal]]") + '[[rehearsal]]\nfrom = "deployed"\n'
         'steps = "x"\nto = "main"',
         ':11: [[rehearsal]]: another rehearsal is named "rehearsal"; give each'),
        (
            TABLE.replace("deployed", "rehearsal"),
            ':7: [rehearsal]: "rehearsal" is the name of a tree; choose another name',
        ),
        (f'{TABLE}{ALLOW}tree = "rehearse"', '"rehearse" is unknown; did you mean "rehearsal"?'),
        (f'{TABLE}{ALLOW}tree = "deployed"', '"deployed" is unknown; it can be "rehearsal"'),
        (f"{TABLE}{ALLOW}tree = [1]", "tree: may hold only strings that are not empty"),
        (
            f"{BASE}deployed.compare = false",
            "trees: every tree but the reference has compare = false; compare one",
        ),
        (f"{TABLE}[trees.main]\ncompare = false".replace('main.path = "one"', ""), "cannot have"),
    ],
)  # fmt: skip
def test_mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    assert said in refused(tmp_path, monkeypatch, text)
