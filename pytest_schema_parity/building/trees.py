"""The trees of a configuration, which are built when one of them is first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pytest_schema_parity.building.adjustments import UNADJUSTED, Adjustments
from pytest_schema_parity.building.build import Build
from pytest_schema_parity.building.built_tree import BuiltTree, Template, clones
from pytest_schema_parity.building.scheduler import Ending, Scheduler
from pytest_schema_parity.building.sharing import SharedBuilds
from pytest_schema_parity.building.targets import (
    ExternalSite,
    OwnClusters,
    Site,
    require_no_platform,
)
from pytest_schema_parity.config import Config
from pytest_schema_parity.errors import ServerError, UnknownName
from pytest_schema_parity.migrations.tree import Tree, load_tree
from pytest_schema_parity.platforms import Platform, get_platform
from pytest_schema_parity.postgres.installation import Installation, find_installation
from pytest_schema_parity.schema.difference import Comparison


class Trees:
    """A configuration's trees: the first use of ``trees["supabase"]`` builds all of them.

    They are built in parallel, each on its own cluster; :meth:`close` stops the clusters.  With
    ``shared_builds``, the processes of the run share the clusters.  ``compare`` returns the
    comparison of a tree, by its name, for :attr:`BuiltTree.comparison`.  ``received`` are builds of
    another process: for each tree a build, or the reason why there is no build.
    """

    def __init__(
        self,
        config: Config,
        trees: Mapping[str, Tree],
        platforms: Mapping[str, Platform],
        site: Site,
        *,
        compare: Callable[[str], Comparison],
        adjustments: Adjustments,
        shared_builds: SharedBuilds | None = None,
    ) -> None:
        self.trees = trees
        self.platforms = platforms
        self.site = site
        self.scheduler = Scheduler(
            trees,
            platforms,
            site,
            statement_timeout=config.statement_timeout,
            adjustments=adjustments,
            shared_builds=shared_builds,
        )
        self.received: dict[str, Build | str] = {}
        self._compare = compare
        self._built: dict[str, BuiltTree] = {}

    def __getitem__(self, name: str) -> BuiltTree:
        """The built tree of that name; raises UnknownName if no such tree is configured."""
        if name not in self.trees:
            raise UnknownName(f"there is no tree {name!r}; the trees are {', '.join(self.trees)}")
        build, target = self.scheduler[name]
        if name not in self._built:
            built = BuiltTree(
                tree=self.trees[name],
                target=target,
                build=build,
                compare=partial(self._compare, name),
                template=Template(target),
            )
            self._built.setdefault(name, built)
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.trees)

    def build(self, name: str) -> Build:
        """The result of building a tree, in this process or in another one (:attr:`received`)."""
        match self.received.get(name):
            case None:
                return self[name].build
            case str(reason):
                raise ServerError(reason)
            case build:
                return build

    @property
    def external(self) -> ExternalSite | None:
        """The server of a fixture on which the trees are built; None on clusters of our own."""
        return self.site if isinstance(self.site, ExternalSite) else None

    @property
    def installation(self) -> Installation | None:
        """The PostgreSQL of our own clusters; None on the server of a fixture."""
        return self.site.installation if isinstance(self.site, OwnClusters) else None

    @property
    def major(self) -> int:
        """The server's major version; raises ServerError if the server is not known yet."""
        if self.site.version is None:
            raise ServerError("the version of the server is not known yet")
        return int(self.site.version.partition(".")[0])

    @property
    def started(self) -> bool:
        """Whether the builds were started, or another process of the run built the trees."""
        return self.scheduler.started or bool(self.received)

    def built(self) -> list[str]:
        """The names of the trees that this process has built, or received, by now."""
        outcomes = self.scheduler.outcomes()
        return [name for name, found in outcomes.items() if not isinstance(found, str)]

    def own_builds(self) -> dict[str, Build | str]:
        """The builds of this process, for other processes of the run."""
        return self.scheduler.outcomes() if self.scheduler.are_built_here else {}

    @contextmanager
    def copies(self, *names: str) -> Iterator[list[str]]:
        """The conninfos of fresh copies of these trees' databases, dropped at the end."""
        with clones(*map(self.__getitem__, names)) as made:
            yield [clone.conninfo for clone in made]

    def close(self, *, wait: bool = True, end: Ending = "stop") -> None:
        """Stop every server and remove its directory; safe to call twice, and while building.

        Without ``wait`` it returns at once: Python waits at exit until the servers have stopped.
        """
        self.scheduler.close(wait=wait, end=end)


def open_trees(
    config: Config,
    *,
    shown_from: Path,
    compare: Callable[[str], Comparison],
    bindir: Path | None = None,
    run: str | None = None,
    adjustments: Adjustments = UNADJUSTED,
) -> Trees:
    """Find the server, the platforms and every tree's files; nothing is built yet.

    File names are relative to the directory ``shown_from``.  Processes with the same ``run`` on one
    host share their clusters.  ``adjustments`` are the project's hooks.  Raises ServerNotFound,
    ConfigError or TreeError, before a server starts.
    """
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
    site: Site
    shared_builds = None
    if config.server is not None:
        for platform in platforms.values():
            require_no_platform(platform)
        site = ExternalSite(config.server)
    else:
        site = OwnClusters(find_installation(bindir=bindir, major=config.postgres))
        shared_builds = None if run is None else SharedBuilds(f"{run} {config.file}", site)
    return Trees(
        config,
        trees,
        platforms,
        site,
        compare=compare,
        adjustments=adjustments,
        shared_builds=shared_builds,
    )
