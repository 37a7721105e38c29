"""Rehearsals that cannot be carried out, or not to the end."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from textwrap import dedent

import pytest
from support.campaign import in_campaign
from support.rehearsing_project import CONFIGURATION, FILES, run, write


@dataclass(frozen=True)
class Bad:
    """A rehearsal that is wrong in one way, and what a check of it says."""

    said: str
    check: str = "upgrade"
    steps: dict[str, str | None] = field(default_factory=dict)
    source: str = "deployed"
    goal: str = "main"
    seed: str = "seed.sql"

    def written(self, name: str) -> dict[str, str | None]:
        """Its steps, below a directory of its name."""
        steps = {file: text for file, text in FILES.items() if file.startswith("upgrade/")}
        return {f"{name}/{file}": text for file, text in {**steps, **self.steps}.items()}

    def configuration(self, name: str) -> str:
        return f"""
            [[tool.pytest-schema-parity.rehearsal]]
            name = "{name}"
            from = "{self.source}"
            steps = "{name}/upgrade"
            to = "{self.goal}"
            seed = "{self.seed}"
        """


FAILS: dict[str, str | None] = {
    "upgrade/002_index.up.sql": "CREATE INDEX users_name ON user_s (name);\n"
}
BAD = {
    "a-step-that-fails": Bad(
        '*fails/upgrade/002_index.up.sql:1:*relation "user_s" does not exist (42P01)*', steps=FAILS
    ),
    "not-reached-after-it": Bad(
        "not checked: 002_index, because 002_index fails; see `upgrade` (*user_s*",
        check="data",
        steps=FAILS,
    ),
    "steps-out-of-order": Bad(
        '*order/upgrade/001_email.up.sql:1:*column "email" does not exist (42703)*',
        steps={
            "upgrade/001_email.up.sql": "CREATE INDEX IF NOT EXISTS users_email ON users (email);",
            "upgrade/002_index.up.sql": "ALTER TABLE users ADD COLUMN email text;",
        },
    ),
    "from-that-does-not-apply": Bad(
        "not rehearsed: broken cannot be applied without errors; see its check `applies` (*texts*",
        source="broken",
    ),
    "to-that-is-not-reached": Bad("missing table public.late*", goal="later"),
    "a-seed-that-does-not-fit": Bad(
        'bad.sql:2:*column "mail" of relation "users" does not exist*', seed="bad.sql"
    ),
    "a-missing-down-file": Bad(
        "a-missing-down-file/upgrade/001_email.up.sql has no down file, so it cannot be rolled"
        " back",
        check="rollback",
        steps={"upgrade/001_email.down.sql": None},
    ),
}
"""Rehearsals by name, for one run."""
OTHER_TREES = """
    [tool.pytest-schema-parity.trees.later]
    path = "later"

    [tool.pytest-schema-parity.trees.broken]
    path = "broken"
"""


@pytest.mark.parametrize(
    "names", [["a-step-that-fails", "a-missing-down-file"], *in_campaign([list(BAD)])]
)
def test_each_bad_input_is_one_clear_finding(pytester: pytest.Pytester, names: list[str]) -> None:
    chosen = {name: BAD[name] for name in names}
    head = CONFIGURATION[: CONFIGURATION.index("[tool.pytest-schema-parity.rehearsal]")]
    tables = [OTHER_TREES, *(bad.configuration(name) for name, bad in chosen.items())]
    files: dict[str, str | None] = {
        "pyproject.toml": head + "".join(map(dedent, tables)),
        "later/001.sql": f"{FILES['main/001.sql']}CREATE TABLE late (id int);\n",
        "broken/001.sql": "CREATE TABLE users (id int PRIMARY KEY, name texts);\n",
        "bad.sql": "SELECT 1;\nINSERT INTO users (id, mail) VALUES (1, 'x');\n",
    }
    for name, bad in chosen.items():
        files |= bad.written(name)
    ids = [f"pyproject.toml::rehearsal-{name}::{bad.check}" for name, bad in chosen.items()]
    result = run(write(pytester, **files), *ids)
    result.assert_outcomes(failed=len(chosen))
    sections = re.split(r"^_+ .*rehearsal-(\S+)::\w+ _+$", result.stdout.str(), flags=re.MULTILINE)
    shown = dict(zip(sections[1::2], sections[2::2], strict=True))
    for name, bad in chosen.items():
        pytest.LineMatcher(shown[name].splitlines()).fnmatch_lines([bad.said])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"pyproject.toml": CONFIGURATION.replace('"upgrade"', '"upgrades"')},
            "*pyproject.toml:*.rehearsal] steps: *upgrades is not a directory with the steps*",
        ),
        (
            {"upgrade/1_other.up.sql": "SELECT 1;\n"},
            "*pyproject.toml:*.rehearsal] steps: *have the same number; renumber one*",
        ),
        (
            {"upgrade/001_email.up.sql": None},
            "*pyproject.toml:*.rehearsal] steps: *001_email.down.sql is a down file without an up*",
        ),
    ],
)
def test_steps_that_cannot_be_used_are_a_usage_error(
    pytester: pytest.Pytester, changed: dict[str, str | None], said: str
) -> None:
    result = run(write(pytester, **changed))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])
