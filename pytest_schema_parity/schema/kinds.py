"""The kinds of facts, as data: the group to which they belong, and the impact of a difference.

A kind is one entry here and one ``catalog/<name>.sql`` (spaces become underscores).  The
differ knows no kind by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Impact: TypeAlias = Literal[
    "behavior", "security", "performance", "naming", "form", "order", "comment"
]
"""How a difference affects users of the database; :data:`IMPACTS` has the most severe first."""

IMPACTS: Final[tuple[Impact, ...]] = (
    "behavior",
    "security",
    "performance",
    "naming",
    "form",
    "order",
    "comment",
)
FAILING: Final[frozenset[Impact]] = frozenset(IMPACTS) - {"order", "comment"}
"""The impacts that fail a check by default; the others are notes."""

Group: TypeAlias = Literal[
    "extensions",
    "types",
    "tables",
    "columns",
    "constraints",
    "indexes",
    "sequences",
    "functions",
    "triggers",
    "views",
    "policies",
    "privileges",
    "other",
]

GROUPS: Final[tuple[Group, ...]] = Group.__args__  # type: ignore[attr-defined]
"""Every group, in the order in which they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of fact.

    ``impact`` is the impact of a missing, extra or changed fact of this kind; ``when`` holds the
    exceptions: (attribute, value) pairs that give the fact another impact (a unique index).
    ``attributes`` holds the attributes whose change has another impact than the fact.
    ``order`` names the attribute that ranks a fact among its siblings (1, 2, 3, without gaps): only
    the relative order of those that both sides have is compared, and reported once, on the parent.
    ``reported_by_child`` names the kind of child that reports this fact if both sides have that
    child: a unique constraint and a unique index differ once, in the ``form`` of the index.
    ``not_reported_by_child`` names the attributes that the child does not show: a fact in which one
    of them is set is reported separately.
    ``sql`` names the attributes that hold long SQL, which a report shows as a diff.
    ``expressions`` names the attributes that hold expressions or queries as the server deparses
    them, or lists of these: they are normalised before they are compared.
    ``lists`` names the attributes that hold lists of which only the differing items are reported.
    ``rename`` is how a rename is recognised: ``definition`` (the same attributes and the same
    facts below, and nothing else alike), ``place`` (that, and the same neighbours), or ``never``.
    ``identifying`` names attributes and kinds of children: a fact with none of them is not
    recognised as renamed, as its definition is too common (a table without columns).
    ``dropped_with_column`` is true if DROP COLUMN drops the facts that list the column.
    ``container`` is true if the facts below are independent of it and not its parts (schemas).
    """

    group: Group
    impact: Impact = "behavior"
    when: Mapping[tuple[str, str | bool], Impact] = field(default_factory=dict)
    attributes: Mapping[str, Impact] = field(default_factory=dict)
    order: str | None = None
    reported_by_child: str | None = None
    not_reported_by_child: frozenset[str] = frozenset()
    sql: frozenset[str] = frozenset()
    expressions: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    rename: Literal["definition", "place", "never"] = "definition"
    identifying: frozenset[str] = frozenset()
    dropped_with_column: bool = False
    container: bool = False

    def impact_of(self, attributes: Mapping[str, object]) -> Impact:
        """The impact of a fact with these attributes: of the most severe exception that applies."""
        exceptions = (
            impact
            for (attribute, value), impact in self.when.items()
            if attributes.get(attribute) == value
        )
        return min(exceptions, key=IMPACTS.index, default=self.impact)

    def impact_of_attribute(self, attribute: str) -> Impact | None:
        """The impact of a change of this attribute, by the kind or by COMMON; else None."""
        return self.attributes.get(attribute) or COMMON.get(attribute)


COMMON: Final[Mapping[str, Impact]] = MappingProxyType(
    {
        "comment": "comment",
        "owner": "security",
        "child_comments": "comment",
        "child_names": "naming",
        "not_null_comment": "comment",
        "not_null_name": "naming",
    }
)
"""Attributes that have the same impact on every kind."""

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "schema": Kind(group="other", rename="never", container=True),
        "extension": Kind(group="extensions", rename="never"),
        "enum": Kind(group="types", lists=frozenset({"labels"})),
        "domain": Kind(group="types", expressions=frozenset({"default"})),
        "composite type": Kind(
            group="types",
            attributes={"column_order": "behavior"},  # ROW(…) and '(…)' give values by position
            identifying=frozenset({"column"}),
        ),
        "range type": Kind(group="types"),
        "table": Kind(
            group="tables",
            expressions=frozenset({"partition_key", "partition_bound"}),
            attributes={
                "row_level_security": "security",
                "force_row_level_security": "security",
                "options": "performance",
                "tablespace": "performance",
                "access_method": "performance",
            },
            identifying=frozenset({"column"}),
        ),
        "foreign table": Kind(group="tables", identifying=frozenset({"column"})),
        "view": Kind(
            group="views",
            attributes={"security_invoker": "security", "security_barrier": "security"},
            sql=frozenset({"definition"}),
            expressions=frozenset({"definition"}),
        ),
        "materialized view": Kind(
            group="views",
            attributes={"options": "performance", "tablespace": "performance"},
            sql=frozenset({"definition"}),
            expressions=frozenset({"definition"}),
        ),
        "column": Kind(
            group="columns",
            order="position",
            expressions=frozenset({"default", "generated"}),
            rename="place",
            identifying=frozenset({"not_null", "default", "generated", "identity"}),
            attributes={
                "storage": "performance",
                "compression": "performance",
                "statistics": "performance",
                "options": "performance",
            },
        ),
        "constraint": Kind(
            group="constraints",
            reported_by_child="index",
            dropped_with_column=True,
            attributes={"declared_in_children": "form"},
            expressions=frozenset({"expression"}),
            not_reported_by_child=frozenset(
                {"deferrable", "initially_deferred", "not_valid", "operators", "period"}
            ),
        ),
        "index": Kind(
            group="indexes",
            impact="performance",
            dropped_with_column=True,
            when={("unique", True): "behavior", ("exclusion", True): "behavior"},
            attributes={
                "form": "form",
                "unique": "behavior",
                "exclusion": "behavior",
                "child_options": "performance",
                "child_tablespaces": "performance",
                "child_statistics": "performance",
                "include": "performance",
                "options": "performance",
                "clustered": "performance",
                "statistics": "performance",
                "tablespace": "performance",
            },
            expressions=frozenset({"columns", "predicate"}),
        ),
        "sequence": Kind(group="sequences", attributes={"cache": "performance"}),
        "function": Kind(
            group="functions",
            sql=frozenset({"body"}),
            expressions=frozenset({"arguments"}),
            attributes={
                "security_definer": "security",
                "leakproof": "security",
                "parallel": "performance",
                "cost": "performance",
                "rows": "performance",
                "support": "performance",
            },
        ),
        "procedure": Kind(
            group="functions",
            sql=frozenset({"body"}),
            expressions=frozenset({"arguments"}),
            attributes={"security_definer": "security"},
        ),
        "aggregate": Kind(group="functions"),
        "trigger": Kind(group="triggers", expressions=frozenset({"when"})),
        "event trigger": Kind(group="triggers"),
        "rule": Kind(
            group="views",
            sql=frozenset({"definition"}),
            expressions=frozenset({"definition"}),
        ),
        "policy": Kind(
            group="policies", impact="security", expressions=frozenset({"using", "check"})
        ),
        "privilege": Kind(group="privileges", impact="security", rename="never"),
        "default privilege": Kind(group="privileges", impact="security", rename="never"),
        "role": Kind(
            group="other",
            impact="security",
            rename="never",
            attributes={"settings": "behavior", "database_settings": "behavior"},
        ),
        "database": Kind(group="other", rename="never"),
        "publication": Kind(group="other", rename="never", expressions=frozenset({"tables"})),
        "extended statistics": Kind(
            group="other",
            impact="performance",
            dropped_with_column=True,
            expressions=frozenset({"columns"}),
        ),
    }
)

OTHER: Final = Kind(group="other", rename="never")
"""Any kind without a query of its own, which :data:`KINDS` does not list."""


def kind_of(name: str) -> Kind:
    """The entry of a kind; kinds without one are in the group ``other``."""
    return KINDS.get(name, OTHER)


def group_of(kind: str, attribute: str | None = None) -> Group:
    """The group of a difference; a change of owner is in the group of privileges."""
    return "privileges" if attribute == "owner" else kind_of(kind).group
