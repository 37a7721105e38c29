"""Two workers against one process, and what the plugin costs a run that does not use it.

``python tests/benchmarks/bench_workers.py``; pytest-xdist has its own price, which is told apart.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from measuring import medians, show

ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("ROUNDS", "7"))
GATE = ("--schema-parity", "pyproject.toml")
TESTS = """
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_in_a_copy(schema_parity_database, number):
    with schema_parity_database["supabase"].connect() as connection:
        connection.execute("SELECT count(*), pg_sleep(0.05) FROM public.users").fetchone()
"""


def pytest_run(cwd: Path, *options: str) -> None:
    """Run pytest as users do: with bytecode, and no cache of the last run."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def main() -> None:
    """Print medians and ratios."""
    with tempfile.TemporaryDirectory() as scratch:
        empty = Path(scratch, "empty")
        many = Path(scratch, "many")
        for project in (empty, many):
            project.mkdir()
        (empty / "test_it.py").write_text("def test_it(): pass\n")
        (many / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text("utf-8"))
        (many / "sql").symlink_to(ROOT / "sql")
        (many / "test_it.py").write_text(TESTS.format(count=60))
        times = medians(
            {
                "one test": partial(pytest_run, empty),
                "one test, without the plugin": partial(pytest_run, empty, *BLOCKED),
                "one test, -n2": partial(pytest_run, empty, "-n2"),
                "gate": partial(pytest_run, ROOT, *GATE),
                "gate, -n2": partial(pytest_run, ROOT, *GATE, "-n2"),
                "60 tests with copies": partial(pytest_run, many, "test_it.py"),
                "60 tests with copies, -n2": partial(pytest_run, many, "test_it.py", "-n2"),
            },
            ROUNDS,
        )
    show(times, "one test")
    own = times["gate, -n2"] - times["one test, -n2"]
    print(f"the gate but for pytest: {times['gate'] - times['one test']:.2f} s alone, "
          f"{own:.2f} s beside what -n2 takes anyway")  # fmt: skip


BLOCKED = ("-p", "no:schema_parity")

if __name__ == "__main__":
    main()
