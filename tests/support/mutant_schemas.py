"""A dozen schemas of different shapes, to be mutated."""

# ruff: noqa: E501 - a table a line is easier to read

from __future__ import annotations

from support.mutants import ForeignKey, Schema, Table

SCHEMAS: dict[str, Schema] = {
    "one table of many types": (
        Table(
            "thing",
            {
                "id": "int", "code": "varchar(10)", "flag": "boolean", "day": "date",
                "at": "timestamp", "cost": "numeric(8,2)", "ratio": "real", "token": "uuid",
            },
            not_null=frozenset({"code", "day"}),
            primary=("id",),
            unique=(("code",), ("day", "flag")),
            checks=("cost >= 0", "ratio < 1.5"),
        ),
    ),
    "composite keys": (
        Table("plant", {"country": "char(2)", "number": "int", "name": "text"},
              primary=("country", "number"), unique=(("name",),)),
        Table("machine", {"country": "char(2)", "plant": "int", "serial": "int", "label": "text"},
              primary=("country", "plant", "serial"),
              foreign=(ForeignKey(("country", "plant"), "plant", ("country", "number")),)),
    ),
    "chain": (
        Table("a", {"id": "int", "x": "int"}, primary=("id",)),
        Table("b", {"id": "int", "a_id": "int", "x": "int"}, frozenset({"a_id"}), ("id",),
              foreign=(ForeignKey(("a_id",), "a", ("id",)),)),
        Table("c", {"id": "int", "b_id": "int", "x": "int"}, frozenset({"b_id"}), ("id",),
              foreign=(ForeignKey(("b_id",), "b", ("id",)),), checks=("x <> 0",)),
    ),
    "nullable cycle": (
        Table("team", {"id": "int", "captain": "int", "name": "text"}, frozenset({"name"}), ("id",),
              foreign=(ForeignKey(("captain",), "player", ("id",)),)),
        Table("player", {"id": "int", "team": "int"}, frozenset({"team"}), ("id",),
              foreign=(ForeignKey(("team",), "team", ("id",)),)),
    ),
    "checks over several columns": (
        Table("span", {"id": "int", "low": "int", "high": "int", "step": "int"},
              frozenset({"low", "high"}), ("id",),
              checks=("low < high", "step > 0", "high - low >= step OR step = 1")),
    ),
    "lists": (
        Table("card", {"suit": "text", "rank": "int", "back": "varchar(8)"}, primary=("suit", "rank"),
              checks=("suit IN ('S', 'H', 'D', 'C')", "rank IN (1, 2, 3)", "back IN ('red', 'blue')")),
    ),
    "self reference": (
        Table("employee", {"id": "int", "boss": "int", "email": "text", "grade": "smallint"},
              frozenset({"email"}), ("id",), (("email",),),
              (ForeignKey(("boss",), "employee", ("id",)),), ("grade >= 1", "grade <= 9")),
    ),
    "many to many": (
        Table("student", {"id": "bigint", "name": "text"}, frozenset({"name"}), ("id",)),
        Table("course", {"code": "text", "title": "text"}, frozenset(), ("code",), (("title",),)),
        Table("attends", {"student": "bigint", "course": "text", "mark": "int"}, frozenset(),
              ("student", "course"),
              foreign=(ForeignKey(("student",), "student", ("id",)),
                       ForeignKey(("course",), "course", ("code",))),
              checks=("mark >= 1 AND mark <= 6",)),
    ),
    "keys of several types": (
        Table("by_uuid", {"id": "uuid", "n": "numeric"}, primary=("id",)),
        Table("by_day", {"day": "date", "note": "text"}, primary=("day",)),
        Table("stamp", {"id": "uuid", "day": "date", "at": "timestamptz", "n": "numeric"},
              frozenset({"at"}), ("at",), (("id", "day"),),
              (ForeignKey(("id",), "by_uuid", ("id",)), ForeignKey(("day",), "by_day", ("day",)))),
    ),
    "unique without a primary key": (
        Table("pair", {"l": "int", "r": "int", "w": "int"}, frozenset({"l"}), (),
              (("l", "r"), ("w",))),
    ),
    "diamond": (
        Table("root", {"id": "int"}, primary=("id",)),
        Table("left_", {"id": "int", "root": "int"}, frozenset({"root"}), ("id",), (("id", "root"),),
              (ForeignKey(("root",), "root", ("id",)),)),
        Table("right_", {"id": "int", "root": "int"}, frozenset({"root"}), ("id",), (("id", "root"),),
              (ForeignKey(("root",), "root", ("id",)),)),
        Table("tip", {"id": "int", "l": "int", "r": "int", "root": "int"},
              frozenset({"l", "r", "root"}), ("id",), (),
              (ForeignKey(("l", "root"), "left_", ("id", "root")),
               ForeignKey(("r", "root"), "right_", ("id", "root")))),
    ),
    "text rules": (
        Table("account", {"name": "varchar(12)", "mail": "text", "kind": "char(1)", "age": "int"},
              frozenset({"mail"}), ("name",), (("mail",),), (),
              ("length(name) >= 3", "mail LIKE '%@%'", "kind = 'A' OR kind = 'B'", "age > 17")),
    ),
}  # fmt: skip
