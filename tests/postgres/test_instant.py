"""Two transactions that begin together, and what stays of how that was done."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest

from pytest_schema_parity.behavior.same_now import _on_two_cores, begin_together

Pair = tuple[psycopg.Connection, psycopg.Connection]


@pytest.fixture
def pair(database: str) -> Iterator[Pair]:
    with (
        psycopg.connect(database, autocommit=True) as first,
        psycopg.connect(database, autocommit=True) as second,
    ):
        yield first, second


def now(connection: psycopg.Connection) -> datetime:
    row = connection.execute("SELECT now()").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("patience", [0.0, 0.2])
def test_it_tells_how_far_apart_the_clocks_stand(pair: Pair, patience: float) -> None:
    apart = begin_together(*pair, patience=patience)
    first, second = map(now, pair)
    assert second - first == timedelta(microseconds=apart)
    assert first.microsecond // 500 == second.microsecond // 500


def test_the_transactions_stay_open(pair: Pair) -> None:
    begin_together(*pair)
    for connection in pair:
        begun = now(connection)
        connection.execute("SELECT pg_sleep(0.001)")
        assert now(connection) == begun
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS


on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux lets processes be placed on cores"
)


@on_linux
def test_the_servers_are_kept_apart_while_they_try(pair: Pair) -> None:
    with _on_two_cores(*pair):
        cores = [os.sched_getaffinity(connection.info.backend_pid) for connection in pair]
    available = sorted(os.sched_getaffinity(0))[:2]
    assert cores == [{available[0]}, {available[-1]}]


@on_linux
def test_processes_of_other_servers_are_not_touched(pair: Pair, monkeypatch) -> None:
    monkeypatch.setattr(psycopg.ConnectionInfo, "host", "db.example.com")
    processes = [connection.info.backend_pid for connection in pair]
    before = list(map(os.sched_getaffinity, processes))
    with _on_two_cores(*pair):
        assert list(map(os.sched_getaffinity, processes)) == before


@on_linux
def test_the_servers_may_run_on_every_core_again(pair: Pair) -> None:
    processes = [connection.info.backend_pid for connection in pair]
    before = list(map(os.sched_getaffinity, processes))
    begin_together(*pair)
    assert list(map(os.sched_getaffinity, processes)) == before
