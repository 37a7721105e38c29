"""The requests of sql/requests.toml notice when any one policy, or what it asks, lets more through.

The gate compares Supabase's own policies with nothing, as Prisma's tree has none: the requests are
what holds them.
"""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from support.campaign import in_campaign, one_in

from pytest_schema_parity.building import BuiltTree
from pytest_schema_parity.checks.open_parity import open_parity
from pytest_schema_parity.config import load_config
from pytest_schema_parity.postgres.installation import Installation

ROOT = Path(__file__).parents[2]
ALLOWED = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest-schema-parity"]
POLICIES = [
    name
    for allowance in ALLOWED["allow"]
    if allowance["kind"] == "policy"
    for name in allowance["name"]
    if "Everyone sees" not in name  # USING (true) already
]
HARMLESS = {
    # Who is no admin has no row to change, and a user's id is in nobody's reach.
    ('public.activities."Admins change activities"', "check"),
    ('public.badges."Admins change badges"', "check"),
    ('public.users."Users edit themselves"', "check"),
}
HELPER = (
    "CREATE OR REPLACE FUNCTION private.{} LANGUAGE sql STABLE SET search_path = '' AS $$ {} $$"
)


@pytest.fixture(scope="module")
def tree(installation: Installation) -> Iterator[BuiltTree]:
    config = load_config(ROOT / "pyproject.toml")
    assert config
    parity = open_parity(config, bindir=installation.bindir)
    yield parity.trees["supabase"]
    parity.trees.close()


@pytest.fixture(scope="module")
def checks() -> ModuleType:
    """The project's own conftest.py."""
    spec = importlib.util.spec_from_file_location("project_conftest", ROOT / "conftest.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mutated(tree: BuiltTree, statement: str) -> Any:
    """The tree with one more statement, for one check."""
    clone = tree.clone()
    with clone.connect() as connection:
        connection.execute(statement.encode())
    return SimpleNamespace(name=tree.name, clone=lambda: clone)


def test_the_requests_reach_what_they_should(tree: BuiltTree, checks: ModuleType) -> None:
    checks.requests_reach_what_they_should(tree)


@pytest.mark.parametrize("name", one_in(4, POLICIES))
def test_a_policy_that_lets_everything_through(
    tree: BuiltTree, checks: ModuleType, name: str
) -> None:
    (policy,) = tree.schema.policies[name]
    assert policy.parent
    table = policy.parent[1]
    for clause, word in (("using", "USING"), ("check", "WITH CHECK")):
        if clause in policy.attributes and (name, clause) not in HARMLESS:
            own = name.removeprefix(f"{table}.")
            opened = mutated(tree, f"ALTER POLICY {own} ON {table} {word} (true)")
            with pytest.raises(AssertionError, match="reach other rows than they should"):
                checks.requests_reach_what_they_should(opened)


@pytest.mark.parametrize(
    "statement",
    [
        HELPER.format("is_admin() RETURNS boolean", "SELECT true"),
        *in_campaign(
            [
                HELPER.format("is_reviewer() RETURNS boolean", "SELECT true"),
                HELPER.format(
                    'user_role() RETURNS public."Role"', """SELECT 'ADMIN'::public."Role" """
                ),
                HELPER.format("user_id() RETURNS text", "SELECT min(id) FROM public.users"),
            ]
        ),
        "ALTER FUNCTION public.evidence_signing_path(text) SECURITY DEFINER",
    ],
)
def test_a_function_that_lets_more_through(
    tree: BuiltTree, checks: ModuleType, statement: str
) -> None:
    with pytest.raises(AssertionError, match="reach other rows than they should"):
        checks.requests_reach_what_they_should(mutated(tree, statement))


def test_a_bucket_that_is_public(tree: BuiltTree, checks: ModuleType) -> None:
    public = mutated(tree, "UPDATE storage.buckets SET public = true")
    with (
        public.clone() as clone,
        pytest.raises(AssertionError, match="may download from: evidence"),
    ):
        checks.api_roles_meet_policies(clone)
