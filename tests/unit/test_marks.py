from __future__ import annotations

import pickle

from pytest_schema_parity.migrations.origins import Marks
from pytest_schema_parity.schema.facts import Place

A, B, C, D = (Place("a.sql", line) for line in (1, 5, 9, 20))


def test_a_row_belongs_to_the_last_marker_before_it() -> None:
    marks = Marks([(100, 0, A), (100, 4, B), (100, 9, C)])
    assert [marks.place(100, cmin) for cmin in (0, 1, 3, 4, 8, 9, 99)] == [A, A, A, B, B, C, C]


def test_a_subtransaction_belongs_to_the_transaction_before_it() -> None:
    marks = Marks([(100, 0, A), (100, 4, B), (105, 0, C)])
    assert marks.place(103, 2) == A
    assert marks.place(104, 5) == B
    assert marks.place(105, 1) == C


def test_a_statement_outside_of_a_transaction_comes_after_its_marker() -> None:
    marks = Marks([(100, 0, A), (102, 0, B)])
    assert marks.place(101, 7) == A
    assert marks.place(110, 0) == B


def test_what_was_there_before_has_no_origin() -> None:
    marks = Marks([(100, 2, A)])
    assert marks.place(99, 50) is None
    assert marks.place(2, 0) is None
    assert marks.place(100, 1) is None
    assert Marks().place(100, 0) is None


def test_an_unmarked_file_has_no_origin_and_takes_none() -> None:
    marks = Marks([(100, 0, A), (101, 0, None), (103, 0, D)])
    assert marks.place(102, 3) is None
    assert marks.place(103, 3) == D
    assert len(marks) == 3


def test_what_changes_one_attribute_counts_for_no_other() -> None:
    marks = Marks([(100, 0, A), (100, 4, B), (100, 9, C)], narrow={B: (), C: ("owner",)})
    assert [marks.place(100, cmin) for cmin in (1, 5, 9)] == [A, B, C]
    assert [marks.place(100, cmin, attribute="") for cmin in (1, 5, 9)] == [A, None, None]
    assert [marks.place(100, cmin, attribute="owner") for cmin in (1, 5, 9)] == [A, None, C]


def test_markers_may_come_in_any_order() -> None:
    assert Marks([(105, 0, C), (100, 4, B), (100, 0, A)]).place(100, 3) == A


def test_marks_travel_between_processes() -> None:
    assert pickle.loads(pickle.dumps(Marks([(100, 0, A)]))).place(100, 3) == A
