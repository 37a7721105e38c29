"""What ``pg_dump -s`` shows, and which of it differs, as an oracle for ``compare``."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator

from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.schema.difference import Difference

HEADING = re.compile(r"-- Name: (?P<name>.*); Type: (?P<type>.*); Schema: .*; Owner: .*")
HANGS = frozenset(
    {"CHECK CONSTRAINT", "CONSTRAINT", "DEFAULT", "FK CONSTRAINT", "POLICY", "RULE", "TRIGGER"}
)
"""Types of objects that a dump titles by two names: the table's, and their own."""
BESIDE = frozenset(
    {"extended statistics", "index", "policy", "privilege", "rule", "sequence", "trigger"}
)
"""Kinds of facts that the statement which makes their table or view does not show."""
NAMES = re.compile(r'"(?:[^"]|"")*"|[^\s".(),\[\]:\']+')


def dump(cluster: Cluster, conninfo: str) -> list[str]:
    """The lines of ``pg_dump -s``, without those that differ from run to run."""
    program = str(cluster.installation.binary("pg_dump"))
    done = subprocess.run([program, "-s", "-d", conninfo], check=True, capture_output=True)
    lines = done.stdout.decode().splitlines()
    passed = ("\\restrict", "\\unrestrict", "-- PostgreSQL database dump complete")
    return [text for text in lines if not text.startswith(passed)]


def differing(a: list[str], b: list[str]) -> list[tuple[str, str]]:
    """The types and titles of the dumped objects that differ in two dumps; at least one."""
    ours, theirs = Counter(objects(a)), Counter(objects(b))
    titles = {title for title, _ in ((ours - theirs) + (theirs - ours)).elements()}
    assert titles or a != b, "the dumps differ in nothing"
    return sorted(titles - {("", "")})


def objects(dumped: list[str]) -> Iterator[tuple[tuple[str, str], str]]:
    """Each object of a dump: the type and the title of its heading, and its statements."""
    title, statements = ("", ""), []
    for text in dumped:
        if heading := HEADING.fullmatch(text):
            yield title, "\n".join(statements).strip("\n-")
            title, statements = (heading["type"], heading["name"]), []
        else:
            statements.append(text)
    yield title, "\n".join(statements).strip("\n-")


class Seen:
    """What differs, by the names that a dump's titles may have for it."""

    def __init__(self, found: Iterable[Difference]) -> None:
        every = [each for one in found for each in (one, *one.parts)]
        renamed = [one for one in every if one.change == "renamed"]
        keys = [key for each in every for key in (each.key, *each.below)]
        keys += [(one.kind, str(one.actual)) for one in renamed]
        values = {str(value) for one in every for value in (one.expected, one.actual)}
        self.own = {parts[-1] for _, name in keys if (parts := parts_of(name))}
        self.renamed = {
            parts_of(str(name))[-1] for one in renamed for name in (one.expected, one.actual)
        }
        inside = {name for kind, name in keys if kind not in BESIDE}
        self.inside = {part for text in inside | values for part in parts_of(text)}
        self.all = {part for text in {n for _, n in keys} | values for part in parts_of(text)}

    def shows(self, kind: str, title: str) -> bool:
        """Whether an object of a dump with this type and title is among it.

        What hangs on a table must be named itself, unless its table has another name.
        """
        if kind in HANGS:
            return any(title.endswith(f" {name}") for name in self.own) or any(
                title.startswith(f"{name} ") for name in self.renamed
            )
        names = self.inside if kind in ("TABLE", "VIEW", "MATERIALIZED VIEW") else self.all
        return any(is_named_in(name, title) for name in names)


def parts_of(text: str) -> list[str]:
    """The identifiers in a text, unquoted."""
    parts = NAMES.findall(text)
    return [part[1:-1].replace('""', '"') if part[:1] == '"' else part for part in parts]


def is_named_in(name: str, title: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", title) is not None
