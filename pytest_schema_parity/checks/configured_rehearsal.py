"""A configured rehearsal: its stage, seeded once, and the steps carried out there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Lock

import psycopg

from pytest_schema_parity.behavior.filling import PATIENCE, Filling, fill, replay
from pytest_schema_parity.building import Trees
from pytest_schema_parity.building.stage import Stage
from pytest_schema_parity.building.targets import Target
from pytest_schema_parity.config import RehearsalConfig
from pytest_schema_parity.errors import SchemaParityError, ServerError, TreeError
from pytest_schema_parity.migrations.apply import Failure, apply_tree
from pytest_schema_parity.migrations.tree import load_tree
from pytest_schema_parity.postgres.databases import clone_database, drop_database
from pytest_schema_parity.rehearsal.integrity import move_sequences
from pytest_schema_parity.rehearsal.rehearse import Rehearsal, StepOutcome
from pytest_schema_parity.rehearsal.steps import load_steps
from pytest_schema_parity.schema.facts import Schema
from pytest_schema_parity.showing import printable


class ConfiguredRehearsal:
    """A rehearsal of the configuration, which builds its databases when they are first used.

    File names are relative to ``root``; ``statement_timeout`` is in seconds.  Raises TreeError
    if its steps cannot be used.
    """

    def __init__(
        self, config: RehearsalConfig, trees: Trees, *, root: Path, statement_timeout: float
    ) -> None:
        self.config = config
        self.trees = trees
        self.root = root
        try:
            found = load_steps(config.steps)
        except TreeError as error:
            raise TreeError(f"{config.name}: {error}") from None
        self.steps, self.other_files = found.steps, found.skipped
        self._statement_timeout = statement_timeout
        self.generated: Filling | None = None
        """The generated rows, once the stage is opened, if no seed is configured."""
        self._lock = Lock()
        self._outcomes: tuple[StepOutcome, ...] | None = None
        self._stage: Stage | None = None
        self._opened: tuple[Stage, Rehearsal, tuple[Failure, ...]] | SchemaParityError | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The files of its steps, in order, as a user would write them."""
        return tuple(self.shown(step.up) for step in self.steps)

    @property
    def stage(self) -> Stage:
        """The deployed tree, built on a server of its own.  Raises SchemaParityError."""
        return self._open()[0]

    @property
    def seed_failures(self) -> tuple[Failure, ...]:
        """The failures of the seed.  Raises SchemaParityError."""
        return self._open()[2]

    @property
    def rehearsal(self) -> Rehearsal:
        """The rehearsal, even if seed or steps fail.  Raises SchemaParityError."""
        return self._open()[1]

    def carry_out(self) -> tuple[StepOutcome, ...]:
        """The outcome of every step, carried out once.  Raises SchemaParityError.

        From the first step that fails on, the rehearsal has no more steps: those before it can
        still be checked.
        """
        rehearsal = self.rehearsal
        with self._lock:
            if self._outcomes is None:
                self._outcomes = tuple(rehearsal.carry_out())
                failing = (at for at, each in enumerate(self._outcomes) if each.failures)
                if (first := next(failing, None)) is not None:
                    rehearsal.keep_before(first)
            return self._outcomes

    @property
    def failing_step(self) -> StepOutcome | None:
        """The first step that fails; None if all steps can be carried out."""
        return next((each for each in self.carry_out() if each.failures), None)

    def seeded(self) -> Stage:
        """The deployed tree with its rows.

        Raises ServerError if the seed fails; the check ``upgrade`` reports the statement.
        """
        if self.seed_failures:
            raise _not_rehearsed(self.seed_failures[0])
        return self.stage

    def reached(self) -> Rehearsal:
        """The rehearsal with the steps before the first that fails, carried out.

        Raises ServerError if the seed fails; the check ``upgrade`` reports the statement.
        """
        self.seeded()
        self.carry_out()
        return self.rehearsal

    def ready(self) -> Rehearsal:
        """The rehearsal after its steps were carried out.

        Raises ServerError if the seed or a step fails; the check ``upgrade`` reports the statement.
        """
        rehearsal = self.reached()
        if self.failing_step is not None:
            raise _not_rehearsed(self.failing_step.failures[0])
        return rehearsal

    def stage_with_rows(self, name: str, *, durable: bool = False) -> Stage:
        """Build and seed the deployed tree once more, on another server.

        Raises SchemaParityError.
        """
        stage = self.trees.scheduler.open_stage(self.config.source, name, durable=durable)
        self._load_seed(stage)
        return stage

    def write_later_rows(self, database: str) -> Filling:
        """Write generated rows to a copy of the upgraded database, by its name, and change some.

        Raises SchemaParityError.
        """
        rehearsal = self.rehearsal
        last, conninfo = rehearsal.stages[-1], rehearsal.conninfo_of(database)
        with rehearsal.copy(last) as one, rehearsal.copy(last) as other:
            pair = rehearsal.conninfo_of(one), rehearsal.conninfo_of(other)
            tables = own_tables(rehearsal.schema())
            try:
                filling = fill(conninfo, [pair], tables, change=True, seconds=self._row_timeout)
                move_sequences(
                    rehearsal.reading(database), rehearsal.host.maintenance_conninfo(database)
                )
            except psycopg.Error as error:
                raise ServerError(f"rows cannot be generated: {error}") from error
        return filling

    def close(self) -> None:
        """Stop the server of its stage, unless others use it, too; call no method afterwards."""
        if self._stage is not None and self._stage.target.is_alone:
            self._stage.target.host.stop()

    def shown(self, file: Path) -> str:
        """A file as a user would write it: from the root if it lies below."""
        return (file.relative_to(self.root) if file.is_relative_to(self.root) else file).as_posix()

    def _open(self) -> tuple[Stage, Rehearsal, tuple[Failure, ...]]:
        with self._lock:
            if self._opened is None:
                try:
                    self._opened = self._begin()
                except SchemaParityError as error:
                    self._opened = error
        if isinstance(self._opened, SchemaParityError):
            raise self._opened
        return self._opened

    def _begin(self) -> tuple[Stage, Rehearsal, tuple[Failure, ...]]:
        """Build the deployed tree and load the seed; raises ServerError if the build has failures.

        Returns the stage, its rehearsal, and the failures of the seed.
        """
        source = self.config.source
        stage = self._stage = self.trees.scheduler.open_stage(source, self.config.name)
        if stage.build.failures:
            first = stage.build.failures[0].title
            where = "see its check `applies`"
            if not stage.target.is_alone:
                where += ", or it creates roles, but is built twice on one server"
            raise ServerError(
                f"not rehearsed: {printable(source)} cannot be applied without errors;"
                f" {where} ({first})"
            )
        failures = self._load_seed(stage)
        rehearsal = Rehearsal(
            stage.target.host,
            stage.target.database,
            self.steps,
            role=stage.target.role,
            reader=stage.target.reader,
            root=self.root,
            read=stage.read,
            statement_timeout=self._statement_timeout,
        )
        return stage, rehearsal, failures

    def _load_seed(self, stage: Stage) -> tuple[Failure, ...]:
        """Run the seed files, or generate rows if none are configured; returns the failures."""
        files = self.config.seed
        if files is None:
            self._generate(stage)
        if not files:
            return ()
        seed = load_tree("seed", root=self.root, files=files)
        conninfo = stage.target.host.conninfo(stage.target.database, stage.target.role)
        return apply_tree(seed, conninfo, statement_timeout=self._statement_timeout).failures

    def _generate(self, stage: Stage) -> None:
        """Fill the tables of a stage with generated rows, the same in each stage."""
        target = stage.target
        conninfo = target.host.conninfo(target.database, target.role)
        try:
            if self.generated is None:
                self.generated = self._fill(stage, conninfo)
            else:
                replay(conninfo, self.generated, seconds=self._row_timeout)
            move_sequences(
                target.host.conninfo(target.database, target.reader),
                target.host.maintenance_conninfo(target.database),
            )
        except psycopg.Error as error:
            raise ServerError(f"not rehearsed: rows cannot be generated: {error}") from error

    @property
    def _row_timeout(self) -> float:
        """The seconds that a statement with a generated row may take."""
        return min(self._statement_timeout, PATIENCE)

    def _fill(self, stage: Stage, conninfo: str) -> Filling:
        """Fill a stage with rows; if possible, with rows that the tree ``to`` accepts, too."""
        with two_copies(stage.target) as (one, other), ExitStack() as stack:
            pairs = [(one, other)]
            with suppress(ServerError):  # its own `applies` reports that ``to`` cannot be built
                (target,) = stack.enter_context(self.trees.copies(self.config.target))
                pairs.insert(0, (one, target))
            tables = own_tables(stage.build.schema)
            return fill(conninfo, pairs, tables, seconds=self._row_timeout)


def _not_rehearsed(failure: Failure) -> ServerError:
    first = failure.title
    return ServerError(f"not rehearsed: the seed or a step fails; see `upgrade` ({first})")


def own_tables(schema: Schema) -> frozenset[str]:
    """The tables of a schema that are no partitions, and not a platform's or an extension's."""
    return frozenset(
        fact.name
        for fact in schema.of_kind("table")
        if not fact.provided and not fact.attributes.get("partition_of")
        if fact.parent is None or fact.parent[0] != "extension"
    )


@contextmanager
def two_copies(target: Target) -> Iterator[tuple[str, str]]:
    """A context with two copies of a target's database: conninfos of the role of its tree."""
    names = [f"{target.database}_rows_{number}" for number in (1, 2)]
    try:
        for name in names:
            clone_database(target.host, target.database, name)
        one, other = (target.host.conninfo(name, target.role) for name in names)
        yield one, other
    finally:
        for name in names:
            drop_database(target.host, name, force=True)
