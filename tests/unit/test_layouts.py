from __future__ import annotations

from pathlib import Path

import pytest

from pytest_schema_parity.migrations.layouts import Listing, detect_layout, get_layout, layouts


def directory(root: Path, where: str, *names: str) -> Path:
    for name in names:
        path = root / where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return root / where


def shown(listing: Listing, path: Path) -> list[str]:
    return [file.relative_to(path).as_posix() for file in listing.files]


def test_the_layouts_are_found_by_looking() -> None:
    assert set(layouts()) >= {"prisma", "supabase", "plain", "file"}
    assert all(name == layout.name for name, layout in layouts().items())


@pytest.mark.parametrize(
    ("where", "names", "layout"),
    [
        ("db", ["20250101000000_init/migration.sql", "migration_lock.toml"], "prisma"),
        ("db", ["0_init/migration.sql"], "prisma"),
        ("prisma/migrations", ["001_init.sql", "002_views.sql"], "prisma"),
        ("db", ["001_init.sql", "migration_lock.toml"], "prisma"),
        ("db", ["20250902000001_initial.sql"], "supabase"),
        ("db", ["00001_enable.sql", "20250902000001_initial.sql"], "supabase"),
        ("supabase/migrations", ["0001_init.sql"], "supabase"),
        ("Supabase/archive", ["0001_init.sql"], "supabase"),
        ("prisma/migrations", ["20250902000001_initial.sql"], "prisma"),
        ("db", ["001_init.sql", "002_views.sql"], "plain"),
        ("db", ["schema.sql"], "plain"),
    ],
)
def test_a_layout_is_known_by_its_files(
    tmp_path: Path, where: str, names: list[str], layout: str
) -> None:
    assert detect_layout(directory(tmp_path, where, *names)).name == layout


def test_one_file_is_a_layout_of_its_own(tmp_path: Path) -> None:
    path = directory(tmp_path, "db", "schema.sql") / "schema.sql"
    layout = detect_layout(path)
    assert (layout.name, layout.list_files(path).files) == ("file", (path,))


def test_prisma_sorts_directories_by_name_and_passes_over_the_rest(tmp_path: Path) -> None:
    path = directory(
        tmp_path,
        "m",
        "20250102000000_b/migration.sql",
        "20250101000000_a/migration.sql",
        "20250101000000_a/notes.txt",
        ".git/x",
        "migration_lock.toml",
        "loose.sql",
    )
    listing = get_layout("prisma").list_files(path)
    assert shown(listing, path) == [
        "20250101000000_a/migration.sql",
        "20250102000000_b/migration.sql",
    ]
    assert [(file.name, reason) for file, reason in listing.skipped] == [
        ("loose.sql", "Prisma reads only <name>/migration.sql")
    ]


def test_prisma_may_be_flat_and_numbered(tmp_path: Path) -> None:
    path = directory(tmp_path, "m", "002_b.sql", "001_a.sql", "010_c.sql", "notes.sql", "README.md")
    listing = get_layout("prisma").list_files(path)
    assert shown(listing, path) == ["001_a.sql", "002_b.sql", "010_c.sql"]
    assert [file.name for file, _ in listing.skipped] == ["notes.sql"]


def test_supabase_sorts_by_name_and_not_by_time(tmp_path: Path) -> None:
    path = directory(
        tmp_path,
        "m",
        "20250902000001_a.sql",
        "00001_z.sql",
        "3_x.sql",
        "B.sql",
        "1_y.txt",
        "2-q.sql",
    )
    listing = get_layout("supabase").list_files(path)
    assert shown(listing, path) == ["00001_z.sql", "20250902000001_a.sql", "3_x.sql"]
    assert [file.name for file, _ in listing.skipped] == ["2-q.sql", "B.sql"]
    assert listing.refused == {}


def test_supabase_records_a_version_once(tmp_path: Path) -> None:
    path = directory(tmp_path, "m", "1_a.sql", "1_b.sql", "01_c.sql", "1_d.sql")
    listing = get_layout("supabase").list_files(path)
    assert shown(listing, path) == ["01_c.sql", "1_a.sql", "1_b.sql", "1_d.sql"]
    assert {file.name for file in listing.refused} == {"1_b.sql", "1_d.sql"}
    assert "version 1 is already taken by 1_a.sql" in listing.refused[path / "1_d.sql"]


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["20211208000000_init.sql", "20220101000000_b.sql"], ["20220101000000_b.sql"]),
        (["20211209000000_init.sql"], ["20211209000000_init.sql"]),
        (["00000000000001_a.sql", "20200101000000_init.sql"], None),
    ],
)
def test_supabase_passes_over_an_init_from_its_early_days(
    tmp_path: Path, names: list[str], kept: list[str] | None
) -> None:
    path = directory(tmp_path, "m", *names)
    assert shown(get_layout("supabase").list_files(path), path) == (kept or names)


def test_plain_goes_by_number_only_where_all_have_one(tmp_path: Path) -> None:
    numbered = directory(tmp_path, "n", "10_c.sql", "2_b.sql", "1_a.sql")
    assert shown(get_layout("plain").list_files(numbered), numbered) == [
        "1_a.sql",
        "2_b.sql",
        "10_c.sql",
    ]
    mixed = directory(tmp_path, "m", "10_c.sql", "2_b.sql", "a.sql")
    assert shown(get_layout("plain").list_files(mixed), mixed) == ["10_c.sql", "2_b.sql", "a.sql"]
