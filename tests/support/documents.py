"""The README and the pages of docs/: their texts, and the blocks of code in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
README: Final = "README.md"
DOCS: Final = tuple(sorted(page.relative_to(ROOT).as_posix() for page in ROOT.glob("docs/*.md")))
PAGES: Final = (README, *DOCS)
"""Every page for users, by its path from the project's root."""
ELSEWHERE: Final = ("CHANGELOG.md", "sql/README.md", "sql/supabase/archive/README.md")
"""Other pages in Markdown, whose links have to resolve, too."""


def text_of(page: str) -> str:
    """The text of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """The blocks of code of that language in a page, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(page), re.DOTALL | re.MULTILINE)


def block(page: str, language: str, word: str) -> str:
    """The one block of that language in a page that has the word in it."""
    (found,) = [each for each in blocks(page, language) if word in each]
    return found


def table_of(page: str, head: str) -> dict[str, list[str]]:
    """The rows of the table whose first head is ``head``: first cell to the others."""
    table = re.search(rf"^\| {head} \|.*\n\|[-|]+\|\n((?:\|.*\n?)+)", text_of(page), re.MULTILINE)
    assert table, f"{page} has no table {head!r}"
    rows = [re.split(r" *(?<!\\)\| *", line)[1:-1] for line in table[1].splitlines()]
    return {row[0]: row[1:] for row in rows}


def quoted(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)
