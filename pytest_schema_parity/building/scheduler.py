"""Schedule the builds of all trees, in parallel, and stop their servers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import replace
from functools import partial
from operator import methodcaller
from threading import Lock
from typing import Final, Literal, TypeAlias

from pytest_schema_parity.building.adjustments import Adjustments
from pytest_schema_parity.building.build import Build, Plan, build
from pytest_schema_parity.building.sharing import BuilderEnded, Notice, SharedBuilds, error_text
from pytest_schema_parity.building.stage import Stage, open_stage
from pytest_schema_parity.building.targets import Site, Target
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.tree import Tree
from pytest_schema_parity.platforms import Platform
from pytest_schema_parity.postgres.host import Host
from pytest_schema_parity.postgres.processors import processors
from pytest_schema_parity.showing import clean

Ending: TypeAlias = Literal["stop", "leave", "keep"]
"""At the end of a run servers stop, stop unless another process uses them, or keep running."""

RUN_ENDED: Final = "the run ended while its servers were starting"


class Scheduler:
    """Builds all trees when one is first needed; :meth:`close` stops the clusters.

    With ``shared_builds`` one process of the run builds, and the others use its servers.
    """

    def __init__(
        self,
        trees: Mapping[str, Tree],
        platforms: Mapping[str, Platform],
        site: Site,
        *,
        statement_timeout: float | None = None,
        adjustments: Adjustments,
        shared_builds: SharedBuilds | None = None,
    ) -> None:
        self._progress = dict.fromkeys(trees, "starting a server")
        self._plans = {
            name: Plan(
                tree=tree,
                platform=platforms[name],
                statement_timeout=statement_timeout,
                adjustments=adjustments,
                ended=lambda: self._closed,
                progress=partial(self._progress.__setitem__, name),
            )
            for name, tree in trees.items()
        }
        self._site = site
        self._shared_builds = shared_builds
        self._builds: dict[str, Future[tuple[Build, Target]]] = {}
        self._hosts: list[Host] = []
        self._closed = self._is_leaving = False
        self._received: dict[int, Notice] = {}
        self._lock = Lock()
        self.are_built_here = True
        """Whether this process built the trees."""

    def __getitem__(self, name: str) -> tuple[Build, Target]:
        self.start()
        return self._builds[name].result()

    @property
    def started(self) -> bool:
        """Whether the builds were started."""
        return bool(self._builds)

    @property
    def going_on(self) -> bool:
        """Whether a tree is being built."""
        return not all(future.done() for future in self._builds.values())

    def start(self) -> None:
        """Begin to build all trees, in parallel; a second call does nothing."""
        with self._lock:
            if self._builds or self._closed:
                return
            shared = self._shared_builds
            self.are_built_here = shared is None or shared.become_builder()
            # More servers that start at once than there are processors only slow each other down.
            at_once = min(len(self._plans), processors())
            pool = ThreadPoolExecutor(at_once, thread_name_prefix="schema-parity")
            for number, (name, plan) in enumerate(self._plans.items()):
                if shared is None:
                    self._builds[name] = pool.submit(self._build, plan)
                else:
                    build_or_receive = self._build_for_all if self.are_built_here else self._receive
                    self._builds[name] = pool.submit(build_or_receive, plan, shared, number)
            pool.shutdown(wait=False)

    def wait(self, seconds: float) -> dict[str, str]:
        """Wait for all trees, for so many seconds at most; return the current step of the others.

        Those are the trees that are not built yet, by name.
        """
        wait_for(self._builds.values(), timeout=seconds)
        return {
            name: self._progress[name] for name, build in self._builds.items() if not build.done()
        }

    def outcomes(self) -> dict[str, Build | str]:
        """The builds that have ended, by tree; for a tree that could not be built, the reason."""
        return {
            name: future.result()[0] if (error := future.exception()) is None else error_text(error)
            for name, future in self._builds.items()
            if future.done()
        }

    def open_empty(self, tree: str, name: str) -> Target:
        """A further target with a tree's platform, but without the tree; stopped with the others.

        ``name`` is shown in the titles of its processes.  Raises ServerError.
        """
        return self._open(self._plans[tree].platform, name)

    def open_stage(self, tree: str, name: str, *, durable: bool = False) -> Stage:
        """Build a tree once more, in a further target; a ``durable`` one survives a server crash.

        Raises ServerError.
        """
        plan = replace(self._plans[tree], progress=lambda _: None)
        return open_stage(plan, self._site, self._open(plan.platform, name, durable=durable))

    def close(self, *, wait: bool = True, end: Ending = "stop") -> None:
        """Stop every server and remove its directory; safe to call twice, and while building.

        Without ``wait`` it returns at once: threads, which Python waits for at exit, stop the
        servers, and errors are written to stderr.
        """
        with self._lock:
            self._closed, self._is_leaving = True, end == "leave"
            hosts, self._hosts = self._hosts, []
        if not hosts and self._shared_builds is None:
            return
        # All threads start here: once Python exits, no thread can start another.
        pool = ThreadPoolExecutor(len(hosts) + 1, thread_name_prefix="schema-parity-stop")
        # Withdraw the notices before stopping the servers that they point to.
        withdrawing = pool.submit(self._withdraw)
        endings = [pool.submit(_end_after, withdrawing, end, host) for host in hosts]
        pool.shutdown(wait=False)
        for ending in (withdrawing, *endings):
            if wait:
                ending.result()
            else:
                ending.add_done_callback(_report_failure)

    def _withdraw(self) -> None:
        """Withdraw the notices for the other processes of the run."""
        if self._shared_builds is not None:
            self._shared_builds.withdraw()

    def _open(self, platform: Platform, name: str, *, durable: bool = False) -> Target:
        """Start a server; raises ServerError, also if the run has ended already."""
        if self._closed:
            raise ServerError(RUN_ENDED)
        return self._register_host(self._site.open(name, platform, durable=durable))

    def _build(self, plan: Plan) -> tuple[Build, Target]:
        target = self._open(plan.platform, plan.tree.name)
        return build(plan, self._site, target), target

    def _build_for_all(self, plan: Plan, shared: SharedBuilds, number: int) -> tuple[Build, Target]:
        """Build a tree, and publish it to the other processes of the run."""
        try:
            target = self._open(plan.platform, plan.tree.name)
            made = build(plan, self._site, target)
            target = target.shareable()
        except BaseException as error:
            if not self._is_leaving:  # else another process of the run builds the tree
                shared.publish(number, error_text(error))
            raise
        shared.publish(number, Notice.of(made, target))
        return made, target

    def _receive(self, plan: Plan, shared: SharedBuilds, number: int) -> tuple[Build, Target]:
        """Use the tree that another process builds; build it here if that process has ended."""
        while True:
            try:
                made, target = shared.receive(number, plan.platform, ended=plan.ended)
            except BuilderEnded:
                if self._becomes_builder(shared):
                    return self._build_for_all(plan, shared, number)
                continue
            with self._lock:
                self._received[number] = Notice.of(made, target)
                if shared.is_builder:
                    shared.publish(number, self._received[number])
            return made, self._register_host(target)

    def _becomes_builder(self, shared: SharedBuilds) -> bool:
        """Become the builder, if no other process is, and publish what was received before."""
        with self._lock:
            if self._closed or shared.is_builder or not shared.become_builder():
                return shared.is_builder
            self.are_built_here = True
            for number, notice in self._received.items():
                shared.publish(number, notice)
            return True

    def _register_host(self, target: Target) -> Target:
        """Record a host, so that it is stopped at the end; stop it now if the run has ended.

        Returns the target.  Raises ServerError if the run has ended.
        """
        with self._lock:
            self._hosts.append(target.host)
            closed = self._closed
        if closed:
            target.host.stop()
            raise ServerError(RUN_ENDED)
        return target


def _end_after(withdrawn: Future[None], end: Ending, host: Host) -> None:
    """Stop a host once the notices were withdrawn."""
    wait_for([withdrawn])
    methodcaller(end)(host)


def _report_failure(ending: Future[None]) -> None:
    """Write one line to stderr if a server could not be stopped."""
    if (error := ending.exception()) is not None:
        reason = clean(error_text(error))
        sys.stderr.write(
            f"pytest-schema-parity: a server or its directory could not be removed: {reason}\n"
        )
