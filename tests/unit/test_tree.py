from __future__ import annotations

from pathlib import Path

import pytest

from pytest_schema_parity.errors import TreeError
from pytest_schema_parity.migrations.tree import Tree, load_tree


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("select 1;\n")


def names(tree: Tree) -> list[str]:
    return [file.name for file in tree.files]


def test_files_are_named_from_the_root_and_read_when_wanted(tmp_path: Path) -> None:
    write(tmp_path, "sql/002_b.sql", "sql/001_a.sql")
    tree = load_tree("t", root=tmp_path, path="sql")
    assert (tree.name, tree.layout) == ("t", "plain")
    assert names(tree) == ["sql/001_a.sql", "sql/002_b.sql"]
    assert tree.files[0].read() == "select 1;\n"


def test_a_tree_outside_of_the_root_is_named_whole(tmp_path: Path) -> None:
    write(tmp_path, "other/1.sql", "project/x")
    tree = load_tree("t", root=tmp_path / "project", path=tmp_path / "other")
    assert names(tree) == [(tmp_path / "other/1.sql").as_posix()]


def test_listed_files_keep_the_order_in_which_they_were_deployed(tmp_path: Path) -> None:
    write(tmp_path, "m/20250902000001_a.sql", "m/00001_b.sql")
    listed = ["20250902000001_a.sql", "00001_b.sql"]
    tree = load_tree("t", root=tmp_path, path="m", files=listed)
    assert names(tree) == ["m/20250902000001_a.sql", "m/00001_b.sql"]
    assert tree.layout == "files"
    assert names(load_tree("t", root=tmp_path, files=["m/00001_b.sql"])) == ["m/00001_b.sql"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": "sql/migration"}, r"/sql/migration does not exist: did you mean migrations\?"),
        ({"path": "nowhere"}, r"/nowhere does not exist$"),
        ({"path": "empty"}, r"/empty contains no migrations\. Looked for: .*prisma.*supabase"),
        ({"path": "empty", "layout": "supabase"}, r"contains no migrations\. .*_<name>\.sql"),
        ({"path": "odd", "layout": "supabase"}, r"no migrations \(1 SQL files have other names\)"),
        ({"path": "sql", "layout": "prism"}, r"unknown layout 'prism': did you mean 'prisma'\?"),
        ({"path": "sql", "layout": "xyz"}, r"unknown layout 'xyz': known are file, plain, prisma"),
        ({"path": "mixed"}, r"fits the layouts prisma and supabase: .* layout = \"prisma\""),
        ({"path": "half"}, r"/half/2_b contains no migration\.sql: restore the file or delete"),
        ({"files": ["sql/migrations/b.sql"]}, r"b\.sql is not a file: did you mean a\.sql\?"),
        ({"files": ["odd/x.sql", "odd/x.sql"]}, r"odd/x\.sql is listed twice"),
        ({}, "neither a path nor files"),
    ],
)
def test_what_cannot_be_a_tree_says_so_once(tmp_path: Path, arguments: dict, message: str) -> None:
    write(tmp_path, "sql/migrations/a.sql", "odd/x.sql", "empty/README.md")
    write(tmp_path, "mixed/20250902000001_a.sql", "mixed/20250902000002_b/migration.sql")
    write(tmp_path, "half/1_a/migration.sql", "half/2_b/other.sql")
    with pytest.raises(TreeError, match=message) as caught:
        load_tree("mine", root=tmp_path, **arguments)
    assert str(caught.value).startswith("tree 'mine'")


def test_names_may_be_hostile(tmp_path: Path) -> None:
    hostile = ["1_with space.sql", "2_quo'te.sql", '3_"double".sql', "4_Ünï😀.sql", "5_%s\\n.sql"]
    write(tmp_path, *(f"my trées/{name}" for name in hostile))
    assert names(load_tree("t", root=tmp_path, path="my trées")) == [
        f"my trées/{name}" for name in hostile
    ]


def test_a_newline_in_a_path_begins_no_line(tmp_path: Path) -> None:
    with pytest.raises(TreeError) as raised:
        load_tree("t", root=tmp_path, path="no\n1 passed\x1b[2J")
    assert r"no\n1 passed\x1b[2J does not exist" in str(raised.value)
