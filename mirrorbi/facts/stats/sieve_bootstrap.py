"""The AR sieve: what a series does by chance, given that it remembers.

Business series remember: a high month follows a high month. Tests that take the months as
independent see trends and breaks in such noise, in up to half of all series. Here the
null distribution is simulated from an autoregression of the series itself (sieve
bootstrap, Bühlmann, Bernoulli 3, 1997), with two corrections for short series. The
autocorrelation of residuals is far below that of the noise, so it is compared with what
simulated noise of known memory gives after the same treatment (as Andrews, Econometrica
61, 1993, does for the mean). And as a short series says little about its memory, the
replicates are spread over the confidence distribution of that memory, not made at its
middle alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from mirrorbi.facts.stats.autoregression import BURN, ar1_series, yule_walker
from mirrorbi.facts.stats.regressors import EXACT, LEVELS, Places, RegressionDesign
from mirrorbi.facts.stats.significance import six_digits, tail_probability
from mirrorbi.facts.sweep.panel import Floats

FIRST, REPLICATES = 100, 1000
"""Replicates drawn at first; and in all, where the first say that the finding may be rare."""

COMMON = 0.2
"""Probability from which the first replicates are enough (Besag and Clifford, 1991)."""

_TOGETHER = 20_000
_FURTHER_FROM = 36
_FURTHER = 6
_FEWEST = 8


class BootstrapResult(NamedTuple):
    """The outcome of one test.

    Parameters
    ----------
    p
        Probability of a shape that explains as much, in noise with this memory.
    best
        Which shape explains most (`RegressionDesign.sizes` gives its size per unit of score).
    score
        Its size.
    reach
        Half the width of the 95 % interval of the score, for this shape.
    memory
        Median-unbiased memory of the noise: that of a first-order autoregression.
    order
        Order of the autoregression.
    """

    p: float
    best: int
    score: float
    reach: float
    memory: float
    order: int


class Noise:
    """The noise of one series: what its shape leaves, with its memory.

    Parameters
    ----------
    design
        The design whose shape was taken out.
    residual
        What it left, (n,); 0 where there is no value.
    """

    def __init__(self, design: RegressionDesign, residual: Floats) -> None:
        self.present = design.mask[:, 0] > 0
        *nodes, self.memory = design.memories(residual).tolist()
        self.nodes = np.array(nodes)
        self._residual = np.where(self.present, residual, np.nan)
        self.further = self._further(self._residual[1:] - self.memory * self._residual[:-1])
        shocks = np.array([self._shocks(node) for node in self.nodes])
        shocks = shocks[:, np.isfinite(shocks[0])]
        self.shocks = shocks - shocks.mean(axis=1, keepdims=True)

    @property
    def count(self) -> int:
        """Number of shocks at each node."""
        return int(self.shocks.shape[1])

    @property
    def innovations(self) -> Floats:
        """What the memory does not explain, (n - 1,) from the second step; NaN in gaps."""
        return self._shocks(self.memory)

    @property
    def order(self) -> int:
        """Order of the autoregression."""
        return 1 + (0 if self.further is None else len(self.further))

    def resampled_shocks(self, picked: Places, extra: Floats | None) -> Floats:
        """Return shocks like those of the series, in turn at each node of memory.

        Parameters
        ----------
        picked
            (steps, count): which of the shocks is taken, at the node whose turn it is;
            from `resampling_positions`.
        extra
            The same shape: what is added, in standard deviations of the shocks.

        Returns
        -------
        array
            (steps, count); further memory is in it, that of one step is not.
        """
        shocks = self.shocks.ravel().take(picked)
        if extra is not None:
            shocks += self.shocks.std(axis=1)[node_of_replicate(picked.shape[1])] * extra
        if self.further is not None:
            for t in range(1, len(shocks)):
                for lag, weight in enumerate(self.further[:t], start=1):
                    shocks[t] += weight * shocks[t - lag]
        return np.asarray(shocks)

    def _further(self, shocks: Floats) -> Floats | None:
        """Fit what memory of one step leaves, by the corrected criterion of Akaike."""
        n = int(np.isfinite(shocks).sum())
        if n < _FURTHER_FROM:
            return None
        most = min(_FURTHER, n // 12)
        lines, variances = yule_walker(shocks, most)
        if variances.min() <= 0:
            return None
        k = np.arange(most + 1)
        criterion = n * np.log(variances) + 2 * (k + 2) * n / (n - k - 3)
        best = int(np.argmin(criterion))
        further = lines[best, :best] if best else None
        # Each gap takes as many shocks as there are lags.
        enough = np.isfinite(self._without(shocks, further)).sum() >= _FEWEST
        return further if enough else None

    def _shocks(self, memory: float) -> Floats:
        return self._without(self._residual[1:] - memory * self._residual[:-1], self.further)

    @staticmethod
    def _without(shocks: Floats, further: Floats | None) -> Floats:
        innovations = shocks.copy()
        for lag, weight in enumerate(() if further is None else further, start=1):
            innovations[lag:] -= weight * shocks[:-lag]
            innovations[:lag] = np.nan
        return innovations


def node_of_replicate(count: int) -> Places:
    """Return the node of memory of each of so many replicates."""
    return np.arange(count) % len(LEVELS)


def resampling_positions(chance: Floats, shocks: int) -> Places:
    """Turn uniform numbers (steps, count) into positions in the shocks of all nodes."""
    return np.asarray(
        (chance * shocks).astype(np.intp) + node_of_replicate(chance.shape[1]) * shocks
    )


def bootstrap_test(design: RegressionDesign, columns: Floats, seed: int) -> list[BootstrapResult]:
    """Test whether a shape explains series better than noise with their memory would.

    Parameters
    ----------
    design
        The regression design.
    columns
        (n, series), scaled to the order of 1; NaN where there is no value.
    seed
        Of the draws, which serve all series: the verdict on one does not depend on which
        others are judged with it.
    """
    observed_fit = design.fit(np.nan_to_num(columns))
    unexplained = (observed_fit.residual**2).sum(axis=0)
    residual = design.noise(observed_fit).copy()
    straight = (residual**2).sum(axis=0) <= EXACT * observed_fit.score**2
    if straight.any():
        own = np.random.default_rng(seed).standard_normal(len(columns)) * design.mask[:, 0]
        residual[:, straight] = own[:, None]
    noises = [Noise(design, column) for column in residual.T]

    def measure(replicates: Floats, indices: Places) -> Floats:
        fit = design.fit(replicates)
        return np.array([fit.statistic, fit.ratio(observed_fit.best[indices])])

    drawn = replicated(noises, observed_fit.statistic, measure, seed)
    return [
        BootstrapResult(
            p=tail_probability(float(observed_fit.statistic[i]), measured[0]),
            best=int(observed_fit.best[i]),
            score=float(observed_fit.score[i]),
            reach=six_digits(float(np.quantile(measured[1], 0.95))) * float(unexplained[i]) ** 0.5,
            memory=noises[i].memory,
            order=noises[i].order,
        )
        for i, measured in enumerate(drawn)
    ]


def replicated(
    noises: Sequence[Noise],
    observed: Floats,
    measure: Callable[[Floats, Places], Floats],
    seed: int,
    *,
    steps: int | None = None,
    smooth: float = 0.0,
) -> list[Floats]:
    """Measure replicates of each noise: first few, then more where the observed may be rare.

    Parameters
    ----------
    noises
        Of series with values at the same steps.
    observed
        The first measure of each series itself.
    measure
        Gives (measures, replicates) of replicates (n, replicates), told of which noise
        each of them is.
    seed
        Of the draws.
    steps
        Length of the replicates; by default that of the series.
    smooth
        Standard deviation of the normal noise that is added to the resampled shocks, as a
        part of theirs: a measure that looks at single shocks must not be limited to those
        that were seen.

    Returns
    -------
    list of array
        Per noise, (measures, replicates).
    """
    length = (steps or len(noises[0].present)) + BURN if noises else 0
    drawn: list[list[Floats]] = [[] for _ in noises]
    pending = list(range(len(noises)))
    for stage, count in enumerate((FIRST, REPLICATES - FIRST)):
        rng = np.random.default_rng((seed, stage))
        chance = rng.random((length, count))
        picked = lru_cache(maxsize=None)(partial(resampling_positions, chance))
        extra = smooth * rng.standard_normal((length, count)) if smooth else None
        size = max(1, _TOGETHER // count)
        for batch in (pending[i : i + size] for i in range(0, len(pending), size)):
            shocks = np.hstack(
                [noises[i].resampled_shocks(picked(noises[i].count), extra) for i in batch]
            )
            memory = np.hstack([noises[i].nodes[node_of_replicate(count)] for i in batch])
            measured = measure(ar1_series(shocks, memory), np.repeat(batch, count))
            for i, part in zip(batch, np.split(measured, len(batch), axis=1), strict=True):
                drawn[i].append(part)
        pending = [
            i for i in pending if 1 + (drawn[i][0][0] >= observed[i]).sum() < COMMON * (FIRST + 1)
        ]
    return [np.hstack(parts) for parts in drawn]
