"""The worked example does what it says: sums computed by hand, quotas, uniqueness, refreshing.

Each test seeds the tree inside of its own transaction and rolls back, so that CURRENT_DATE stays
the same from the seed to the assertion, also at midnight.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.types.json import Jsonb

SQL = Path(__file__).parents[2] / "sql"
TREES = {"prisma": SQL / "prisma/migrations", "supabase": SQL / "supabase/migrations"}
ARCHIVE = SQL / "supabase/archive"

NOON = time(12)
MILLISECOND = timedelta(milliseconds=1)
LOU = "00000000-0000-4000-8000-000000000012"  # a participant with neither submissions nor points

Connection = psycopg.Connection[Any]
Rows = list[tuple[Any, ...]]


def execute_files(connection: Connection, *files: Path) -> None:
    for file in files:
        connection.execute(file.read_text(encoding="utf-8"))


def seed(connection: Connection, *, canonical: bool = True) -> None:
    files = sorted((SQL / "seed").glob("*.sql"))
    execute_files(connection, *(f for f in files if canonical or "canonical" not in f.name))


@pytest.fixture(scope="module", params=TREES)
def tree(request: pytest.FixtureRequest, supabase_cluster: Any) -> str:
    """A database in which a tree was applied as its tool would: as `postgres`, on the platform."""
    return platform_database(supabase_cluster, f"example_{request.param}", TREES[request.param])


def platform_database(cluster: Any, name: str, tree: Path) -> str:
    with psycopg.connect(cluster.conninfo("template1"), autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE postgres OWNER postgres")
        connection.execute(statement.format(sql.Identifier(name)))
    conninfo: str = cluster.conninfo(name, user="postgres")
    with psycopg.connect(conninfo) as connection:
        execute_files(connection, *sorted(tree.glob("*.sql")))
    return conninfo


@pytest.fixture
def example(tree: str) -> Iterator[Connection]:
    with psycopg.connect(tree) as connection:
        seed(connection)
        yield connection
        connection.rollback()


def rows_of(connection: Connection, query: str) -> Rows:
    connection.execute("SELECT refresh_leaderboards()")
    return connection.execute(query).fetchall()


def today(connection: Connection) -> date:
    (day,) = connection.execute("SELECT CURRENT_DATE").fetchall()[0]
    assert isinstance(day, date)
    return day


def at(day: date, days_ago: int, clock: time = NOON) -> datetime:
    return datetime.combine(day - timedelta(days=days_ago), clock)


TOTALS = """
    SELECT handle, school, cohort, total_points, public_submissions, last_activity_at
    FROM leaderboard_totals
    ORDER BY total_points DESC, handle
"""
THIRTY_DAYS = TOTALS.replace("leaderboard_totals", "leaderboard_30d")


def assert_views(connection: Connection) -> None:
    """All three views, from the seed, by hand.

    Totals.  ada: 20 + 50 + 30 - 5 = 95; two approved public submissions (LEARN, EXPLORE), the third
    public one is pending and the fourth rejected.  ben: 20 + 50 = 70.  fay: 50 - 10 = 40.
    hal: 20 + 5 = 25, without submissions.  ida: 1.  Not there: cyd 20 - 20 = 0, dee -15, kim 0,
    gil -50 + 20 = -30, eve, joe and lou without points, and rae, abe and sue, no participants.
    """
    day = today(connection)
    assert rows_of(connection, TOTALS) == [
        ("ada", "North High", "2025-A", 95, 2, at(day, 1)),
        ("ben", "North High", "2025-B", 70, 2, at(day, 30, time(0))),
        ("fay", None, "2025-B", 40, 1, at(day, 12)),
        ("hal", None, None, 25, 0, at(day, 0, time(0))),
        ("ida", "East High", "2025-A", 1, 1, at(day, 6)),
    ]
    # ada: 50 + 30 - 5 = 75, since her first 20 are 40 days old.  ben: the 20 of 00:00 thirty days
    # ago; the 50 of a millisecond before are out, and so is one of his two submissions.
    # gil: 20, since -50 are 60 days old.  Not there: fay, whose -10 alone are left.
    assert rows_of(connection, THIRTY_DAYS) == [
        ("ada", "North High", "2025-A", 75, 1, at(day, 1)),
        ("hal", None, None, 25, 0, at(day, 0, time(0))),
        ("ben", "North High", "2025-B", 20, 1, at(day, 30, time(0))),
        ("gil", "East High", "2025-B", 20, 0, at(day, 7)),
        ("ida", "East High", "2025-A", 1, 1, at(day, 6)),
    ]
    # Submissions: total, pending, approved, rejected, approved and public; points: sum, average.
    # AMPLIFY: 30 + 1 + 0 = 31, / 3.  EXPLORE: 50 + 50 + 50 - 10 - 50 + 100 = 190, / 6.
    # LEARN: 20 - 5 + 20 + 20 - 20 + 20 + 5 + 500 + 1000 = 1560, / 9.  PRESENT: -15 + 20 = 5, / 2.
    assert rows_of(connection, "SELECT * FROM activity_metrics ORDER BY code") == [
        ("AMPLIFY", "Amplify", 7, 3, 4, 0, 1, 31, Decimal("10.33")),
        ("EXPLORE", "Explore", 6, 0, 5, 1, 5, 190, Decimal("31.67")),
        ("LEARN", "Learn", 6, 1, 3, 2, 2, 1560, Decimal("173.33")),
        ("PRESENT", "Present", 2, 1, 0, 1, 0, 5, Decimal("2.50")),
        ("SHINE", "Shine", 0, 0, 0, 0, 0, 0, None),
    ]


def test_views_hold_the_sums_computed_by_hand(example: Connection) -> None:
    assert_views(example)


def test_prismas_tree_needs_no_platform(database: str) -> None:
    with psycopg.connect(database) as connection:
        execute_files(connection, *sorted(TREES["prisma"].glob("*.sql")))
        seed(connection)
        assert_views(connection)


@pytest.mark.parametrize("view", ["leaderboard_totals", "leaderboard_30d", "activity_metrics"])
def test_refreshing_does_not_wait_for_a_reader(example: Connection, tree: str, view: str) -> None:
    with psycopg.connect(tree) as reader:
        reader.execute(f"SELECT FROM {view}")
        example.execute("SET LOCAL lock_timeout = '5s'")
        example.execute("SELECT refresh_leaderboards()")


def test_archive_shows_the_faults_of_the_original(supabase_cluster: Any) -> None:
    conninfo = platform_database(supabase_cluster, "example_archive", Path("no such directory"))
    with psycopg.connect(conninfo) as connection:
        execute_files(connection, *sorted(ARCHIVE.glob("2025090200000[12]_*.sql")))
        seed(connection, canonical=False)
        # Three approved submissions make 3 x 95 of ada's points, two make 2 x 70 of ben's.
        points = "SELECT handle, total_points FROM leaderboard_totals ORDER BY 2 DESC LIMIT 2"
        assert rows_of(connection, points) == [("ada", 285), ("ben", 140)]
        with pytest.raises(errors.ObjectNotInPrerequisiteState, match="concurrently"):
            connection.execute("SELECT refresh_leaderboards_concurrent()")
        connection.rollback()


def submit(
    connection: Connection,
    activity: str,
    payload: object,
    *,
    status: str = "PENDING",
    ago: timedelta = timedelta(),
) -> None:
    """Hand in lou's work, some time ago; a refusal leaves the transaction usable."""
    with connection.transaction():
        connection.execute(
            "INSERT INTO submissions (id, user_id, activity_code, status, payload, attachments,"
            " created_at, updated_at)"
            " VALUES (gen_random_uuid(), %s, %s, %s, %s, '[]', now() - %s, now())",
            (LOU, activity, status, payload if isinstance(payload, Jsonb) else Jsonb(payload), ago),
        )


def refused(connection: Connection, payload: object, ago: timedelta = timedelta()) -> str:
    """Hand in AMPLIFY work that has to be refused with SQLSTATE 23514; return the message."""
    with pytest.raises(errors.CheckViolation) as caught:
        submit(connection, "AMPLIFY", payload, ago=ago)
    assert caught.value.sqlstate == "23514"
    assert caught.value.diag.constraint_name == "trg_check_amplify_quota"
    return str(caught.value.diag.message_primary)


@pytest.mark.parametrize("fifty", [50, "50", 50.0, "50.0", "050"])
def test_fifty_peers_are_the_most(example: Connection, fifty: object) -> None:
    submit(example, "AMPLIFY", {"peersTrained": fifty})
    submit(example, "AMPLIFY", {"peersTrained": 0})
    submit(example, "AMPLIFY", {})
    assert refused(example, {"peersTrained": 1}) == (
        "Peer training limit exceeded: 51 in 7 days, at most 50"
    )


@pytest.mark.parametrize("many", ["51", '"51"', "51.0", "5.1e1", "1e3", "999999999"])
def test_more_than_fifty_peers_are_refused(example: Connection, many: str) -> None:
    payload = Jsonb(f'{{"peersTrained": {many}}}', dumps=str)
    assert refused(example, payload).startswith("Peer training limit exceeded")


def test_two_hundred_students_are_the_most(example: Connection) -> None:
    submit(example, "AMPLIFY", {"peersTrained": 50, "studentsTrained": 200})
    assert refused(example, {"studentsTrained": 1}) == (
        "Student training limit exceeded: 201 in 7 days, at most 200"
    )


NO_NUMBERS = ("abc", "", " 5", "5\n", "1e1", "NaN", None, True, [5], {"value": 5})
NOT_WHOLE = (-5, "-5", 0.5, 1e-7)
TOO_LONG = (10**9, 10**30, "9" * 200_000)


@pytest.mark.parametrize("key", ["peersTrained", "studentsTrained"])
@pytest.mark.parametrize(
    "value", [*NO_NUMBERS, *NOT_WHOLE, *TOO_LONG], ids=lambda value: repr(value)[:20]
)
def test_what_cannot_be_counted_is_refused(example: Connection, key: str, value: object) -> None:
    assert refused(example, {key: value}) == f"{key} must be a whole number from 0 to 999999999"


@pytest.mark.parametrize("payload", [[{"peersTrained": 51}], "peersTrained", 51, None])
def test_payload_must_be_an_object(example: Connection, payload: object) -> None:
    assert "must be a JSON object" in refused(example, payload)


def test_quota_counts_seven_days_to_the_millisecond(example: Connection) -> None:
    submit(example, "AMPLIFY", {"peersTrained": 30}, ago=timedelta(days=7) + MILLISECOND)
    submit(example, "AMPLIFY", {"peersTrained": 20}, ago=timedelta(days=7))
    refused(example, {"peersTrained": 31})
    submit(example, "AMPLIFY", {"peersTrained": 30})


def test_earlier_submission_does_not_slip_in(example: Connection) -> None:
    submit(example, "AMPLIFY", {"peersTrained": 30}, ago=timedelta(days=6))
    submit(example, "AMPLIFY", {"peersTrained": 20})
    refused(example, {"peersTrained": 1}, ago=timedelta(days=3))
    # 8 days ago only the first of the two is near: 20 + 30 is 50.
    submit(example, "AMPLIFY", {"peersTrained": 20}, ago=timedelta(days=8))
    refused(example, {"peersTrained": 1}, ago=timedelta(days=8))


def test_quota_counts_rows_of_one_statement(example: Connection) -> None:
    with pytest.raises(errors.CheckViolation):
        example.execute(
            "INSERT INTO submissions (id, user_id, activity_code, payload, attachments, updated_at)"
            " SELECT n::text, %s, 'AMPLIFY', '{\"peersTrained\": 26}', '[]', now()"
            " FROM generate_series(1, 2) AS n",
            (LOU,),
        )


def test_quota_is_that_of_a_user_and_of_amplify(example: Connection) -> None:
    submit(example, "PRESENT", {"peersTrained": 51})
    submit(example, "AMPLIFY", {"peersTrained": 50})
    submit(example, "PRESENT", {"peersTrained": 51})
    other = (
        "INSERT INTO submissions SELECT 'other', %s, activity_code, status, visibility, payload,"
    )
    example.execute(
        other + " attachments, NULL, NULL, created_at, updated_at FROM submissions"
        " WHERE user_id = %s AND activity_code = 'AMPLIFY'",
        ("00000000-0000-4000-8000-000000000005", LOU),
    )


def test_old_payloads_that_cannot_be_counted_count_nothing(example: Connection) -> None:
    example.execute("ALTER TABLE submissions DISABLE TRIGGER trg_check_amplify_quota")
    for payload in (
        {"peersTrained": "abc"},
        {"peersTrained": -50},
        [1],
        {"peersTrained": "9" * 30},
    ):
        submit(example, "AMPLIFY", payload)
    example.execute("ALTER TABLE submissions ENABLE TRIGGER trg_check_amplify_quota")
    refused(example, {"peersTrained": 51})
    submit(example, "AMPLIFY", {"peersTrained": 50})


@pytest.mark.parametrize("first", ["PENDING", "APPROVED"])
@pytest.mark.parametrize("second", ["PENDING", "APPROVED"])
def test_one_learn_submission_is_active(example: Connection, first: str, second: str) -> None:
    submit(example, "LEARN", {}, status="REJECTED")
    submit(example, "LEARN", {}, status="REJECTED")
    submit(example, "LEARN", {}, status=first)
    submit(example, "EXPLORE", {}, status=first)
    submit(example, "EXPLORE", {}, status=second)
    submit(example, "LEARN", {}, status="REJECTED")
    with pytest.raises(errors.UniqueViolation) as caught:
        submit(example, "LEARN", {}, status=second)
    assert caught.value.diag.constraint_name == "uniq_learn_active_submission"


AGAIN = """
    INSERT INTO points_ledger (id, user_id, activity_code, source, delta_points, external_event_id)
    VALUES (gen_random_uuid(), %s, 'LEARN', 'WEBHOOK', 5, %s)
"""
EITHER_INDEX = ["points_ledger_external_event_id_key", "uniq_points_external_event"]


@pytest.mark.parametrize("index", EITHER_INDEX)
def test_webhook_earns_points_once(example: Connection, index: str) -> None:
    """Each of the two indexes holds the rule without the other."""
    (other,) = set(EITHER_INDEX) - {index}
    example.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(other)))
    example.execute(AGAIN, (LOU, None))
    example.execute(AGAIN, (LOU, None))
    ignored = " ON CONFLICT (external_event_id) WHERE external_event_id IS NOT NULL DO NOTHING"
    assert example.execute(AGAIN + ignored, (LOU, "evt-1002")).rowcount == 0
    with pytest.raises(errors.UniqueViolation) as caught:
        example.execute(AGAIN, (LOU, "evt-1002"))
    assert caught.value.diag.constraint_name == index
