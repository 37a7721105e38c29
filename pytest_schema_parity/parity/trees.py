"""The trees of a configuration, built when they are first asked for, and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

from pytest_schema_parity.behavior.findings import RowFindings
from pytest_schema_parity.behavior.rows import compare_rows
from pytest_schema_parity.config import Config
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.tree import Tree, load_tree
from pytest_schema_parity.parity.adjusting import UNADJUSTED, Adjustments
from pytest_schema_parity.parity.building import Build
from pytest_schema_parity.parity.builds import Builds, Ending
from pytest_schema_parity.parity.built import BuiltTree, Original, clones
from pytest_schema_parity.parity.sharing import Rendezvous
from pytest_schema_parity.parity.sites import LentSite, OwnClusters, Site, require_lendable
from pytest_schema_parity.platforms import Platform, get_platform
from pytest_schema_parity.postgres.installation import find_installation
from pytest_schema_parity.schema.allowances import (
    ROWS,
    Allowance,
    Judgement,
    RowsJudgement,
    judge,
    judge_rows,
    stale_everywhere,
)
from pytest_schema_parity.schema.compare import compare
from pytest_schema_parity.schema.difference import Comparison


@dataclass
class Found:
    """What one process of a run found, and another need not find again.

    ``builds`` holds, of a tree that could not be built, the reason.
    """

    builds: dict[str, Build | str] = field(default_factory=dict)
    rows: dict[str, RowFindings] = field(default_factory=dict)

    def add(self, other: Found) -> None:
        """Take what another process found, but for what is known already."""
        self.builds = other.builds | self.builds
        self.rows = other.rows | self.rows


class Parity:
    """A configuration's trees: ``parity["supabase"]`` is built when it is first asked for.

    All trees are built at once, each on a cluster of its own; :meth:`close` ends the clusters.
    With a ``rendezvous``, the processes that meet there share the clusters.
    """

    def __init__(
        self,
        config: Config,
        trees: Mapping[str, Tree],
        platforms: Mapping[str, Platform],
        site: Site,
        *,
        shown_from: Path,
        adjustments: Adjustments,
        rendezvous: Rendezvous | None = None,
    ) -> None:
        self.config = config
        self.shown_from = shown_from
        self.trees = trees
        self.platforms = platforms
        self.site = site
        self.adjustments = adjustments
        self.builds = Builds(
            trees,
            platforms,
            site,
            statement_timeout=config.statement_timeout,
            adjustments=adjustments,
            rendezvous=rendezvous,
        )
        self.found = Found()
        self._built: dict[str, BuiltTree] = {}
        self._judgements: dict[str, Judgement] = {}

    def __getitem__(self, name: str) -> BuiltTree:
        """The built tree of that name; raises KeyError where none is configured."""
        if name not in self.trees:
            raise KeyError(f"there is no tree {name!r}; the trees are {', '.join(self.trees)}")
        build, home = self.builds[name]
        if name not in self._built:
            built = BuiltTree(
                tree=self.trees[name],
                platform=self.platforms[name],
                home=home,
                build=build,
                compare=partial(self._comparison, name),
                original=Original(home),
            )
            self._built.setdefault(name, built)
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.trees)

    def build(self, name: str) -> Build:
        """What building a tree came to, here or where :attr:`found` comes from."""
        match self.found.builds.get(name):
            case None:
                return self[name].build
            case str(reason):
                raise ServerError(reason)
            case build:
                return build

    @property
    def reference(self) -> BuiltTree:
        """The tree that is right by decision."""
        return self[self.config.reference]

    @property
    def candidates(self) -> tuple[str, ...]:
        """The names of the trees that must match the reference."""
        return self.config.candidates

    @property
    def lent(self) -> LentSite | None:
        """The server that a fixture lends for the trees, if it is not clusters of our own."""
        return self.site if isinstance(self.site, LentSite) else None

    @property
    def started(self) -> bool:
        """Whether any tree was asked for, or built by another process of the run."""
        return self.builds.started or bool(self.found.builds)

    def start(self) -> None:
        """Begin to build every tree, side by side; once."""
        self.builds.start()

    def built(self) -> list[str]:
        """The names of the trees that this process has built, or taken over, by now."""
        return [
            name for name, found in self.builds.outcomes().items() if not isinstance(found, str)
        ]

    def all_found(self) -> Found:
        """What this process found, for those that cannot ask it."""
        builds = self.builds.outcomes() if self.builds.are_own else {}
        return Found(builds, self.found.rows)

    def judgement(self, name: str) -> Judgement:
        """A candidate compared with the reference, and weighed by the allowances."""
        if name not in self._judgements:
            schemas = self.build(self.config.reference).schema, self.build(name).schema
            found = compare(*schemas, fail_on=self.config.fail_on)
            self._judgements[name] = judge(
                name,
                found,
                self.config.allow,
                today=date.today(),
                accept=self.adjustments.reason,
            )
        return self._judgements[name]

    def dead_allowances(self, name: str) -> tuple[list[Allowance], list[Allowance]]:
        """The allowances that match nothing (in any tree they speak of), and the expired ones."""
        everywhere = stale_everywhere({tree: self._all_judged(tree) for tree in self.candidates})
        mine = self._all_judged(name)
        return [rule for rule in mine.stale if rule in everywhere], list(mine.expired)

    def rows(self, name: str) -> RowFindings:
        """What the views of a candidate and of the reference give for the seed data."""
        if name not in self.found.rows:
            reference = self.config.reference
            found = compare_rows(
                reference,
                name,
                schemas={tree: self.build(tree).schema for tree in (reference, name)},
                copies=self._copies,
                seeds=self.config.seed_files,
                root=self.shown_from,
                statement_timeout=self.config.statement_timeout,
            )
            judged = self._judge_rows(name, found)
            self.found.rows[name] = replace(found, allowed=judged.allowed)
        return self.found.rows[name]

    def close(self, *, wait: bool = True, end: Ending = "stop") -> None:
        """End every server and remove what it left; safe to call twice, and while building.

        Without ``wait`` it only begins to: Python's exit waits for the rest.
        """
        self.builds.close(wait=wait, end=end)

    def _comparison(self, name: str) -> Comparison:
        return Comparison() if name == self.config.reference else self.judgement(name).comparison

    def _judge_rows(self, name: str, found: RowFindings) -> RowsJudgement:
        views = [view.name for view in found.views if not view.equal]
        return judge_rows(name, views, self.config.allow, today=date.today())

    def _all_judged(self, name: str) -> Judgement:
        """The judgement of a tree with that of its rows, which are compared only if need be."""
        judged = self.judgement(name)
        if not any(rule.kind == ROWS and rule.concerns(name) for rule in self.config.allow):
            return judged
        rows = self._judge_rows(name, self.rows(name))
        return replace(
            judged, stale=judged.stale + rows.stale, expired=judged.expired + rows.expired
        )

    @contextmanager
    def _copies(self, *names: str) -> Iterator[list[str]]:
        with clones(*map(self.__getitem__, names)) as made:
            yield [clone.conninfo for clone in made]


def open_parity(
    config: Config,
    *,
    bindir: Path | None = None,
    shown_from: Path | None = None,
    run: str | None = None,
    adjustments: Adjustments = UNADJUSTED,
) -> Parity:
    """Find the server, the platforms and every tree's files; nothing is built yet.

    Files are named from the directory ``shown_from`` where the configuration lies below it, else
    from the configuration's own.  What has the same ``run`` on one host shares its clusters.
    ``adjustments`` are what the project adds in Python.  Raises ServerNotFound, ConfigError or
    TreeError: mistakes show before anything starts.
    """
    if shown_from is None or not config.root.is_relative_to(shown_from):
        shown_from = config.root
    trees = {
        tree.name: load_tree(
            tree.name,
            root=shown_from,
            path=tree.path,
            files=tree.files or (),
            layout=tree.layout,
        )
        for tree in config.trees.values()
    }
    platforms = {
        tree.name: get_platform(tree.platform, superuser=tree.superuser)
        for tree in config.trees.values()
    }
    if config.server is not None:
        for platform in platforms.values():
            require_lendable(platform)
        lent = LentSite(config.server)
        return Parity(
            config, trees, platforms, lent, shown_from=shown_from, adjustments=adjustments
        )
    site = OwnClusters(find_installation(bindir=bindir, major=config.postgres))
    meeting = None if run is None else Rendezvous(f"{run} {config.file}", site)
    return Parity(
        config,
        trees,
        platforms,
        site,
        shown_from=shown_from,
        adjustments=adjustments,
        rendezvous=meeting,
    )
