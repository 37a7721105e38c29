"""The project's hooks that change facts before they are compared, and accept differences."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.findings.apply_allowances import Accept
from pytest_schema_parity.schema.difference import Difference
from pytest_schema_parity.schema.facts import Fact, Schema

AdjustFact: TypeAlias = Callable[[Fact], Fact | Literal[False] | None]
"""Returns the fact to compare instead, False to drop the fact, or None to keep it."""


@dataclass(frozen=True, slots=True)
class Adjustments:
    """The project's hooks; None if it does not define them."""

    fact: AdjustFact | None = None
    allow: Accept | None = None

    def schema(self, schema: Schema) -> Schema:
        """The facts of a tree after the hooks; dropping a fact also drops the facts below it.

        Hooks do not see the facts that the platform created.  Raises ConfigError.
        """
        if self.fact is None:
            return schema
        kept: list[Fact] = []
        dropped: set[tuple[str, str]] = set()
        for fact in schema:
            other = None if fact.provided else self._adjusted(fact, self.fact)
            if other is False:
                dropped.add(fact.key)
            elif other is None or isinstance(other, Fact):
                kept.append(fact if other is None else other)
            else:
                raise ConfigError(
                    f"pytest_schema_parity_fact returned {other!r} for {fact.kind} {fact.name}. "
                    "Return a Fact to replace it, False to drop it, or None to keep it."
                )
        below = [fact for fact in kept if not _is_descendant_of(fact, dropped, schema)]
        try:
            return Schema(below, version=schema.version, platform=schema.platform)
        except ValueError as error:
            raise ConfigError(
                f"pytest_schema_parity_fact gave two facts the same kind and name: {error}"
            ) from None

    def _adjusted(self, fact: Fact, adjust: AdjustFact) -> Fact | Literal[False] | None:
        """The result of a hook for a fact; raises ConfigError if it changed the fact in place."""
        given = replace(fact, attributes=deepcopy(dict(fact.attributes)))
        other = adjust(given)
        if other is None and given != fact:
            raise ConfigError(
                f"pytest_schema_parity_fact changed {fact.kind} {fact.name} in place and "
                "returned None. Return another: "
                "dataclasses.replace(fact, attributes={**fact.attributes, …})."
            )
        return other

    def reason(self, difference: Difference, tree: str) -> str | None:
        """Why the project accepts a difference, or None.  Raises ConfigError."""
        reason = None if self.allow is None else self.allow(difference, tree)
        if reason is None or (isinstance(reason, str) and reason.strip()):
            return reason
        raise ConfigError(
            f"pytest_schema_parity_allow returned {reason!r} for {difference.kind} "
            f"{difference.name}. Return the reason as text, or None to keep the difference."
        )


UNADJUSTED: Final = Adjustments()


def _is_descendant_of(fact: Fact, dropped: set[tuple[str, str]], schema: Schema) -> bool:
    """Whether a parent of a fact, or a parent's parent, was dropped."""
    parent = fact.parent
    while parent is not None:
        if parent in dropped:
            return True
        above = schema.get(parent)
        parent = None if above is None else above.parent
    return False
