"""``applies``: every file of a tree runs on a new database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pytest_schema_parity.checks.check import Check, Context
from pytest_schema_parity.errors import SchemaParityError
from pytest_schema_parity.findings.counting import findings_headline
from pytest_schema_parity.findings.evidence import Excerpt, Outcome, Script
from pytest_schema_parity.findings.finding import Finding, cause_of
from pytest_schema_parity.findings.wording import counted
from pytest_schema_parity.migrations.failure import Failure
from pytest_schema_parity.schema.difference import Origins
from pytest_schema_parity.schema.facts import Place
from pytest_schema_parity.showing import clean, printable

NAME: Final = "applies"
EMPTY_REFERENCE: Final = (
    "the files of the reference create no objects: there is nothing to compare with"
)


def find(context: Context) -> Iterator[Finding]:
    """A finding for each statement that failed, or for a tree that could not be built."""
    tree = context.tree
    try:
        build = context.build(tree)
    except SchemaParityError as error:
        yield not_built(tree, str(error))
        return
    for failure in build.failures:
        yield failure_finding(failure, tree)
    if not build.failures and tree == context.reference and build.is_empty:
        yield Finding(
            tree=tree,
            check=NAME,
            kind="tree",
            name=tree,
            change="empty",
            title=EMPTY_REFERENCE,
            breaks=True,
        )


def not_built(tree: str, reason: str) -> Finding:
    """The finding for a tree that could not be built."""
    return Finding(
        tree=tree,
        check=NAME,
        kind="tree",
        name=tree,
        change="not built",
        title=reason,
        breaks=True,
    )


def failure_finding(failure: Failure, tree: str) -> Finding:
    """The finding for a statement that a server refused, or a file that cannot be applied."""
    outcome = Outcome(failure.message, failure.sqlstate, failure.detail, failure.hint)
    excerpt = failure.excerpt or (None, None)
    return Finding(
        tree=tree,
        check=NAME,
        kind="statement",
        name=failure.file,
        change="failed",
        title=failure.title,
        evidence=(
            Excerpt(failure.file, failure.line, failure.column, *excerpt),
            Script((failure.statement,), ((None, outcome),)),
        ),
        locations=Origins(tree=Place(failure.file, failure.line)),
        breaks=True,
    )


def headline(failing: Sequence[Finding], tree: str) -> str:
    """How many statements failed, and the first: others are often its consequences."""
    failed = [finding for finding in failing if finding.kind == "statement"]
    if not failed:
        text = findings_headline(failing, tree)
        return text if failing[0].change == "not built" else clean(failing[0].title)
    head = f"{counted(len(failed), 'statement')} of {printable(tree)} failed"
    if len(failed) > 1:
        files = {finding.name for finding in failed}
        causes = {cause_of(finding) for finding in failed}
        head += f" in {counted(len(files), 'file')}"
        if len(causes) < len(failed):
            head += f" ({counted(len(causes), 'cause')})"
        head += ", the first"
    return f"{head}: {clean(failed[0].title)}"


CHECK: Final = Check(
    names=(NAME,),
    find=find,
    headline=headline,
    roles=frozenset({"reference", "candidate", "not compared"}),
)
