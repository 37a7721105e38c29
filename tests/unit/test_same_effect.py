"""Changes that weigh less than their attribute, because both sides do the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.schemas import fact, schema, table, unique_constraint

from pytest_schema_parity.findings.differences import finding_of
from pytest_schema_parity.report.terminal_text import finding_lines
from pytest_schema_parity.schema.bookkeeping import bookkeeping, tool_of
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.facts import Fact, Schema


def function(body: str, language: str = "plpgsql") -> Fact:
    return fact("function", "public.f()", body=body, language=language)


@pytest.mark.parametrize(
    ("old", "new", "impact"),
    [
        ("begin\n  x := 1;\nend", "BEGIN x:=1; END", "form"),
        ("begin x := 1; end", "begin -- why\n x := 1; end", "comment"),
        ("begin /* a */ end", "begin /*  a\n*/ end", "form"),
        ("begin x := 'a  b'; end", "begin x := 'a b'; end", "behavior"),
        ("begin x := 'A'; end", "begin x := 'a'; end", "behavior"),
        ('begin x := "A"; end', 'begin x := "a"; end', "behavior"),
        ("begin execute $q$a  b$q$; end", "begin execute $q$a b$q$; end", "behavior"),
        ("begin x := 1; end", "begin x := 1 end", "behavior"),
        ("begin x := 'a\\' ; -- b '; end", "begin x := 'a\\' ; -- c '; end", "behavior"),
    ],
)
def test_a_body_weighs_what_its_tokens_do(old: str, new: str, impact: str) -> None:
    (one,) = compare(schema(function(old)), schema(function(new)))
    assert one.impact == impact


def test_white_space_counts_in_other_languages() -> None:
    old, new = "if a:\n  b()\nc()", "if a:\n  b()\n  c()"
    (one,) = compare(schema(function(old, "plpython3u")), schema(function(new, "plpython3u")))
    assert one.impact == "behavior"


def sequence(type_: str, column: str = "integer", **attributes: int | bool) -> Schema:
    greatest = {"smallint": 32767, "integer": 2147483647, "bigint": 9223372036854775807}
    facts = table("t", f"id {column}")
    told = {"type": type_, "maximum": greatest[type_], "increment": 1, **attributes}
    return schema(facts, fact("sequence", "public.s", facts[1].key, **told))


def test_a_sequence_beyond_its_column_is_another_form() -> None:
    (one,) = compare(sequence("integer"), sequence("bigint"))
    assert (one.attribute, one.impact) == ("type", "form")
    (back,) = compare(sequence("bigint"), sequence("integer"))
    assert (back.attribute, back.impact) == ("type", "form")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (sequence("integer", "bigint"), sequence("bigint", "bigint")),
        (sequence("smallint"), sequence("bigint")),
        (sequence("integer", cycle=True), sequence("bigint", cycle=True)),
        (sequence("integer", increment=-1), sequence("bigint", increment=-1)),
        (sequence("integer", maximum=10), sequence("bigint")),
    ],
)
def test_a_sequence_that_ends_elsewhere_behaves_otherwise(old: Schema, new: Schema) -> None:
    assert {one.impact for one in compare(old, new)} == {"behavior"}


EVERYTHING = ["DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"]


@pytest.mark.parametrize(
    ("old", "new", "versions", "impact"),
    [
        ([*EVERYTHING, "MAINTAIN"], EVERYTHING, ("18.1", "18.1"), "form"),
        (["MAINTAIN", "SELECT"], ["SELECT"], ("18.1", "18.1"), "security"),
        ([*EVERYTHING, "MAINTAIN"], EVERYTHING, ("18.1", "15.2"), "comment"),
        (EVERYTHING, [*EVERYTHING, "MAINTAIN"], ("15.2", "18.1"), "comment"),
        ([*EVERYTHING, "MAINTAIN"], EVERYTHING, ("18.1", "17.2"), "form"),
        (["MAINTAIN", "SELECT"], ["SELECT"], ("18.1", "15.2"), "security"),
        (["SELECT"], ["MAINTAIN", "SELECT"], ("15.2", "18.1"), "security"),
        (["MAINTAIN", "SELECT"], ["SELECT"], ("18.1", "17.2"), "security"),
        (["MAINTAIN", "SELECT"], ["INSERT"], ("18.1", "15.2"), "security"),
    ],
)
def test_maintain_weighs_less_where_it_could_not_be_granted(
    old: list[str], new: list[str], versions: tuple[str, str], impact: str
) -> None:
    sides = [
        Schema(
            [fact("privilege", "ON TABLE public.t TO a", None, privileges=held)], version=version
        )
        for held, version in zip((old, new), versions, strict=True)
    ]
    (one,) = compare(*sides)
    assert one.impact == impact


@pytest.mark.parametrize(("version", "impact"), [("15.2", "comment"), ("18.9", "behavior")])
def test_an_extension_comes_with_its_server(version: str, impact: str) -> None:
    old = Schema([fact("extension", "citext", None, version="1.8")], version="18.1")
    new = Schema([fact("extension", "citext", None, version="1.6")], version=version)
    (one,) = compare(old, new)
    assert one.impact == impact


def test_what_migration_tools_keep_is_a_note() -> None:
    kept = table("goose_db_version", "id int", "version_id int", "is_applied bool", "tstamp time")
    key = unique_constraint("goose_db_version", "key")
    key[0] = replace(key[0], attributes={"type": "primary key"})
    kept = [*kept, *key]
    for reference, candidate in [(schema(), schema(kept)), (schema(kept), schema())]:
        (one,) = compare(reference, candidate)
        assert one.impact == "comment"
        assert {one.impact for one in one.parts} == {"comment"}
        assert one.unfold() == (one, ())
    assert bookkeeping(schema(kept)) == (kept[0].key,)


@pytest.mark.parametrize("kind", ["privilege", "policy", "rule", "trigger", "constraint"])
def test_what_hangs_on_a_tools_table_and_is_no_part_of_it_counts(kind: str) -> None:
    kept = table("alembic_version", "version_num text")
    own = fact(kind, "public.alembic_version.x", kept[0].key, type="check")
    for reference, candidate in [
        (schema(), schema(kept, own)),
        (schema(kept, own), schema()),
    ]:
        found = compare(reference, candidate)
        assert {one.kind for one in found.notes} == {"table"}
        assert [one.kind for one in found.failing] == [kind]


def test_a_tools_schema_may_hold_its_tables_only() -> None:
    own, public = fact("schema", "sqitch", None), fact("schema", "other", None)
    project = "project uri created_at creator_name creator_email"

    def of(name: str, above: Fact, columns: str) -> list[Fact]:
        whole = fact("table", f"{above.name}.{name}", above.key)
        return [whole, *(fact("column", f"{whole.name}.{c}", whole.key) for c in columns.split())]

    tables = of("projects", own, project)
    check = fact("constraint", "sqitch.projects.c", tables[0].key, type="check")
    assert bookkeeping(schema(own, tables, check)) == (own.key,)
    assert not compare(schema(), schema(own, tables, check)).failing
    assert bookkeeping(schema(public, of("projects", public, project))) == ()
    for name, columns in [("card_numbers", "pan"), ("projects", "project pan")]:
        found = compare(schema(), schema(own, tables[:0], of(name, own, columns)))
        assert [one.key for one in found.failing] == [own.key]


@pytest.mark.parametrize(
    ("name", "columns", "tool"),
    [
        ("__drizzle_migrations", "id hash created_at name applied_at version", "drizzle"),
        ("__drizzle_migrations", "id hash created_at", "drizzle"),
        ("migrations", "id migration batch", "laravel"),
        ("migrations", "id name timestamp", "typeorm"),
        ("typeorm_metadata", "type database schema table name value", "typeorm"),
        ("schema_migrations", "version inserted_at", "ecto"),
        ("schema_version", "version", "tern"),
        (
            "schema_version",
            "version_rank installed_rank version description type script checksum installed_by"
            " installed_on execution_time success",
            "flyway",
        ),
        ("schema_version", "version type", ""),
    ],
)
def test_a_table_is_its_tools_by_its_columns(name: str, columns: str, tool: str) -> None:
    kept = table(name, *(f"{column} text" for column in columns.split()))
    assert tool_of(schema(kept), kept[0]) == tool
    (one,) = compare(schema(), schema(kept))
    assert one.tool == tool


def test_two_tools_tables_are_no_rename() -> None:
    old, new = table("schema_migrations", "version text!"), table("schema_version", "version text!")
    assert [one.change for one in compare(schema(old), schema(new))] == ["missing", "extra"]


def test_tables_that_only_share_a_tools_name_count() -> None:
    for own in (
        table("migrations", "id integer", "country text"),
        table("schema_migrations", "ssn text", "who text"),
        table("alembic_version", "version_num text", "pan text"),
        table("_prisma_migrations", "id text"),
    ):
        assert bookkeeping(schema(own)) == ()
        assert compare(schema(), schema(own)).failing


def test_a_milder_impact_is_explained() -> None:
    old = Fact("extension", "citext", {"version": "1.6"})
    new = Fact("extension", "citext", {"version": "1.8"})
    [one] = compare(Schema([old], version="15.18"), Schema([new], version="18.6"))
    assert one.impact == "comment"
    assert one.why == "the servers are PostgreSQL 15 and 18: each has its own version"
    [two] = compare(Schema([old], version="18.6"), Schema([new], version="18.6"))
    assert (two.impact, two.why) == ("behavior", "")


def test_a_table_that_a_tool_keeps_is_explained() -> None:
    [one] = compare(schema(), schema(table("alembic_version", "version_num text")))
    assert (one.impact, one.why) == (
        "comment",
        "it belongs to a migration tool, not to the schema",
    )
    finding = finding_of(one, "b")
    assert finding.note
    assert one.why in "\n".join(finding_lines(finding, reference="a"))
