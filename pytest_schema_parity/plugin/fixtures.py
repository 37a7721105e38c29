"""The values of the fixtures: built trees for a session, and copies of them for one test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_schema_parity.errors import UnknownName
from pytest_schema_parity.plugin.session import close_session, kept_trees, open_session

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from pytest_schema_parity.behavior.statements.runner import Runner
    from pytest_schema_parity.building import BuiltTree, Clone
    from pytest_schema_parity.checks.parity import Parity
    from pytest_schema_parity.config import RehearsalConfig
    from pytest_schema_parity.rehearsal.rehearse import Rehearsal


class SchemaParity(Mapping[str, "BuiltTree"]):
    """The configured trees, by name: each is built when it is first used."""

    def __init__(self, parity: Parity, stack: ExitStack) -> None:
        self._parity = parity
        self._stack = stack
        self._runners: dict[str, Runner] = {}

    def __getitem__(self, name: str) -> BuiltTree:
        """The built tree; raises KeyError if none of that name is configured."""
        return self._parity.trees[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parity.trees)

    def __len__(self) -> int:
        return len(self._parity.trees.trees)

    def __contains__(self, name: object) -> bool:
        return name in self._parity.trees.trees

    def __repr__(self) -> str:
        return f"<schema_parity: {', '.join(self)}>"

    @property
    def reference(self) -> str:
        """The name of the tree that the others must match."""
        return self._parity.config.reference

    @property
    def candidates(self) -> tuple[str, ...]:
        """The names of the trees that must match the reference."""
        return self._parity.candidates

    @contextmanager
    def rehearse(
        self,
        name: str = "rehearsal",
        *,
        source: str | None = None,
        steps: str | Path | None = None,
        seed: str | Path | Sequence[str | Path] | None = None,
    ) -> Iterator[Rehearsal]:
        """Carry out an upgrade on copies of what is deployed, on a server of its own.

        ``name`` is that of a configured rehearsal (``rehearsal``, ``rehearsal-NAME``); with a
        ``source`` (a tree) and ``steps`` (a directory) it is another one, with a ``seed`` (a file
        or several), all relative to the configuration file; without one, rows are generated.
        Each step is carried out once; see
        :class:`~pytest_schema_parity.rehearsal.rehearse.Rehearsal` for what can be done then.
        Raises SchemaParityError if the seed or a step fails, and KeyError for an unknown name.
        """
        begun = self._parity.begin(self._rehearsal(name, source, steps, seed))
        try:
            with begun.ready() as rehearsal:
                yield rehearsal
        finally:
            begun.close()

    def _rehearsal(
        self,
        name: str,
        source: str | None,
        steps: str | Path | None,
        seed: str | Path | Sequence[str | Path] | None,
    ) -> RehearsalConfig:
        config = self._parity.config
        known = {rehearsal.name: rehearsal for rehearsal in config.rehearsals}
        if source is None and steps is None:
            if name not in known:
                names = ", ".join(known) or "none"
                raise UnknownName(f"there is no rehearsal {name!r}; configured are: {names}")
            return known[name]
        from pytest_schema_parity.config import RehearsalConfig

        if source is None or steps is None:
            raise TypeError("rehearse() needs both a source and steps, or the name of a rehearsal")
        if source not in config.trees:
            raise UnknownName(
                f"there is no tree {source!r}; the trees are {', '.join(config.trees)}"
            )
        given = [seed] if isinstance(seed, str | Path) else seed
        files = None if given is None else tuple(config.root / file for file in given)
        return RehearsalConfig(
            name=name, source=source, steps=config.root / steps, target=source, seed=files
        )

    def same_outcome(
        self, *statements: str, seed: str | Path = "", tree: str | None = None
    ) -> None:
        """Assert that statements, one after the other, do the same on a tree as on the reference.

        They run on copies, which are dropped; queries are compared by their rows, in any order.
        ``seed`` is SQL, or the path of a file of SQL, that runs before.  Without a ``tree`` it is
        about all candidates.
        """
        __tracebackhide__ = True
        self._compare(statements, seed=seed, tree=tree)

    def same_rows(self, query: str, *, seed: str | Path = "", tree: str | None = None) -> None:
        """Assert that a query returns the same rows on a tree as on the reference, in any order."""
        __tracebackhide__ = True
        self._compare((query,), seed=seed, tree=tree)

    def replay(self, counterexample: Mapping[str, Any]) -> None:
        """Assert that a counterexample, an entry of ``behavior`` in a JSON report, has gone.

        Its statements run on tables that are emptied first.
        """
        __tracebackhide__ = True
        if missing := {"statements", "tree"} - counterexample.keys():
            raise ValueError(
                f"the counterexample lacks {' and '.join(sorted(missing))}: pass an entry of the"
                " list `behavior` in a JSON report"
            )
        statements, tree = counterexample["statements"], counterexample["tree"]
        self._compare(statements, tree=tree, emptied=True)

    def rows(self, table: str, *, tree: str | None = None) -> SearchStrategy[tuple[str, ...]]:
        """A Hypothesis strategy: the statements that insert a row into a table of both trees.

        Each is a tuple, the rows that the row refers to first, for a test that draws from it with
        ``data.draw(…)``.  Needs Hypothesis.  ``tree`` is a candidate, the first by default.
        """
        from pytest_schema_parity.behavior.statements.open_runner import open_runner
        from pytest_schema_parity.behavior.statements.strategy import rows_of
        from pytest_schema_parity.behavior.statements.unsolved_conditions import HYPOTHESIS

        if find_spec("hypothesis") is None:
            raise pytest.UsageError(f"schema_parity.rows needs Hypothesis: {HYPOTHESIS}")
        name = self._candidates_to_compare(tree)[0]
        if name not in self._runners:
            names = self.reference, name
            conninfos = self._stack.enter_context(self._parity.trees.copies(*names))
            one, other = zip(names, conninfos, strict=True)
            self._runners[name] = self._stack.enter_context(open_runner(one, other))
        return rows_of(self._runners[name], table)

    def _candidates_to_compare(self, tree: str | None) -> tuple[str, ...]:
        """The trees to compare with the reference: ``tree``, or all candidates if it is None.

        Raises UnknownName for an unknown tree, and ValueError for the reference itself, or if there
        is no candidate.
        """
        __tracebackhide__ = True
        if tree is None and not self.candidates:
            raise ValueError(
                f"there is no candidate to compare with {self.reference}: pass tree=…; "
                f"configured trees: {', '.join(self)}"
            )
        if tree is not None and tree not in self:
            raise UnknownName(f"there is no tree {tree!r}; the trees are {', '.join(self)}")
        if tree == self.reference:
            raise ValueError(f"{tree} is the reference, which would be compared with itself")
        return self.candidates if tree is None else (tree,)

    def _compare(
        self,
        statements: Sequence[str],
        *,
        seed: str | Path = "",
        tree: str | None = None,
        emptied: bool = False,
    ) -> None:
        """Raise AssertionError if statements have another outcome on a candidate.

        Raises ValueError if nothing is compared: without a candidate or a statement, or if neither
        database can run a statement.
        """
        __tracebackhide__ = True
        from pytest_schema_parity.behavior.same_outcome import run_on_both

        if not any(map(str.strip, statements)):
            raise ValueError("no statement is given: pass at least one")
        first = _read_seed(seed)
        for candidate in self._candidates_to_compare(tree):
            names = self.reference, candidate
            with self._parity.trees.copies(*names) as conninfos:
                one, other = zip(names, conninfos, strict=True)
                differing = run_on_both(one, other, statements, seed=first, emptied=emptied)
            if differing:
                raise AssertionError("\n".join(differing))


def _read_seed(seed: str | Path) -> str:
    """The SQL, or the text of the file of that path; FileNotFoundError for a missing ``.sql``."""
    if isinstance(seed, str):
        try:
            if not seed or not Path(seed).is_file():
                if seed.endswith(".sql") and not re.search(r"[\n;]", seed):
                    raise FileNotFoundError(f"there is no file {seed}, relative to {Path.cwd()}")
                return seed
        except FileNotFoundError:
            raise
        except (OSError, ValueError):  # too long for a path, or not one at all
            return seed
    return Path(seed).read_text(encoding="utf-8")


class Databases:
    """A test's own copies of the built trees' databases, made when they are first asked for."""

    def __init__(self, trees: Mapping[str, BuiltTree], stack: ExitStack) -> None:
        self._trees = trees
        self._stack = stack
        self._clones: dict[str, Clone] = {}

    def __getitem__(self, name: str) -> Clone:
        if name not in self._clones:
            self._clones[name] = self._stack.enter_context(self._trees[name].clone())
        return self._clones[name]


def provide_trees(request: pytest.FixtureRequest) -> Iterator[SchemaParity]:
    """The session's trees; on a fixture's server only as long as that is there."""
    parity = open_session(request.config)
    external = parity.trees.external
    if external is None:
        with ExitStack() as stack:
            yield SchemaParity(parity, stack)
        return
    external.take(request.getfixturevalue(external.fixture))
    try:
        with ExitStack() as stack:
            yield SchemaParity(parity, stack)
    finally:
        kept_trees(request.config)
        close_session(request.config, wait=True)
