"""Differences as a reader sees them."""

from inspect import cleandoc

import pytest
from support.results import differences_result

from pytest_schema_parity.findings.counting import below_text, count_text, findings_headline
from pytest_schema_parity.findings.differences import finding_of, summary_text
from pytest_schema_parity.report.markup import Highlight, Markup, plain
from pytest_schema_parity.report.terminal_text import finding_lines, result_lines
from pytest_schema_parity.schema.difference import Comparison, Difference, Origins
from pytest_schema_parity.schema.facts import Place
from pytest_schema_parity.schema.kinds import FAILING, Impact

INIT = Place("sql/prisma/001_init.sql", 31)
BASE = Place("sql/supabase/20250902_base.sql", 7)
BOTH = Origins(INIT, BASE)

MISSING = Difference(
    kind="column",
    name="public.users.kajabi_contact_id",
    change="missing",
    expected={"type": "text", "position": 5, "not_null": True, "comment": "never mind"},
    impact="behavior",
    origin=Origins(INIT, None),
)
DEFAULT = Difference(
    kind="column",
    name="public.users.plan",
    change="changed",
    attribute="default",
    expected="'free'::text",
    actual=None,
    impact="behavior",
    origin=BOTH,
)
COMMENT = Difference(
    kind="column",
    name="public.users.plan",
    change="changed",
    attribute="comment",
    expected="what is paid",
    actual="what was paid\x1b[2J",
    impact="comment",
    origin=BOTH,
)
TABLE = Difference(
    kind="table",
    name='public."Submission Files"',
    change="extra",
    actual={"persistence": "permanent"},
    impact="behavior",
    origin=Origins(None, BASE),
    below=(("column", "a"), ("column", "b"), ("index", "c"), ("policy", "d")),
)


def shown(difference: Difference) -> str:
    return "\n".join(lines_of(difference))


def lines_of(difference: Difference, *, highlight: Highlight = plain) -> list[str]:
    finding = finding_of(difference, "supabase")
    return finding_lines(finding, reference="prisma", highlight=highlight)


def columns(*differences: Difference, fail_on: frozenset[Impact] = FAILING) -> list[str]:
    """The lines of the check ``columns`` that found these."""
    result = differences_result(Comparison(differences, fail_on))
    return result_lines(result, reference="prisma")


def test_a_failing_check() -> None:
    lines = columns(MISSING, DEFAULT, COMMENT, TABLE)
    assert "\n".join(lines) == cleandoc(
        r"""
        1 missing column, 1 changed column default in supabase: public.users.kajabi_contact_id, public.users.plan

        missing column public.users.kajabi_contact_id   text, not_null
            prisma    sql/prisma/001_init.sql:31
            supabase  -

        changed default of column public.users.plan
            prisma    'free'::text  sql/prisma/001_init.sql:31
            supabase  not set       sql/supabase/20250902_base.sql:7

        Fix supabase in a new migration; or accept a difference, with a reason, under [[tool.pytest-schema-parity.allow]].

        1 note (it does not fail the check):
        changed comment of column public.users.plan   (comment)
            prisma    what is paid          sql/prisma/001_init.sql:31
            supabase  what was paid\x1b[2J  sql/supabase/20250902_base.sql:7
        """  # noqa: E501
    )


def test_a_check_with_notes_only() -> None:
    assert columns(COMMENT)[0] == "1 note (it does not fail the check):"


def test_a_check_with_nothing_to_tell() -> None:
    assert columns(TABLE) == []


def test_what_fails_is_for_the_configuration_to_say() -> None:
    lines = columns(DEFAULT, COMMENT, fail_on=frozenset({"comment"}))
    assert lines[0] == "1 changed column comment in supabase: public.users.plan"


def test_facts_below() -> None:
    assert shown(TABLE) == cleandoc(
        """
        extra table public."Submission Files"   persistence permanent
            prisma    -
            supabase  sql/supabase/20250902_base.sql:7
            and 4 more below it: 2 columns, 1 index, 1 policy
        """
    )
    assert below_text([("policy", "a"), ("policy", "b")]) == "2 more below it: 2 policies"
    assert below_text([("policy", "a")]) == "1 more below it: 1 policy"


def test_a_rename() -> None:
    rename = Difference(
        kind="index",
        name="public.idx_a",
        change="renamed",
        expected="public.idx_a",
        actual="public.a_idx",
        impact="naming",
        origin=Origins(INIT, None),
    )
    assert shown(rename) == cleandoc(
        """
        renamed index public.idx_a   (naming)
            prisma    public.idx_a  sql/prisma/001_init.sql:31
            supabase  public.a_idx  origin unknown
        """
    )


def test_long_values_stand_below_their_origin() -> None:
    check = "CHECK (((status)::text = ANY (ARRAY['a'::text, '{}'::text])))"
    difference = Difference(
        kind="constraint",
        name="public.t.c",
        change="changed",
        attribute="definition",
        expected=check.format("b"),
        actual=check.format("c"),
        impact="behavior",
        origin=BOTH,
    )
    assert shown(difference) == cleandoc(
        """
        changed definition of constraint public.t.c
            prisma    sql/prisma/001_init.sql:31
                      CHECK (((status)::text = ANY (ARRAY['a'::text, 'b'::text])))
            supabase  sql/supabase/20250902_base.sql:7
                      CHECK (((status)::text = ANY (ARRAY['a'::text, 'c'::text])))
        """
    )


def test_long_lists_name_what_one_side_has_only() -> None:
    difference = Difference(
        kind="enum",
        name="public.status",
        change="changed",
        attribute="labels",
        expected=["draft", "sent", "approved", "rejected"],
        actual=["draft", "approved", "rejected", "lost"],
        impact="behavior",
        origin=BOTH,
    )
    assert shown(difference) == cleandoc(
        """
        changed labels of enum public.status
            prisma    draft, sent, approved, rejected  sql/prisma/001_init.sql:31
            supabase  draft, approved, rejected, lost  sql/supabase/20250902_base.sql:7
            only in prisma: sent
            only in supabase: lost
        """
    )


VIEW = "SELECT u.id, {}(l.points) AS total FROM public.users u JOIN public.ledger l USING (id)"


def test_a_view_is_shown_as_a_diff() -> None:
    difference = Difference(
        kind="view",
        name="public.totals",
        change="changed",
        attribute="definition",
        expected=VIEW.format("sum"),
        actual=VIEW.format("avg"),
        impact="behavior",
        origin=BOTH,
    )
    assert shown(difference) == cleandoc(
        """
        changed definition of view public.totals
            --- prisma    sql/prisma/001_init.sql:31
            +++ supabase  sql/supabase/20250902_base.sql:7
            @@ -1,4 +1,4 @@
             SELECT u.id,
            -       sum(l.points) AS total
            +       avg(l.points) AS total
             FROM public.users u
             JOIN public.ledger l USING (id)
        """
    )


def test_a_definition_is_quoted_where_nobody_can_look_it_up() -> None:
    extra = Difference(
        kind="view",
        name="public.totals",
        change="extra",
        actual={"definition": VIEW.format("sum"), "security_invoker": True},
        impact="security",
    )
    assert shown(extra) == cleandoc(
        """
        extra view public.totals   security_invoker   (security)
            prisma    -
            supabase  origin unknown
                SELECT u.id,
                       sum(l.points) AS total
                FROM public.users u
                JOIN public.ledger l USING (id)
        """
    )


def test_a_definition_that_can_be_looked_up_is_not_quoted() -> None:
    missing = Difference(
        kind="view",
        name="public.totals",
        change="missing",
        expected={"definition": VIEW.format("sum")},
        impact="behavior",
        origin=Origins(INIT, None),
    )
    assert len(lines_of(missing)) == 3


def difference(kind: str, attribute: str | None = None) -> Difference:
    change = "changed" if attribute else "missing"
    return Difference(
        kind=kind, name=f"public.{kind}", change=change, attribute=attribute, impact="behavior"
    )


@pytest.mark.parametrize(
    ("differences", "text"),
    [
        ([difference("index")], "1 missing index"),
        ([difference("index")] * 2, "2 missing indexes"),
        ([difference("policy")] * 3, "3 missing policies"),
        ([difference("extended statistics")] * 2, "2 missing extended statistics"),
        ([difference("column", "not_null")] * 2, "2 changed columns (not_null)"),
        ([difference("privilege", "privileges")], "1 changed privilege"),
        (
            [difference("trigger", "timing"), difference("zebra"), difference("index")],
            "1 missing index, 1 missing zebra, 1 changed trigger timing",
        ),
        (
            [difference("column", f"attribute_{number}") for number in range(9)],
            "1 changed column attribute_0, 1 changed column attribute_1, 1 changed column "
            "attribute_2, 1 changed column attribute_3, 1 changed column attribute_4, "
            "1 changed column attribute_5, 3 more",
        ),
    ],
)
def test_counts(differences: list[Difference], text: str) -> None:
    assert count_text(differences) == text


def headline(*differences: Difference) -> str:
    found = [finding_of(difference, "archive") for difference in differences]
    return findings_headline(found, "archive")


def test_a_headline_of_many_names_none() -> None:
    many = [
        Difference(kind="column", name=f"public.t.{number}", change="extra", impact="behavior")
        for number in range(4)
    ]
    assert headline(*many) == "4 extra columns in archive"


def test_a_headline_names_a_thing_once() -> None:
    assert headline(DEFAULT, COMMENT) == (
        "1 changed column comment, 1 changed column default in archive: public.users.plan"
    )


def test_a_headline_is_one_safe_line() -> None:
    hostile = Difference(
        kind="table", name='public."a\nb\x1b[31m"', change="extra", impact="behavior"
    )
    assert headline(hostile) == r'1 extra table in archive: public."a\nb\x1b[31m"'


def test_summaries_say_what_is_set() -> None:
    attributes = {
        "type": "text",
        "not_null": True,
        "generated": False,
        "options": [],
        "default": "1",
    }
    assert summary_text("column", attributes) == "text, not_null, default 1"
    assert len(summary_text("column", {"default": "x" * 500})) == 100


def test_highlights_dress_and_change_nothing() -> None:
    seen: list[tuple[Markup, str]] = []

    def dress(markup: Markup, text: str) -> str:
        seen.append((markup, text))
        return text

    assert lines_of(DEFAULT, highlight=dress) == lines_of(DEFAULT)
    assert ("name", "public.users.plan") in seen
    assert ("place", str(INIT)) in seen
