"""Checks of a project's own: whatever can be called, and what is told of what cannot be one."""

from __future__ import annotations

import pytest
from support.campaign import in_campaign

GATE = ("--schema-parity", "pyproject.toml")
CALLABLES = """
from functools import partial

def wanted(name, tree):
    assert name in tree.schema.tables, f"{name} is wanted"

class Wanted:
    def __len__(self):
        return 0  # it is false, and can be called for all that

    def __call__(self, tree):
        wanted("public.objects", tree)

async def waits(tree): assert False
def yields(tree): yield
def returns(tree): return tree.name == "x"

def pytest_schema_parity_checks():
    return {
        "partial": partial(wanted, "public.partials"),
        "object": Wanted(),
        "builtin": {}.__getitem__,
        "lambda": lambda tree: wanted("public.lambdas", tree),
        "idle-1": waits, "idle-2": yields, "idle-3": returns,
    }
"""


def test_whatever_can_be_called_and_does_check(project) -> None:
    pytester = project()
    pytester.makeconftest(CALLABLES)
    result = pytester.runpytest_subprocess(
        *GATE, "-k", "partial or object or builtin or lambda or idle"
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED, result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            "*AssertionError: public.partials is wanted",
            "*AssertionError: public.objects is wanted",
            "*TypeError: unhashable type: *",
            "*AssertionError: public.lambdas is wanted",
            "*'idle-1' returned <coroutine*plain function*",
            "*'idle-2' returned <generator*",
            "*'idle-3' returned False*",
        ]
    )
    result.stdout.no_fnmatch_line("*def runtest(*")
    assert result.parseoutcomes().keys() == {"failed", "deselected"}
    assert result.parseoutcomes()["failed"] == 7


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('["x"]', "*pytest_schema_parity_checks returned ?'x'?: return a mapping of names*"),
        (
            "{1: print}",
            "*pytest_schema_parity_checks: 1 is not a valid name for a check; use letters*",
        ),
        *in_campaign(
            (f'{{"{name}": print}}', f"*_checks: '{name}' is not a valid name for a check*")
            for name in ("a b", "a::b", "")
        ),
        ('{"x": 3}', "*pytest_schema_parity_checks: the check 'x' is 3; give a function*"),
        *in_campaign(
            [
                (
                    '{"x": "y"}',
                    "*pytest_schema_parity_checks: the check 'x' is 'y'; give a function*",
                )
            ]
        ),
        ('{"columns": print}', "*pytest_schema_parity_checks: there is a check 'columns' already*"),
    ],
)
def test_what_cannot_be_a_check(project, given: str, told: str) -> None:
    pytester = project()
    pytester.makeconftest(f"def pytest_schema_parity_checks(): return {given}")
    result = pytester.runpytest_subprocess(*GATE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([told])
