"""Statements of one action say themselves what they can change; all others may change anything."""

from __future__ import annotations

import pytest

from pytest_schema_parity.migrations.changed_attributes import attributes_changed
from pytest_schema_parity.migrations.scanner import split


def effect(text: str) -> frozenset[str] | None:
    (statement,) = split(text, file="a.sql")
    return attributes_changed(statement)


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ('ALTER TABLE ONLY "a b"."T" ALTER COLUMN "x ""y" SET STATISTICS -1;', "statistics"),
        ("alter table t alter a set statistics 50", "statistics"),
        ("ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 7", "statistics"),
        ("ALTER TABLE t ALTER a SET STORAGE EXTERNAL", "storage"),
        ("ALTER TABLE t ALTER a SET (n_distinct = 5, n_distinct_inherited = 6)", "options"),
        ("ALTER TABLE IF EXISTS t RESET (fillfactor)", "options"),
        ("ALTER VIEW v SET (security_invoker = true)", "security_invoker"),
        ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", "row_level_security"),
        ("ALTER TABLE t NO FORCE ROW LEVEL SECURITY", "force_row_level_security"),
        ("ALTER TABLE t CLUSTER ON i", "clustered"),
        ("ALTER TABLE a.t DETACH PARTITION a.p CONCURRENTLY", "partition_of"),
        ("ALTER TABLE t ATTACH PARTITION p FOR VALUES IN (1, 2)", "partition_bound"),
        ("ALTER FUNCTION f(a integer, b text) OWNER TO x", "owner"),
        ("ALTER TABLE t OWNER TO x", "owner"),
    ],
)
def test_one_action_changes_one_thing(text: str, attribute: str) -> None:
    changed = effect(text)
    assert changed is not None
    assert attribute in changed
    assert "type" not in changed


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE t ALTER a SET STATISTICS 5, ALTER a TYPE text",
        "ALTER TABLE t ALTER a TYPE text, ALTER a SET STATISTICS 5",
        "ALTER TABLE t SET (fillfactor = 50), ALTER a TYPE text",
        "ALTER TABLE t ADD b numeric(1, 2), OWNER TO x",
        "ALTER TABLE t ALTER a TYPE text, ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE t ALTER a SET NOT NULL",
        "ALTER FUNCTION f() SET search_path = a",
        "CREATE TABLE t (a int)",
        "COMMENT ON TABLE t IS 'OWNER TO x'",
    ],
)
def test_of_others_nothing_is_known(text: str) -> None:
    assert effect(text) is None


def test_privileges_are_all_that_grants_change() -> None:
    assert effect("GRANT SELECT ON t TO x") == effect("REVOKE SELECT ON t FROM x") == frozenset()
