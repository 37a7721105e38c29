"""What the benchmarks share: rounds in turn, medians, and a table of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def medians(subjects: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median seconds of each subject; the subjects take turns, A B A B."""
    times: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, run in subjects.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in times.items()}


def show(times: Mapping[str, float], against: str) -> None:
    """Print seconds, and how they relate to one of them."""
    width = max(map(len, times))
    for name, seconds in times.items():
        print(f"{name:<{width}}  {seconds:7.3f} s  {seconds / times[against]:5.2f}")


def verdict(what: str, ratio: float, target: float) -> bool:
    """Print whether a ratio keeps to its target."""
    kept = ratio <= target
    print(f"{'kept  ' if kept else 'MISSED'}  {what}: {ratio:.2f} (at most {target})")
    return kept
