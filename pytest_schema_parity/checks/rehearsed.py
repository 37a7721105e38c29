"""A configured rehearsal: its stage, seeded once, and the steps carried out there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from pytest_schema_parity.building import Trees
from pytest_schema_parity.building.stage import Stage
from pytest_schema_parity.checks.applies import failure_title
from pytest_schema_parity.config import RehearsalConfig
from pytest_schema_parity.errors import SchemaParityError, ServerError, TreeError
from pytest_schema_parity.migrations.apply import Failure, apply_tree
from pytest_schema_parity.migrations.tree import load_tree
from pytest_schema_parity.rehearsal.rehearse import Rehearsal
from pytest_schema_parity.rehearsal.steps import load_steps
from pytest_schema_parity.showing import printable


class Rehearsed:
    """A rehearsal of the configuration, which builds its databases when they are first used.

    File names are relative to ``root``; ``statement_timeout`` is in seconds.  Raises TreeError
    where its steps cannot be used as they are.
    """

    def __init__(
        self, config: RehearsalConfig, trees: Trees, *, root: Path, statement_timeout: float
    ) -> None:
        self.config = config
        self.trees = trees
        self.root = root
        try:
            self.steps = load_steps(config.steps).steps
        except TreeError as error:
            raise TreeError(f"{config.name}: {error}") from None
        self._statement_timeout = statement_timeout
        self._lock = Lock()
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

    def ready(self) -> Rehearsal:
        """The rehearsal after its steps were carried out.

        Raises ServerError where the seed or a step fails: the check ``upgrade`` reports what.
        """
        failures = list(self.seed_failures)
        if not failures:
            found = self.rehearsal.carry_out()
            failures = [failure for outcome in found for failure in outcome.failures]
        if failures:
            first = failure_title(failures[0])
            raise ServerError(f"not rehearsed: a statement fails, see its `upgrade` ({first})")
        return self.rehearsal

    def stage_with_rows(self, name: str, *, durable: bool = False) -> Stage:
        """Build and seed the deployed tree once more, on another server.

        Raises SchemaParityError.
        """
        stage = self.trees.scheduler.open_stage(self.config.source, name, durable=durable)
        self._load_seed(stage)
        return stage

    def close(self) -> None:
        """Stop the server of its stage, unless others use it, too.  Nothing works afterwards."""
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
        source = self.config.source
        stage = self._stage = self.trees.scheduler.open_stage(source, self.config.name)
        if stage.build.failures:
            first = failure_title(stage.build.failures[0])
            where = "see its `applies`"
            if not stage.target.is_alone:
                where += "; or it makes roles, and on one server it is built twice"
            raise ServerError(
                f"not rehearsed: {printable(source)} does not apply as a whole, {where} ({first})"
            )
        failures = self._load_seed(stage)
        rehearsal = Rehearsal(
            stage.target.host,
            stage.target.database,
            self.steps,
            role=stage.target.role,
            root=self.root,
            read=stage.read,
            statement_timeout=self._statement_timeout,
        )
        return stage, rehearsal, failures

    def _load_seed(self, stage: Stage) -> tuple[Failure, ...]:
        files: Sequence[Path] = self.config.seed
        if not files:
            return ()
        seed = load_tree("seed", root=self.root, files=files)
        conninfo = stage.target.host.conninfo(stage.target.database, stage.target.role)
        return apply_tree(seed, conninfo, statement_timeout=self._statement_timeout).failures
