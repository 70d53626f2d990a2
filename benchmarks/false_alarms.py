"""False alarms of the tested families on noise that remembers, and what they find beside it.

    python benchmarks/false_alarms.py [--replications 400] [--quick]

For each family, length and memory of the noise: how often p is at most 5 % and 1 % where
there is nothing to find, with the 95 % interval of the former (Wilson), and how often p is
at most 5 % where there is something: a rise or a step of 5, or a last value off by 5
standard deviations of the noise, or two series with four fifths of their variance in common.
Then the same for series with a season; and how often a whole sweep of 40 series of noise
makes any claim at all, which is what control of the false discovery rate is about.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from mirrorbi.facts.families.breaks import breaks_in
from mirrorbi.facts.families.correlation import correlation_of
from mirrorbi.facts.families.trends import trends_of
from mirrorbi.facts.families.unusual import unusual_in
from mirrorbi.facts.stats.proportions import wilson
from mirrorbi.facts.stats.significance import RARE, false_discovery, seed_of

LENGTHS = (12, 24, 60, 120)
MEMORIES = (0.0, 0.5, 0.7)
SIZE = 5.0
BATCH = 25


def noise(rng: np.random.Generator, n: int, memory: float, count: int) -> np.ndarray:
    """Return stationary autoregressive noise of variance 1, (count, n)."""
    shocks = rng.standard_normal((count, n + 200)) * np.sqrt(1 - memory**2)
    for t in range(1, n + 200):
        shocks[:, t] += memory * shocks[:, t - 1]
    return shocks[:, 200:]


def trend(series: list[np.ndarray], season: int, seed: int) -> list[float]:
    return [result.p for result in trends_of(series, season, seed) if result is not None]


def unusual(series: list[np.ndarray], season: int, seed: int) -> list[float]:
    return [result.p for result in unusual_in(series, season, seed) if result is not None]


def breaks(series: list[np.ndarray], season: int, seed: int) -> list[float]:
    return [result[0].p for result in breaks_in(series, season, seed) if result]


def correlation(series: list[np.ndarray], season: int, seed: int) -> list[float]:
    half = len(series) // 2
    results = [
        correlation_of(left, right, season, seed + i)
        for i, (left, right) in enumerate(zip(series[:half], series[half:], strict=True))
    ]
    return [left.p for left in results if left is not None]


FAMILIES: dict[str, Callable[[list[np.ndarray], int, int], list[float]]] = {
    "trend": trend,
    "unusual": unusual,
    "break": breaks,
    "correlation": correlation,
}
MINIMUM = {"trend": 12, "unusual": 11, "break": 15, "correlation": 16}


def signal(family: str, n: int) -> np.ndarray:
    steps = np.arange(n)
    shapes = {
        "trend": steps / (n - 1) * SIZE,
        "break": (steps >= n // 2) * SIZE,
        "unusual": (steps == n - 1) * SIZE,
    }
    return np.asarray(shapes.get(family, np.zeros(n)))


def probabilities(
    family: str,
    n: int,
    memory: float,
    count: int,
    *,
    season: int = 1,
    pattern: float = 0.0,
    with_signal: bool = False,
) -> np.ndarray:
    """Return the p of each replication, in batches with draws of their own."""
    rng = np.random.default_rng(seed_of(family, n, memory, season, pattern, with_signal))
    wave = pattern * np.cos(2 * np.pi * np.arange(n) / season) if season > 1 else np.zeros(n)
    out: list[float] = []
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start) * (2 if family == "correlation" else 1)
        series = noise(rng, n, memory, size)
        if with_signal and family == "correlation":
            common = noise(rng, n, memory, size // 2)
            series = (series + 2 * np.vstack([common, common])) / np.sqrt(5)
        elif with_signal:
            series = series + signal(family, n)
        out += FAMILIES[family](list(series + wave), season, start)
    return np.array(out)


def line(family: str, n: int, memory: float, count: int, season: int, pattern: float) -> str:
    start = time.process_time()
    p = probabilities(family, n, memory, count, season=season, pattern=pattern)
    spent = (time.process_time() - start) / count * 1000
    detected = probabilities(
        family, n, memory, max(50, count // 4), season=season, pattern=pattern, with_signal=True
    )
    low, high = wilson(float((p <= 0.05).sum()), len(p))
    return (
        f"{family:<12}{n:>4}{memory:>7.1f}   {(p <= 0.05).mean():>6.1%}  "
        f"{low:>5.1%} - {high:>5.1%}   {(p <= 0.01).mean():>6.1%}   "
        f"{(detected <= 0.05).mean():>6.0%}{spent:>9.1f}"
    )


def cases(quick: bool) -> Iterator[tuple[str, int, float]]:
    for family in FAMILIES:
        for n in LENGTHS[:2] if quick else LENGTHS:
            for memory in MEMORIES:
                yield family, max(n, MINIMUM[family]), memory


def claims(count: int) -> str:
    """Return how often a sweep of 40 noisy series and three families claims anything."""
    rng = np.random.default_rng(seed_of("claims"))
    wrong = 0
    for i in range(count):
        series = list(noise(rng, 24, 0.5, 40))
        p = [q for family in ("trend", "unusual", "break") for q in FAMILIES[family](series, 1, i)]
        wrong += min(false_discovery(p)) <= RARE
    low, high = wilson(wrong, count)
    return (
        f"Sweeps of 40 series of AR(0.5) noise, n = 24, three families, that claim anything at\n"
        f"q <= {RARE:.0%}: {wrong} of {count}, {wrong / count:.1%} ({low:.1%} - {high:.1%})."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=400)
    parser.add_argument("--quick", action="store_true", help="n = 12 and 24 only, no season")
    arguments = parser.parse_args()
    count = arguments.replications
    head = (
        f"{'family':<12}{'n':>4}{'memory':>7}   {'p<=5%':>6}  {'95% interval':>13}   {'p<=1%':>6}"
    )
    head += f"   {'found':>6}{'ms':>9}"
    print(f"{count} replications\n\n{head}")
    for family, n, memory in cases(arguments.quick):
        print(line(family, n, memory, count, 1, 0.0), flush=True)
    if arguments.quick:
        return
    for pattern, name in ((0.0, "that is looked for but not there"), (3.0, "of amplitude 3")):
        print(f"\nA season of 12 steps {name}\n\n{head}")
        for family in FAMILIES:
            for n in (36, 60):
                print(line(family, n, 0.5, count, 12, pattern), flush=True)
    print("\n" + claims(max(50, count // 2)))


if __name__ == "__main__":
    main()
