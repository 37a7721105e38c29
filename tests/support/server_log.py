"""What psql sends, by the server's own log: ``log_statement = all``."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_schema_parity.postgres.cluster import Cluster
from pytest_schema_parity.postgres.template import ClusterTemplate

LOGGING = ClusterTemplate(
    "logging",
    settings={
        "log_line_prefix": "%p@",
        "log_statement": "all",
        "log_min_error_statement": "error",
        "log_error_verbosity": "terse",
    },
)
"""A cluster that writes down every statement, those that are no SQL included."""

_RECORD = re.compile(r"^\d+@(LOG:  statement|ERROR|STATEMENT): {1,2}(.*(?:\n\t.*)*)", re.MULTILINE)
_MARK = "SELECT 'the next script'"


def logged(cluster: Cluster, psql: Path, scripts: Sequence[Path]) -> list[list[str]]:
    """The texts that psql sends for each of the scripts, in one run of it over all of them."""
    start = cluster.log.stat().st_size
    command: list[str | Path] = [psql, "-X", "-q", "-d", cluster.conninfo()]
    for script in scripts:
        command += ["-f", script]
        for reset in ("ROLLBACK", "RESET SESSION AUTHORIZATION", "RESET ALL", _MARK):
            command += ["-c", reset]
    subprocess.run(command, capture_output=True, check=False, timeout=300, env={"LC_ALL": "C"})
    with cluster.log.open("rb") as log:
        log.seek(start)
        texts = list(_statements(log.read().decode()))
    sent: list[list[str]] = [[]]
    for text in texts:
        if text == _MARK:
            del sent[-1][-3:]
            sent.append([])
        else:
            sent[-1].append(text)
    assert len(sent) == len(scripts) + 1, f"psql did not read {scripts[len(sent) - 1]} to its end"
    return sent[:-1]


def _statements(log: str) -> Iterator[str]:
    """The statements of a log, in order: one that does not even parse shows with its error only."""
    last = None
    for kind, message in _RECORD.findall(log):
        text = message.replace("\n\t", "\n")
        if kind == "LOG:  statement":
            yield text
            last = text
        elif kind == "STATEMENT":
            if text != last:
                yield text
            last = None
