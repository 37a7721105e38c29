"""Notes about structural differences for which no counterexample was found."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from pytest_schema_parity.behavior.statements.counterexample import Search
from pytest_schema_parity.checks.behavior_wording import note
from pytest_schema_parity.checks.explaining import difference_text
from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.finding import Finding
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.schema.difference import Difference

MOST_NAMES: Final = 20
"""How many names or differences a note has at most."""
ACCESS_KINDS: Final = frozenset({"policy", "privilege"})
"""Kinds that concern roles, in whatever they differ."""
ACCESS_ATTRIBUTES: Final = frozenset(
    {"row_level_security", "force_row_level_security", "security_definer"}
    | {"security_invoker", "security_barrier"}
)
"""Attributes that concern roles: of tables, views, functions and procedures."""


def unexplained_notes(
    tree: str,
    shared: Collection[str],
    differences: Sequence[Difference],
    allowances: Sequence[Allowance],
    found: Search,
) -> Iterator[Finding]:
    """Notes that list differences that may change behavior, but explain no counterexample.

    ``differences`` are those left to list, ``shared`` the tables, views and routines of both trees.
    Differences in access control, which do not affect the superuser, are listed without those that
    an allowance accepts; a second note says that they were not tested if no roles are configured.
    """
    behavioral = [
        each
        for each in differences
        if each.impact == "behavior"
        if each.name in shared or each.name.rpartition(".")[0] in shared
    ]
    access = [
        each
        for each in differences
        if _is_access(each)
        if not any(allowance.covers(each, is_difference=True) for allowance in allowances)
    ]
    unexplained = [*behavioral, *access] if found.roles else behavioral
    if unexplained:
        title = f"no counterexample was found for {counted(len(unexplained), 'difference')}"
        yield note(tree, "", title, _difference_lines(unexplained))
    if access and not found.roles:
        number, were = counted(len(access), "difference"), "was" if len(access) == 1 else "were"
        title = (
            f"{number} in access control (policies, privileges, …) {were} not tested: set `roles`"
        )
        yield note(tree, "", title, _difference_lines(access))


def _is_access(difference: Difference) -> bool:
    return difference.impact == "security" and (
        difference.kind in ACCESS_KINDS or difference.attribute in ACCESS_ATTRIBUTES
    )


def _difference_lines(differences: Sequence[Difference]) -> list[str]:
    lines = [difference_text(each) for each in differences[:MOST_NAMES]]
    more = len(differences) - MOST_NAMES
    return [*lines, f"… and {more} more"] if more > 0 else lines
