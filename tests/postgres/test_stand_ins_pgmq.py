"""Call the stand-in for pgmq as its documentation does."""

from __future__ import annotations

from support.stand_ins import Connection, Creating, error, having, server, value

__all__ = ["having", "server"]


def column(connection: Connection, query: str) -> list[object]:
    return [row[0] for row in connection.execute(query.encode())]


def test_messages_are_sent_read_and_archived(having: Creating) -> None:
    made = having("pgmq")
    made.execute("SELECT pgmq.create('Jobs')")
    assert column(made, """SELECT pgmq.send('Jobs', '{"n": 1}')""") == [1]
    assert column(made, """SELECT pgmq.send('Jobs', '{"n": 2}', delay => 60)""") == [2]
    assert column(made, """SELECT pgmq.send('Jobs', '{"n": 3}', '{"h": 1}'::jsonb)""") == [3]
    many = """ARRAY['{"n": 4}', '{"n": 5}']::jsonb[]"""
    assert column(made, f"SELECT pgmq.send_batch('Jobs', {many})") == [4, 5]
    late = "now() + interval '1 hour'"
    assert column(made, f"SELECT pgmq.send_batch('Jobs', {many}, {late})") == [6, 7]
    read = "SELECT (r).msg_id FROM pgmq.read('Jobs', 30, {}) AS r ORDER BY 1"
    assert column(made, read.format(2)) == [1, 3]
    filtered = read.format("""9, '{"n": 5}'""")
    assert column(made, filtered) == [5]
    assert made.execute(
        "SELECT msg_id, read_ct, message, headers FROM pgmq.pop('Jobs')"
    ).fetchall() == [(4, 0, {"n": 4}, None)]
    assert column(made, read.format(9)) == []
    assert column(made, "SELECT msg_id FROM pgmq.set_vt('Jobs', 3, 0)") == [3]
    again = "SELECT msg_id, read_ct, headers FROM pgmq.read_with_poll('Jobs', 30, 9)"
    assert made.execute(again.encode()).fetchall() == [(3, 2, {"h": 1})]
    assert column(made, "SELECT pgmq.archive('Jobs', 1)") == [True]
    assert column(made, "SELECT pgmq.archive('Jobs', 1)") == [False]
    assert sorted(column(made, "SELECT pgmq.archive('Jobs', ARRAY[3, 99])")) == [3]
    assert column(made, "SELECT pgmq.delete('Jobs', 5)") == [True]
    assert column(made, "SELECT pgmq.delete('Jobs', ARRAY[5, 6])") == [6]
    assert column(made, "SELECT msg_id FROM pgmq.a_jobs ORDER BY 1") == [1, 3]
    metrics = "SELECT queue_length, queue_visible_length, total_messages FROM pgmq.metrics('Jobs')"
    assert made.execute(metrics.encode()).fetchall() == [(2, 0, 7)]
    assert column(made, "SELECT pgmq.purge_queue('Jobs')") == [2]


def test_queues_are_made_listed_and_dropped(having: Creating) -> None:
    made = having("pgmq")
    for _ in range(2):
        made.execute("SELECT pgmq.create('a'), pgmq.create_unlogged('b')")
    listed = "SELECT queue_name, is_partitioned, is_unlogged FROM pgmq.list_queues() ORDER BY 1"
    assert made.execute(listed.encode()).fetchall() == [("a", False, False), ("b", False, True)]
    unlogged = "SELECT relname FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r'"
    assert column(made, unlogged) == ["q_b"]
    assert column(made, "SELECT queue_name FROM pgmq.metrics_all() ORDER BY 1") == ["a", "b"]
    made.execute("SELECT pgmq.detach_archive('b')")
    for dropped in (True, False):
        assert value(made, "SELECT pgmq.drop_queue('a')") is dropped
    assert value(made, "SELECT to_regclass('pgmq.q_a')") is None
    made.execute("DROP EXTENSION pgmq")
    left = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'pgmq'::regnamespace AND relkind = 'r'"
    )
    assert column(made, left) == ["a_b"]


def test_what_pgmq_refuses(having: Creating) -> None:
    made = having("pgmq")
    for call, words in (
        ("create('a;b')", "invalid characters"),
        (f"create('{'x' * 48}')", "too long"),
        ("create_partitioned('a')", "pg_partman is required"),
        ("convert_archive_partitioned('a')", "pg_partman is required"),
        ("send('none', '{}')", "does not exist"),
    ):
        assert words in str(error(made, f"SELECT pgmq.{call}"))
