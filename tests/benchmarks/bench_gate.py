"""The whole gate as a process, against a shell script doing what a user does without it.

Run it from anywhere, with the environment's Python in which the plugin is installed:
``python tests/benchmarks/bench_gate.py``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from measuring import medians, show, verdict

from pytest_schema_parity.platforms import get_platform
from pytest_schema_parity.postgres.installation import Installation, find_installation

ROOT = Path(__file__).parents[2]
TREES = (ROOT / "sql/prisma/migrations", ROOT / "sql/supabase/migrations")
SCRIPT = Path(__file__).with_name("without_us.sh")
ROUNDS = int(os.environ.get("ROUNDS", "7"))
EXPECTED = re.compile(r"role \"\w+\" already exists")
"""The platform's roles are there already when its scripts run in the second database."""
AS_NOBODY = "setpriv --reuid=nobody --regid=nogroup --clear-groups"


def environment(cache: Path) -> dict[str, str]:
    """The environment of a run: a cache of its own, and bytecode cached as usual."""
    inherited = {key: value for key, value in os.environ.items() if key not in LEFT_OUT}
    return inherited | {"XDG_CACHE_HOME": str(cache)}


LEFT_OUT = ("PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS")


OF_THE_PROJECT = ("requests", "api-roles", "primary-keys")
"""The checks that the root's conftest.py adds: what they try, the script does not."""


def gate(cache: Path, *, cold: bool, left_out: Sequence[str] = ()) -> None:
    """Run the gate, but for some checks; it has to pass."""
    if cold:
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(mode=0o755)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    deselected = [f"--deselect=pyproject.toml::supabase::{check}" for check in left_out]
    done = subprocess.run(
        [*command, "--schema-parity", "pyproject.toml", *deselected],
        cwd=ROOT,
        env=environment(cache),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"the gate failed:\n{done.stdout}{done.stderr}")


def without_us(installation: Installation, scratch: Path) -> None:
    """Run the script in a directory of its own, which goes again."""
    work = Path(tempfile.mkdtemp(dir=scratch))
    variables = dict(os.environ)
    if os.geteuid() == 0:
        shutil.chown(work, "nobody")
        variables["RUN_AS"] = AS_NOBODY
    platform = get_platform("supabase")
    template = platform.template(installation)
    variables["SUPERUSER"], variables["ROLE"] = template.superuser, platform.role
    variables["SERVER_OPTIONS"] = options(template.settings, template.extension_directories)
    command = [SCRIPT, installation.bindir, work, *TREES, *template.scripts]
    subprocess.run(list(map(str, command)), env=variables, cwd=work, check=True)
    errors = (work / "errors").read_text().splitlines()
    if unexpected := [line for line in errors if "ERROR:" in line and not EXPECTED.search(line)]:
        sys.exit("the script did less than the gate:\n" + "\n".join(unexpected))
    shutil.rmtree(work)


def options(settings: Mapping[str, str], directories: tuple[Path, ...]) -> str:
    """A template's settings as the server's command line takes them."""
    found = dict(settings)
    if directories:
        found["extension_control_path"] = ":".join(["$system", *map(str, directories)])
    return " ".join(f"-c {name}='{value}'" for name, value in found.items())


def main() -> int:
    """Measure and print; 1 when a target is missed."""
    installation = find_installation()
    with tempfile.TemporaryDirectory(prefix="bench-gate-") as name:
        scratch = Path(name)
        scratch.chmod(0o755)
        cold, warm = scratch / "cold", scratch / "warm"
        gate(warm, cold=True)
        subjects: dict[str, Callable[[], object]] = {
            "shell script": partial(without_us, installation, scratch),
            "gate, cold": partial(gate, cold, cold=True),
            "gate, warm": partial(gate, warm, cold=False),
            "… own checks alone": partial(gate, warm, cold=False, left_out=OF_THE_PROJECT),
            "pytest alone": partial(pytest_alone, scratch),
        }
        times = medians(subjects, ROUNDS)
    print(f"PostgreSQL {installation.version}, whole processes, median of {ROUNDS} rounds")
    show(times, "shell script")
    kept = [
        verdict("cold", times["gate, cold"] / times["shell script"], 0.8),
        verdict("warm", times["gate, warm"] / times["shell script"], 0.45),
    ]
    return 0 if all(kept) else 1


def pytest_alone(scratch: Path) -> None:
    """What pytest with its plugins takes to find nothing to do."""
    empty = scratch / "empty"
    empty.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--rootdir=."]
    subprocess.run(command, cwd=empty, env=environment(scratch), capture_output=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
