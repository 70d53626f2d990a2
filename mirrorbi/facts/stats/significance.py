"""Testing: false discovery over a sweep, seeds from identity, probabilities of rare replicates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np

from mirrorbi.errors import FactError
from mirrorbi.facts.sweep.panel import Floats

RARE = 0.1
"""False discovery rate beyond which a tested pattern is not reported."""

LEAST = 1e-9
"""The least probability that a simulated test reports."""

_COUNTED = 20
"""Replicates beyond the observation from which they are counted, not extrapolated."""

_TAIL = 0.1
"""Part of the replicates from which the tail is extrapolated."""


def false_discovery(p: Sequence[float]) -> list[float]:
    """Return the false discovery rate at which each test of a family is rejected.

    The step-up procedure of Benjamini and Hochberg (1995), for tests that are independent
    or positively dependent. It is the default of `scipy.stats.false_discovery_control`,
    whose import alone would take a quarter of the time that a report may.

    Parameters
    ----------
    p
        Probabilities of all tests that were run, whatever came of them.

    Returns
    -------
    list of float
        One q per p, in the same order; never less than its p.

    Raises
    ------
    FactError
        If one of them is not a probability.

    Examples
    --------
    >>> false_discovery([0.01, 0.04, 0.03, 0.5])
    [0.04, 0.05333333333333334, 0.05333333333333334, 0.5]
    """
    values = np.asarray(p, dtype=float)
    if not ((values >= 0) & (values <= 1)).all():
        wrong = values[~((values >= 0) & (values <= 1))][0]
        raise FactError(
            f"{wrong} is not a probability.", hint="Leave out tests that cannot be computed."
        )
    order = np.argsort(values, kind="stable")
    scaled = values[order] * len(values) / np.arange(1, len(values) + 1)
    q = np.empty(len(values))
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return [float(value) for value in q]


def seed_of(*identity: object) -> int:
    """Return a seed that depends on nothing but what is tested.

    Parameters
    ----------
    identity
        Plain values that name the test: kind, metric, scope, seed of the sweep.

    Examples
    --------
    >>> seed_of("trend", "sales", 0) == seed_of("trend", "sales", 0) != seed_of("trend", "x", 0)
    True
    """
    text = json.dumps(identity, ensure_ascii=False, default=str)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def tail_probability(observed: float, replicates: Floats) -> float:
    """Return the probability of a statistic at least as large, given replicates under the null.

    Counted, the observation included, where at least 20 replicates reach it. Further out,
    where counting would give the same to all, the tail is continued by an exponential
    fitted to the excesses of the largest tenth (the generalised Pareto approximation of
    Knijnenburg et al., Bioinformatics 25, 2009, with shape 0, which is that of
    log-likelihood ratios), on the safe side by one standard error.

    Parameters
    ----------
    observed
        The statistic of the data, on the scale of a log-likelihood ratio.
    replicates
        The same of data simulated under the null; at least 100.

    Examples
    --------
    >>> ratios = -np.log(np.linspace(0.0005, 0.9995, 1000))
    >>> round(tail_probability(-np.log(0.2), ratios), 2)
    0.2
    >>> 0.00005 < tail_probability(-np.log(0.0001), ratios) < 0.0002
    True
    """
    total = len(replicates)
    reached = int((replicates >= observed).sum())
    counted = (reached + 1) / (total + 1)
    if reached >= _COUNTED:
        return six_digits(counted)
    tail_size = max(_COUNTED, int(total * _TAIL))
    tail = np.sort(replicates)[-tail_size - 1 :]
    # One standard error is added, so that luck in the draws does not make rare findings rarer.
    excess = float((tail[1:] - tail[0]).mean()) * (1 + tail_size**-0.5)
    if excess <= 0 or observed <= tail[0]:
        return six_digits(counted)
    beyond = tail_size / total * float(np.exp(-(observed - tail[0]) / excess))
    return six_digits(max(LEAST, min(counted, max(beyond, reached / total))))


def six_digits(value: float) -> float:
    """Return a simulated figure with six digits.

    More would depend on the order in which the machine adds, and say nothing.
    """
    return float(f"{value:.6g}")
