"""The trees of a configuration, built when they are first asked for, and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from threading import Lock

from pytest_schema_parity.behavior.findings import RowFindings
from pytest_schema_parity.behavior.rows import compare_rows
from pytest_schema_parity.catalog import read_schema
from pytest_schema_parity.config import Config
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.apply import apply_tree
from pytest_schema_parity.migrations.tree import Tree, load_tree
from pytest_schema_parity.parity.built import DATABASE, BuiltTree, Original, clones
from pytest_schema_parity.parity.pristine import pristine_schema
from pytest_schema_parity.platforms import Platform, get_platform, installed_stand_ins
from pytest_schema_parity.postgres.address import connect
from pytest_schema_parity.postgres.cluster import Cluster, start_cluster
from pytest_schema_parity.postgres.installation import Installation, find_installation
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


class Parity:
    """A configuration's trees: ``parity["supabase"]`` is built when it is first asked for.

    All trees are built at once, each on a cluster of its own; :meth:`close` ends the clusters.
    """

    def __init__(
        self,
        config: Config,
        trees: Mapping[str, Tree],
        platforms: Mapping[str, Platform],
        installation: Installation,
        shown_from: Path,
    ) -> None:
        self.config = config
        self.shown_from = shown_from
        self.trees = trees
        self.platforms = platforms
        self.installation = installation
        self._clusters: list[Cluster] = []
        self._closed = False
        self._lock = Lock()
        self._builds: dict[str, Future[BuiltTree]] = {}
        self._judgements: dict[str, Judgement] = {}
        self._rows: dict[str, RowFindings] = {}

    def __getitem__(self, name: str) -> BuiltTree:
        """The built tree of that name; raises KeyError where none is configured."""
        if name not in self.trees:
            raise KeyError(f"there is no tree {name!r}; the trees are {', '.join(self.trees)}")
        self.start()
        return self._builds[name].result()

    def __iter__(self) -> Iterator[str]:
        return iter(self.trees)

    @property
    def reference(self) -> BuiltTree:
        """The tree that is right by decision."""
        return self[self.config.reference]

    @property
    def candidates(self) -> tuple[str, ...]:
        """The names of the trees that must match the reference."""
        return self.config.candidates

    @property
    def started(self) -> bool:
        """Whether any tree was asked for."""
        return bool(self._builds)

    def start(self) -> None:
        """Begin to build every tree, side by side; once."""
        with self._lock:
            if self._builds or self._closed:
                return
            pool = ThreadPoolExecutor(len(self.trees), thread_name_prefix="schema-parity")
            for name, tree in self.trees.items():
                self._builds[name] = pool.submit(self._build, tree)
            pool.shutdown(wait=False)

    def judgement(self, name: str) -> Judgement:
        """A candidate compared with the reference, and weighed by the allowances."""
        if name not in self._judgements:
            schemas = self.reference.schema, self[name].schema
            found = compare(*schemas, fail_on=self.config.fail_on)
            self._judgements[name] = judge(name, found, self.config.allow, today=date.today())
        return self._judgements[name]

    def dead_allowances(self, name: str) -> tuple[list[Allowance], list[Allowance]]:
        """The allowances that match nothing (in any tree they speak of), and the expired ones."""
        everywhere = stale_everywhere({tree: self._all_judged(tree) for tree in self.candidates})
        mine = self._all_judged(name)
        return [rule for rule in mine.stale if rule in everywhere], list(mine.expired)

    def rows(self, name: str) -> RowFindings:
        """What the views of a candidate and of the reference give for the seed data."""
        if name not in self._rows:
            reference = self.config.reference
            found = compare_rows(
                reference,
                name,
                schemas={tree: self[tree].schema for tree in (reference, name)},
                copies=self._copies,
                seeds=self.config.seed_files,
                root=self.shown_from,
                statement_timeout=self.config.statement_timeout,
            )
            judged = self._judge_rows(name, found)
            self._rows[name] = replace(found, allowed=judged.allowed)
        return self._rows[name]

    def close(self, *, wait: bool = True) -> None:
        """End every server and remove what it left; safe to call twice, and while building.

        Without ``wait`` it only begins to: Python's exit waits for the rest.
        """
        with self._lock:
            self._closed = True
            clusters, self._clusters = self._clusters, []
        if clusters:
            pool = ThreadPoolExecutor(len(clusters), thread_name_prefix="schema-parity-stop")
            stops = pool.map(Cluster.stop, clusters)
            pool.shutdown(wait=False)
            if wait:
                list(stops)

    def _build(self, tree: Tree) -> BuiltTree:
        """Start a cluster, apply the tree's files, read what they made."""
        platform = self.platforms[tree.name]
        template = platform.template(self.installation)
        cluster = self._own(start_cluster(self.installation, template=template, name=tree.name))
        pristine = pristine_schema(cluster, template)
        applied = apply_tree(
            tree,
            cluster.conninfo(DATABASE, user=platform.role),
            statement_timeout=self.config.statement_timeout,
            housekeeping=cluster.housekeeping(DATABASE),
            ended=lambda: self._closed,
        )
        with connect(cluster.housekeeping(DATABASE)) as connection:
            schema = read_schema(
                connection,
                marks=applied.marks.place,
                platform=platform.name,
                provided=pristine,
            )
            stand_ins = installed_stand_ins(connection)
        return BuiltTree(
            tree=tree,
            platform=platform,
            cluster=cluster,
            applied=applied,
            schema=schema,
            stand_ins=stand_ins,
            compare=partial(self._comparison, tree.name),
            original=Original(cluster),
        )

    def _own(self, cluster: Cluster) -> Cluster:
        """Note a cluster as one to be stopped; stop it now if the end came first."""
        with self._lock:
            self._clusters.append(cluster)
            closed = self._closed
        if closed:
            cluster.stop()
            raise ServerError("the run ended while its servers were starting")
        return cluster

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
    config: Config, *, bindir: Path | None = None, shown_from: Path | None = None
) -> Parity:
    """Find the server, the platforms and every tree's files; nothing is built yet.

    Files are named from the directory ``shown_from`` where the configuration lies below it, else
    from the configuration's own.  Raises ServerNotFound, ConfigError or TreeError: mistakes show
    before anything starts.
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
    platforms = {tree.name: get_platform(tree.platform) for tree in config.trees.values()}
    installation = find_installation(bindir=bindir, major=config.postgres)
    return Parity(config, trees, platforms, installation, shown_from)
