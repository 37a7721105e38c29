"""Apply allowances to findings, and find allowances that are stale or have expired."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from pytest_schema_parity.findings.allowance import Allowance
from pytest_schema_parity.findings.differences import finding_of
from pytest_schema_parity.findings.finding import Finding, is_difference
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.kinds import FAILING, Impact

Accept: TypeAlias = Callable[[Difference, str], str | None]
"""Returns the reason for which a difference of a tree is accepted, or None."""


@dataclass(frozen=True, slots=True)
class CheckedFindings:
    """Findings after the allowances were applied.

    Findings that an allowance covers have its reason; ``used`` holds the allowances that cover any.
    """

    findings: tuple[Finding, ...] = ()
    used: frozenset[Allowance] = frozenset()


def apply_allowances(
    tree: str,
    findings: Iterable[Finding],
    allowances: Sequence[Allowance],
    *,
    today: date,
    fail_on: Collection[Impact] = FAILING,
    accept: Accept | None = None,
) -> CheckedFindings:
    """Accept those of a tree's findings that an unexpired allowance covers.

    A difference that no allowance covers is accepted, too, if ``accept`` returns a reason for it.
    ``fail_on`` are the impacts that are no notes.

    A difference that is accepted is unfolded: an allowance of an extra schema does not cover the
    functions in it, nor one of an extra table who may read it, nor one of a rename the policy that
    mentions the new name.  What is left stays folded.
    """
    covering_of = _covering_by_name(unexpired_allowances(allowances, tree, today))
    checked: list[Finding] = []
    used: set[Allowance] = set()
    waiting = list(findings)
    for finding in waiting:  # grows while it is walked
        difference = finding.difference
        covering = covering_of(finding) if _is_acceptable(finding) else []
        used.update(covering)
        for part in difference.parts if difference is not None else ():
            used.update(covering_of(part))
        reason = covering[0].reason if covering else _reason_to_accept(finding, accept)
        if reason is None:
            checked.append(finding)
        elif difference is None:
            checked.append(replace(finding, allowed=reason))
        else:
            whole, others = difference.unfold()
            cause = finding.consequence_of
            parts = [finding_of(each, tree, fail_on=fail_on) for each in (whole, *others)]
            if finding.check != difference.group:  # a check that reports all kinds
                parts = [replace(each, check=finding.check) for each in parts]
            checked.append(replace(parts[0], allowed=reason))
            waiting += [replace(each, consequence_of=cause) for each in parts[1:]]
    return CheckedFindings(tuple(_in_order(checked)), frozenset(used))


def unexpired_allowances(
    allowances: Iterable[Allowance], tree: str, today: date
) -> list[Allowance]:
    """The allowances that concern a tree and have not expired."""
    return [each for each in allowances if each.concerns(tree) and not each.is_expired(today)]


def expired_allowances(allowances: Iterable[Allowance], tree: str, today: date) -> list[Allowance]:
    """The allowances that concern a tree and have expired: they accept nothing any more."""
    return [each for each in allowances if each.concerns(tree) and each.is_expired(today)]


def stale_allowances(
    allowances: Iterable[Allowance], tree: str, used: Collection[Allowance], today: date
) -> list[Allowance]:
    """The unexpired allowances that concern a tree and cover nothing.

    ``used`` holds those that cover something in any tree: an allowance without a tree may cover a
    finding in one tree and none in the next.
    """
    return [each for each in unexpired_allowances(allowances, tree, today) if each not in used]


def _is_acceptable(finding: Finding) -> bool:
    """Whether an allowance can accept a finding: a difference, or a failure that breaks no tree."""
    return finding.difference is not None or not (finding.breaks or finding.note)


def _reason_to_accept(finding: Finding, accept: Accept | None) -> str | None:
    """The reason for which ``accept`` accepts a finding; None if it does not."""
    if accept is None or finding.difference is None:
        return None
    return accept(finding.difference, finding.tree)


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Sort differences by rank, as unfolding changes their order; keep that of other findings."""
    if any(finding.difference is None for finding in findings):
        return list(findings)
    return sorted(findings, key=lambda each: each.difference.rank if each.difference else ())


def _covering_by_name(
    allowances: Sequence[Allowance],
) -> Callable[[Finding | Difference], list[Allowance]]:
    """A function that returns the allowances that cover a finding, in their order.

    There may be hundreds of allowances, most with a name: it tries only those with the name of the
    finding, and those with a pattern.
    """
    named: dict[str | None, list[int]] = {}
    for number, one in enumerate(allowances):
        is_pattern = one.name is None or "*" in one.name or "?" in one.name
        named.setdefault(None if is_pattern else one.name, []).append(number)

    def covering(finding: Finding | Difference) -> list[Allowance]:
        numbers = sorted(named.get(None, []) + named.get(finding.name, []))
        return [
            allowances[n]
            for n in numbers
            if allowances[n].covers(finding, is_difference=is_difference(finding))
        ]

    return covering
