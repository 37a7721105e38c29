"""Schedules the builds of all trees, side by side, and stops their servers."""

from __future__ import annotations

import os
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
from pytest_schema_parity.building.sharing import Abandoned, Notice, Rendezvous, in_words
from pytest_schema_parity.building.stage import Stage, open_stage
from pytest_schema_parity.building.targets import Site, Target
from pytest_schema_parity.errors import ServerError
from pytest_schema_parity.migrations.tree import Tree
from pytest_schema_parity.platforms import Platform
from pytest_schema_parity.postgres.host import Host
from pytest_schema_parity.showing import clean

Ending: TypeAlias = Literal["stop", "leave", "keep"]
"""What becomes of servers: they end; or if no other process of the run uses them; or they stay."""

ENDED: Final = "the run ended while its servers were starting"


class Scheduler:
    """Scheduler every tree when the first is asked for; :meth:`close` ends the clusters.

    With a ``rendezvous`` it is one process of the run that builds, and the others take over.
    """

    def __init__(
        self,
        trees: Mapping[str, Tree],
        platforms: Mapping[str, Platform],
        site: Site,
        *,
        statement_timeout: float | None = None,
        adjustments: Adjustments,
        rendezvous: Rendezvous | None = None,
    ) -> None:
        self._stages = dict.fromkeys(trees, "starting a server")
        self._plans = {
            name: Plan(
                tree=tree,
                platform=platforms[name],
                statement_timeout=statement_timeout,
                adjustments=adjustments,
                ended=lambda: self._closed,
                tell=partial(self._stages.__setitem__, name),
            )
            for name, tree in trees.items()
        }
        self._site = site
        self._rendezvous = rendezvous
        self._builds: dict[str, Future[tuple[Build, Target]]] = {}
        self._hosts: list[Host] = []
        self._closed = self._left = False
        self._taken: dict[int, Notice] = {}
        self._lock = Lock()
        self.are_own = True
        """Whether it is this process that built them."""

    def __getitem__(self, name: str) -> tuple[Build, Target]:
        self.start()
        return self._builds[name].result()

    @property
    def started(self) -> bool:
        """Whether any tree was asked for."""
        return bool(self._builds)

    @property
    def going_on(self) -> bool:
        """Whether a tree is being built just now."""
        return not all(future.done() for future in self._builds.values())

    def start(self) -> None:
        """Begin to build every tree, side by side; once."""
        with self._lock:
            if self._builds or self._closed:
                return
            meeting = self._rendezvous
            self.are_own = meeting is None or meeting.claim()
            # More servers that start at once than there are processors only slow each other down.
            at_once = min(len(self._plans), processors())
            pool = ThreadPoolExecutor(at_once, thread_name_prefix="schema-parity")
            for number, (name, plan) in enumerate(self._plans.items()):
                if meeting is None:
                    self._builds[name] = pool.submit(self._build, plan)
                else:
                    work = self._build_for_all if self.are_own else self._take_over
                    self._builds[name] = pool.submit(work, plan, meeting, number)
            pool.shutdown(wait=False)

    def wait(self, seconds: float) -> dict[str, str]:
        """Wait so long, or until all is built; what is still being done with which tree."""
        wait_for(self._builds.values(), timeout=seconds)
        return {
            name: self._stages[name] for name, build in self._builds.items() if not build.done()
        }

    def outcomes(self) -> dict[str, Build | str]:
        """What each tree came to that was built by now; of one that was not, the reason."""
        return {
            name: future.result()[0] if (error := future.exception()) is None else in_words(error)
            for name, future in self._builds.items()
            if future.done()
        }

    def open_empty(self, tree: str, name: str) -> Target:
        """A further target, for a tree's platform, that ends with the others; without the tree.

        ``name`` shows in the titles of its processes.  Raises ServerError.
        """
        return self._open(self._plans[tree].platform, name)

    def open_stage(self, tree: str, name: str, *, durable: bool = False) -> Stage:
        """Build a tree once more, at a further target; ``durable`` against a crash of its server.

        Raises ServerError.
        """
        plan = replace(self._plans[tree], tell=lambda _: None)
        return open_stage(plan, self._site, self._open(plan.platform, name, durable=durable))

    def close(self, *, wait: bool = True, end: Ending = "stop") -> None:
        """End every server and remove what it left; safe to call twice, and while building.

        Without ``wait`` it only begins to: Python's exit waits for the rest, and what fails is told
        on stderr.
        """
        with self._lock:
            self._closed, self._left = True, end == "leave"
            hosts, self._hosts = self._hosts, []
        if not hosts and self._rendezvous is None:
            return
        # Handed out here and now: while Python exits, no thread can begin another.
        pool = ThreadPoolExecutor(len(hosts) + 1, thread_name_prefix="schema-parity-stop")
        # The meeting goes first: what its notices tell of is there as long as they are.
        leaving = pool.submit(self._leave)
        endings = [pool.submit(_end_after, leaving, end, host) for host in hosts]
        pool.shutdown(wait=False)
        for ending in (leaving, *endings):
            if wait:
                ending.result()
            else:
                ending.add_done_callback(_report_failure)

    def _leave(self) -> None:
        """Leave the other processes of the run."""
        if self._rendezvous is not None:
            self._rendezvous.leave()

    def _open(self, platform: Platform, name: str, *, durable: bool = False) -> Target:
        """Start a server; raises ServerError, also where the run has ended already."""
        if self._closed:
            raise ServerError(ENDED)
        return self._own(self._site.open(name, platform, durable=durable))

    def _build(self, plan: Plan) -> tuple[Build, Target]:
        target = self._open(plan.platform, plan.tree.name)
        return build(plan, self._site, target), target

    def _build_for_all(self, plan: Plan, meeting: Rendezvous, number: int) -> tuple[Build, Target]:
        """Build a tree, and tell the other processes of the run."""
        try:
            target = self._open(plan.platform, plan.tree.name)
            made = build(plan, self._site, target)
            target = target.shareable()
        except BaseException as error:
            if not self._left:  # else those who go on without this process build the tree
                meeting.leave_notice(number, in_words(error))
            raise
        meeting.leave_notice(number, Notice.of(made, target))
        return made, target

    def _take_over(self, plan: Plan, meeting: Rendezvous, number: int) -> tuple[Build, Target]:
        """Take over what another process of the run builds; build it if that process has left."""
        while True:
            try:
                made, target = meeting.take_over(number, plan.platform, ended=plan.ended)
            except Abandoned:
                if self._succeeds(meeting):
                    return self._build_for_all(plan, meeting, number)
                continue
            with self._lock:
                self._taken[number] = Notice.of(made, target)
                if meeting.is_builder:
                    meeting.leave_notice(number, self._taken[number])
            return made, self._own(target)

    def _succeeds(self, meeting: Rendezvous) -> bool:
        """Whether this process is the builder from now on; what it has taken over it hands on."""
        with self._lock:
            if self._closed or meeting.is_builder or not meeting.claim():
                return meeting.is_builder
            self.are_own = True
            for number, notice in self._taken.items():
                meeting.leave_notice(number, notice)
            return True

    def _own(self, target: Target) -> Target:
        """Note a host as one to be stopped; stop it now if the end came first."""
        with self._lock:
            self._hosts.append(target.host)
            closed = self._closed
        if closed:
            target.host.stop()
            raise ServerError(ENDED)
        return target


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _end_after(leaving: Future[None], end: Ending, host: Host) -> None:
    wait_for([leaving])
    methodcaller(end)(host)


def _report_failure(ending: Future[None]) -> None:
    """Say in a line what kept a server from ending: nobody else asks any more."""
    if (error := ending.exception()) is not None:
        line = f"pytest-schema-parity: not everything was ended: {clean(in_words(error))}\n"
        sys.stderr.write(line)
