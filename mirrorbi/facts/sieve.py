"""The AR sieve: what a series does by chance, given that it remembers.

Business series remember: a high month follows a high month. Tests that take the months as
independent see trends and breaks in such noise, in up to half of all series. Here the
null distribution is simulated from an autoregression of the series itself (sieve
bootstrap, Bühlmann, Bernoulli 3, 1997), with two corrections for short series. The lag-1
autocorrelation of residuals is far below that of the noise, so it is compared with what
simulated noise of known memory gives after the same treatment (as Andrews, Econometrica
61, 1993, does for the mean). And as a short series says little about its memory, the
replicates are spread over the confidence distribution of that memory, not made at its
middle alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

import numpy as np

from mirrorbi.facts.panel import Floats
from mirrorbi.facts.testing import seed_of, tail_probability

Shape = Literal["none", "line", "step"]

FIRST, REPLICATES = 200, 1000
"""Replicates drawn at first; and in all, where the first say that the finding may be rare."""

_COMMON = 0.2
"""Probability from which the first replicates are enough (Besag and Clifford, 1991)."""

CAP = 0.95
"""The longest memory that is considered: beyond, any series is noise."""

LEVELS = (0.15, 0.4, 0.6, 0.8, 0.95)
"""Levels of the confidence distribution of the memory at which replicates are made. They
lean to long memory: at these, false alarms stay at the nominal rate from n = 12."""

_GRID = np.array([-0.7, -0.45, -0.2, 0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.87, 0.93, 0.97])
_CALIBRATIONS = 300
_BURN = 12
_FURTHER_FROM = 36
_FURTHER = 6
_EXACT = 1e-12


class Fit(NamedTuple):
    """How well the best shape explains each series.

    Parameters
    ----------
    statistic
        Log-likelihood ratio per observation against no shape: -log(1 - R²).
    best
        Which shape.
    score
        Its size: the projection on the unit shape, signed.
    residual
        What the best shape leaves, (n, series).
    """

    statistic: Floats
    best: np.ndarray[tuple[int, ...], np.dtype[np.intp]]
    score: Floats
    residual: Floats


class Verdict(NamedTuple):
    """The outcome of one test.

    Parameters
    ----------
    p
        Probability of a shape that explains as much, in noise with this memory.
    best
        Which shape explains most (`Question.sizes` gives its size per unit of score).
    score
        Its size.
    reach
        Half the width of the 95 % interval of the score, for this shape.
    memory
        Median-unbiased lag-1 autocorrelation of the noise.
    order
        Order of the autoregression.
    """

    p: float
    best: int
    score: float
    reach: float
    memory: float
    order: int


@dataclass(frozen=True)
class Question:
    """Does a shape explain the series, beyond level and season?

    Get one from `question`, which keeps them.

    Parameters
    ----------
    present
        Which steps have a value.
    season
        Steps in a season whose pattern is taken out; 1 for none.
    shape
        ``line``, ``step`` (every place with enough values on both sides), or ``none``.
    """

    present: tuple[bool, ...]
    season: int
    shape: Shape

    @cached_property
    def mask(self) -> Floats:
        """1 where there is a value, else 0, as a column."""
        return np.array(self.present, dtype=float)[:, None]

    @cached_property
    def _base(self) -> Floats:
        n = len(self.present)
        if self.season > 1:
            dummies = (np.arange(n)[:, None] % self.season == np.arange(self.season)).astype(float)
        else:
            dummies = np.ones((n, 1))
        dummies *= self.mask
        norms = np.sqrt((dummies**2).sum(axis=0))
        return dummies[:, norms > 0] / norms[norms > 0]

    @cached_property
    def shapes(self) -> Floats:
        """Every shape, free of level and season and of unit length: (n, shapes)."""
        raw = self._raw * self.mask
        free = raw - self._base @ (self._base.T @ raw)
        length = np.sqrt((free**2).sum(axis=0))
        return free / np.maximum(length, _EXACT)

    @cached_property
    def sizes(self) -> Floats:
        """Slope per step, or height of the step, for a score of 1: one per shape."""
        raw = self._raw * self.mask
        free = raw - self._base @ (self._base.T @ raw)
        return 1 / np.maximum(np.sqrt((free**2).sum(axis=0)), _EXACT)

    @cached_property
    def places(self) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
        """For steps: the first position of the new level, one per shape."""
        seen = np.cumsum(self.mask[:, 0])
        side = max(3, int(seen[-1]) // 20)
        after = seen[-1] - seen + self.mask[:, 0]
        before = seen - self.mask[:, 0]
        fits = (before >= side) & (after >= side) & (self.mask[:, 0] > 0)
        return np.flatnonzero(fits)

    @cached_property
    def _raw(self) -> Floats:
        n = len(self.present)
        if self.shape == "line":
            return np.arange(n, dtype=float)[:, None] - (n - 1) / 2
        if self.shape == "step":
            return (np.arange(n)[:, None] >= self.places).astype(float)
        return np.zeros((n, 0))

    def fit(self, series: Floats) -> Fit:
        """Fit every shape to every series.

        Parameters
        ----------
        series
            (n, series), time downwards; 0 where there is no value.
        """
        flat = series * self.mask
        flat = flat - self._base @ (self._base.T @ flat)
        total = np.maximum((flat**2).sum(axis=0), np.finfo(float).tiny)
        columns = np.arange(flat.shape[1])
        if self.shape == "none":
            zero = np.zeros(len(columns))
            return Fit(zero, zero.astype(np.intp), zero, flat)
        scores = self.scores(flat)
        best = np.argmax(np.abs(scores), axis=0)
        score = scores[best, columns]
        explained = np.minimum(score**2 / total, 1 - _EXACT)
        return Fit(-np.log1p(-explained), best, score, flat - score * self.shapes[:, best])

    def statistic(self, values: Floats) -> float:
        """Return the statistic of one series, (n,); NaN where there is no value."""
        return float(self.fit(np.nan_to_num(values)[:, None]).statistic[0])

    def scores(self, flat: Floats) -> Floats:
        """Return the projections of level-free series on every shape: (shapes, series)."""
        if self.shape == "step":
            later = np.cumsum(flat[::-1], axis=0)[::-1]
            found: Floats = later[self.places] * self.sizes[:, None]
            return found
        return np.asarray(self.shapes.T @ flat)

    def ratios(self, fit: Fit, shape: int) -> Floats:
        """Return the size of one shape over what it leaves, of every series of a fit."""
        unit = self.shapes[:, shape]
        score = unit @ fit.residual + fit.score * (unit @ self.shapes[:, fit.best])
        total = (fit.residual**2).sum(axis=0) + fit.score**2
        found: Floats = np.abs(score) / np.sqrt(np.maximum(total - score**2, np.finfo(float).tiny))
        return found

    @cached_property
    def calibration(self) -> Floats:
        """Sorted lag-1 autocorrelations of what is left of noise: (memories, simulations)."""
        rng = np.random.default_rng(seed_of("calibration", self.present, self.season, self.shape))
        shocks = rng.standard_normal((len(self.present) + _BURN, _CALIBRATIONS))
        noise = remember(np.tile(shocks, len(_GRID)), np.repeat(_GRID, _CALIBRATIONS))
        left = lag_one(self.fit(noise).residual)
        return np.sort(left.reshape(len(_GRID), _CALIBRATIONS), axis=1)

    def memories(self, residual: Floats) -> Floats:
        """Return the memory of the noise at `LEVELS` of confidence, and at 0.5 as last.

        Parameters
        ----------
        residual
            What the shape left of one series; 0 where there is no value.
        """
        r = float(lag_one(residual[:, None])[0])
        above = (self.calibration >= r).mean(axis=1)
        level = np.maximum.accumulate(above) + 1e-9 * np.arange(len(_GRID))
        return np.clip(np.interp((*LEVELS, 0.5), level, _GRID), _GRID[0], CAP)


@lru_cache(maxsize=512)
def question(present: tuple[bool, ...], season: int, shape: Shape) -> Question:
    """Return the question for series with values at these steps.

    What it works out once serves every series of a sweep with the same steps.
    """
    return Question(present, season, shape)


def lag_one(residual: Floats) -> Floats:
    """Return the lag-1 autocorrelation of each column, about 0."""
    total = np.maximum((residual**2).sum(axis=0), np.finfo(float).tiny)
    found: Floats = (residual[1:] * residual[:-1]).sum(axis=0) / total
    return found


def yule_walker(values: Floats, order: int) -> tuple[Floats, Floats]:
    """Fit autoregressions of every order up to one (Levinson and Durbin's recursion).

    Parameters
    ----------
    values
        About 0; NaN where there is none. Autocovariances are over the pairs there are,
        divided by the number of values, so that every fit is stationary without gaps.
    order
        The highest; less than half the number of values.

    Returns
    -------
    coefficients, variances
        (order + 1, order), line k for order k, zero-padded; and the variance of the
        shocks by order, (order + 1,).
    """
    seen = np.isfinite(values)
    filled = np.where(seen, values, 0.0)
    covariance = np.array(
        [(filled[lag:] * filled[: len(filled) - lag]).sum() for lag in range(order + 1)]
    ) / max(int(seen.sum()), 1)
    lines = np.zeros((order + 1, order))
    variances = np.zeros(order + 1)
    variances[0] = covariance[0]
    for k in range(1, order + 1):
        if variances[k - 1] <= 0:
            return lines, variances
        past = lines[k - 1, : k - 1]
        partial = (covariance[k] - past @ covariance[k - 1 : 0 : -1]) / variances[k - 1]
        # Gaps can make covariances that no series has.
        partial = float(np.clip(partial, -CAP, CAP))
        lines[k, : k - 1] = past - partial * past[::-1]
        lines[k, k - 1] = partial
        variances[k] = variances[k - 1] * (1 - partial**2)
    return lines, variances


def remember(shocks: Floats, memory: Floats, further: Floats | None = None) -> Floats:
    """Turn shocks into autoregressive series.

    Parameters
    ----------
    shocks
        (burn-in + n, series), time downwards. Written over.
    memory
        First-order coefficient of each series.
    further
        Coefficients of a further autoregression, the same for all: the shocks go through
        it first.

    Returns
    -------
    array
        (n, series).
    """
    if further is not None:
        for t in range(1, len(shocks)):
            for lag, weight in enumerate(further[:t], start=1):
                shocks[t] += weight * shocks[t - lag]
    shocks[0] /= np.sqrt(1 - memory**2)
    for t in range(1, len(shocks)):
        shocks[t] += memory * shocks[t - 1]
    return shocks[_BURN:]


class Noise:
    """The noise of one series: what its shape leaves, with its memory.

    Parameters
    ----------
    asked
        The question whose shape was taken out.
    residual
        What it left, (n,); 0 where there is no value.
    steps
        Length of the replicates; by default that of the series.
    """

    def __init__(self, asked: Question, residual: Floats, steps: int | None = None) -> None:
        self.present = asked.mask[:, 0] > 0
        self.steps = steps or len(residual)
        *nodes, self.memory = asked.memories(residual).tolist()
        self.nodes = np.array(nodes)
        left = np.where(self.present, residual, np.nan)
        self.further = self._further(left[1:] - self.memory * left[:-1])
        self._left = left
        self.shocks = np.array([_centred(self._shocks(node)) for node in self.nodes])

    @property
    def innovations(self) -> Floats:
        """What the memory does not explain, (n - 1,) from the second step; NaN in gaps."""
        return self._shocks(self.memory)

    @property
    def order(self) -> int:
        """Order of the autoregression."""
        return 1 + (0 if self.further is None else len(self.further))

    def draw(self, rng: np.random.Generator, count: int, smooth: float = 0.0) -> Floats:
        """Return replicates of the noise, in turn at each node of memory.

        Parameters
        ----------
        rng
            Source of chance.
        count
            Number of replicates.
        smooth
            Standard deviation of the normal noise that is added to the resampled shocks,
            as a part of theirs: what looks at a single shock must not be limited to those
            that were seen.

        Returns
        -------
        array
            (steps, count), time downwards.
        """
        node = np.arange(count) % len(self.nodes)
        size = (self.steps + _BURN, count)
        shocks = self.shocks[node, rng.integers(self.shocks.shape[1], size=size)]
        if smooth:
            shocks += smooth * self.shocks.std(axis=1)[node] * rng.standard_normal(size)
        return remember(shocks, self.nodes[node], self.further)

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
        return lines[best, :best] if best else None

    def _shocks(self, memory: float) -> Floats:
        shocks = self._left[1:] - memory * self._left[:-1]
        if self.further is not None:
            whole = shocks.copy()
            for lag, weight in enumerate(self.further, start=1):
                whole[lag:] -= weight * shocks[:-lag]
                whole[:lag] = np.nan
            shocks = whole
        found: Floats = shocks
        return found


def _centred(shocks: Floats) -> Floats:
    known = shocks[np.isfinite(shocks)]
    centred: Floats = known - known.mean()
    return centred


def judge(asked: Question, values: Floats, seed: int) -> Verdict:
    """Test whether a shape explains a series better than noise with its memory would.

    Parameters
    ----------
    asked
        The question, with a shape.
    values
        (n,), scaled to the order of 1; NaN where there is no value.
    seed
        From the identity of the test.
    """
    found = asked.fit(np.nan_to_num(values)[:, None])
    statistic, best = float(found.statistic[0]), int(found.best[0])
    rng = np.random.default_rng(seed)
    residual = found.residual[:, 0]
    left = float(residual @ residual)
    if left <= _EXACT * float(found.score[0]) ** 2:
        residual = rng.standard_normal(len(values)) * asked.mask[:, 0]
    noise = Noise(asked, residual)
    replicates = asked.fit(noise.draw(rng, FIRST))
    statistics, ratios = replicates.statistic, asked.ratios(replicates, best)
    if (1 + (statistics >= statistic).sum()) / (FIRST + 1) < _COMMON:
        replicates = asked.fit(noise.draw(rng, REPLICATES - FIRST))
        statistics = np.concatenate([statistics, replicates.statistic])
        ratios = np.concatenate([ratios, asked.ratios(replicates, best)])
    return Verdict(
        p=tail_probability(statistic, statistics),
        best=best,
        score=float(found.score[0]),
        reach=float(np.quantile(ratios, 0.95)) * left**0.5,
        memory=noise.memory,
        order=noise.order,
    )
