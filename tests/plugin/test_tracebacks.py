"""A user's test that meets an error of ours shows that error and the user's own line."""

from __future__ import annotations

import pytest

SCENARIOS = """
    import pytest
    import psycopg

    def helper(trees, name):
        return trees[name]

    @pytest.fixture
    def mine(schema_parity):
        return schema_parity["mistyped"]

    def test_wrong_tree(schema_parity):
        helper(schema_parity, "supabse")

    def test_wrong_database(schema_parity_database):
        schema_parity_database["supabse"]

    def test_wrong_rehearsal(schema_parity):
        with schema_parity.rehearse("rehearsal-nowhere"):
            pass

    def test_wrong_arguments(schema_parity):
        with schema_parity.rehearse(source="prisma"):
            pass

    def test_no_steps(schema_parity):
        with schema_parity.rehearse(source="prisma", steps="nowhere"):
            pass

    def test_wrong_tree_in_a_fixture(mine):
        pass

    def test_no_statement(schema_parity):
        schema_parity.same_outcome(" ")

    def test_statement_that_fails(schema_parity):
        with schema_parity["prisma"].connect() as connection:
            connection.execute("SELECT nothing FROM users")

    def test_unreadable_seed(schema_parity):
        schema_parity.same_rows("SELECT 1", seed="SELECT 1 FROM nowhere")

    def test_no_server():
        from pytest_schema_parity import read_schema
        read_schema("host=/nowhere dbname=a")
"""


def without_frames_of_ours(text: str) -> None:
    assert "pytest_schema_parity/" not in text
    assert "contextlib.py" not in text
    assert "direct cause" not in text
    assert "During handling" not in text


def test_errors_come_with_the_users_own_line(project) -> None:
    pytester = project()
    pytester.makepyfile(test_mine=SCENARIOS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=9, errors=1)
    shown = result.stdout.str()
    without_frames_of_ours(shown)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup of test_wrong_tree_in_a_fixture*",
            '>*return schema_parity[[]"mistyped"]',
            "E *there is no tree 'mistyped'; the trees are prisma, supabase",
            "*_ test_wrong_tree _*",
            "*return trees[[]name]",
            "E *there is no tree 'supabse'; the trees are prisma, supabase",
            "*_ test_wrong_database _*",
            '>*schema_parity_database[[]"supabse"]',
            "*_ test_wrong_rehearsal _*",
            '>*with schema_parity.rehearse("rehearsal-nowhere"):',
            "E *there is no rehearsal 'rehearsal-nowhere'; configured are: none",
            "*_ test_wrong_arguments _*",
            '>*with schema_parity.rehearse(source="prisma"):',
            "E *rehearse() needs both a source and steps, or the name of a rehearsal",
            "*_ test_no_steps _*",
            '>*with schema_parity.rehearse(source="prisma", steps="nowhere"):',
            "E *nowhere is not a directory with the steps of an upgrade",
            "*_ test_no_statement _*",
            '>*schema_parity.same_outcome(" ")',
            "E *no statement is given: pass at least one",
            "*_ test_statement_that_fails _*",
            '>*connection.execute("SELECT nothing FROM users")',
            'E *column "nothing" does not exist*',
            "*_ test_unreadable_seed _*",
            '>*schema_parity.same_rows("SELECT 1", seed="SELECT 1 FROM nowhere")',
            'E *relation "nowhere" does not exist*',
            "*_ test_no_server _*",
            '>*read_schema("host=/nowhere dbname=a")',
            "E *The schema cannot be read: connection *",
        ]
    )


@pytest.mark.parametrize("option", [(), ("--full-trace",)])
def test_a_configuration_or_a_server_that_cannot_be_used(project, option) -> None:
    pytester = project(configuration='[tool.pytest-schema-parity]\nreference = "a"\n')
    pytester.makepyfile("def test_mine(schema_parity):\n    pass")
    result = pytester.runpytest_subprocess(*option)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*pyproject.toml:1: *trees: there is no tree*"])
    if option:
        assert "plugin/session.py" in result.stdout.str()
    else:
        without_frames_of_ours(result.stdout.str())
