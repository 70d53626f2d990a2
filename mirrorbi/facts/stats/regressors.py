"""Shapes: what a line or a step explains of a series, beyond level and season."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np

from mirrorbi.facts.stats.autoregression import BURN, CAP, ar1_series, persistence
from mirrorbi.facts.stats.significance import seed_of
from mirrorbi.facts.sweep.panel import Floats

Places = np.ndarray[Any, np.dtype[np.intp]]

Shape = Literal["line", "step"]

EXACT = 1e-12
"""Part of a series below which what is left of it is rounding."""

LEVELS = (0.25, 0.5, 0.7, 0.85, 0.97)
"""Levels of the confidence distribution of the memory at which replicates are made. They
lean to long memory: with these, false alarms are at or under the nominal rate from 12
values for a line and 15 for a step, up to AR(0.7) (``benchmarks/false_alarms.py``)."""

TWO_STEPS = 24
"""Values from which a series may have two breaks."""

_GRID = np.array([-0.7, -0.45, -0.2, 0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.87, 0.93, 0.97])
_CALIBRATIONS = 300
_CONFOUNDED = 1e-6
_TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Fit:
    """How well each shape explains each series.

    Parameters
    ----------
    shapes
        Every shape, of unit length: (n, shapes).
    flat
        The series without level and season: (n, series).
    scores
        The size of every shape in every series, signed: (shapes, series).
    """

    shapes: Floats
    flat: Floats
    scores: Floats

    @cached_property
    def best(self) -> Places:
        """Which shape explains most, per series."""
        return np.asarray(np.argmax(np.abs(self.scores), axis=0))

    @cached_property
    def score(self) -> Floats:
        """The size of the best shape, per series."""
        return self.of(self.best)

    @cached_property
    def statistic(self) -> Floats:
        """Log-likelihood ratio per observation of the best shape against none: -log(1 - R²)."""
        return np.asarray(-np.log1p(-np.minimum(self.score**2 / self._total, 1 - EXACT)))

    @cached_property
    def residual(self) -> Floats:
        """What the best shape leaves: (n, series)."""
        return np.asarray(self.flat - self.score * self.shapes[:, self.best])

    @cached_property
    def _total(self) -> Floats:
        return np.asarray(np.maximum(np.einsum("ij,ij->j", self.flat, self.flat), _TINY))

    @cached_property
    def residual_of_two(self) -> Floats:
        """What the best shape and the best of what it leaves, fitted together, leave."""
        best, next_best = self.best, np.argmax(np.abs(self.shapes.T @ self.residual), axis=0)
        pair = self.shapes[:, best], self.shapes[:, next_best]
        common = np.einsum("ij,ij->j", *pair)
        sizes = self.of(best), self.of(next_best)
        own = np.maximum(1 - common**2, _CONFOUNDED)
        best_size = (sizes[0] - common * sizes[1]) / own
        next_size = (sizes[1] - common * sizes[0]) / own
        return np.asarray(self.flat - best_size * pair[0] - next_size * pair[1])

    def of(self, shape: Places) -> Floats:
        """Return the size of one shape per series."""
        return np.asarray(self.scores[shape, np.arange(self.scores.shape[1])])

    def ratio(self, shape: Places) -> Floats:
        """Return the size of one shape per series, without sign, over what it leaves."""
        score = self.of(shape)
        return np.asarray(np.abs(score) / np.sqrt(np.maximum(self._total - score**2, _TINY)))


@dataclass(frozen=True)
class RegressionDesign:
    """What the shapes of one family explain of series with values at given steps.

    Get one from `regression_design`, which caches them.

    Parameters
    ----------
    present
        Which steps have a value.
    season
        Steps in a season whose pattern is taken out; 1 for none.
    shape
        ``line``, or ``step``: one at every place with enough values on both sides.
    """

    present: tuple[bool, ...]
    season: int
    shape: Shape

    @cached_property
    def mask(self) -> Floats:
        """1 where there is a value, else 0, as a column."""
        return np.asarray(np.array(self.present, dtype=np.float64)[:, None])

    @cached_property
    def _base(self) -> Floats:
        n = len(self.present)
        if self.season > 1:
            dummies = (np.arange(n)[:, None] % self.season == np.arange(self.season)).astype(float)
        else:
            dummies = np.ones((n, 1))
        dummies *= self.mask
        norms = np.sqrt((dummies**2).sum(axis=0))
        return np.asarray(dummies[:, norms > 0] / norms[norms > 0])

    @cached_property
    def shapes(self) -> Floats:
        """Every shape, free of level and season and of unit length: (n, shapes)."""
        return np.asarray(self._free * self.sizes)

    @cached_property
    def sizes(self) -> Floats:
        """Slope per step, or height of the step, for a score of 1: one per shape.

        0 for a shape that level and season already make: nothing is ever explained by it.
        """
        length = np.sqrt((self._free**2).sum(axis=0))
        return np.where(length > _CONFOUNDED, 1 / np.maximum(length, _CONFOUNDED), 0.0)

    @cached_property
    def _free(self) -> Floats:
        raw = self._raw * self.mask
        return np.asarray(raw - self._base @ (self._base.T @ raw))

    @cached_property
    def places(self) -> Places:
        """For steps: the first position of the new level, one per shape."""
        counts = np.cumsum(self.mask[:, 0])
        side = max(3, int(counts[-1]) // 20)
        after = counts[-1] - counts + self.mask[:, 0]
        before = counts - self.mask[:, 0]
        fits = (before >= side) & (after >= side) & (self.mask[:, 0] > 0)
        return np.flatnonzero(fits)

    @cached_property
    def _raw(self) -> Floats:
        n = len(self.present)
        if self.shape == "line":
            return np.arange(n, dtype=float)[:, None] - (n - 1) / 2
        return np.asarray(np.arange(n)[:, None] >= self.places, dtype=float)

    def fit(self, series: Floats) -> Fit:
        """Fit every shape to every series.

        Parameters
        ----------
        series
            (n, series), time downwards; 0 where there is no value.
        """
        flat = series * self.mask
        flat -= self._base @ (self._base.T @ flat)
        if self.shape == "step":
            later = np.cumsum(flat[::-1], axis=0)[::-1]
            scores = later[self.places] * self.sizes[:, None]
        else:
            scores = self.shapes.T @ flat
        return Fit(self.shapes, flat, scores)

    def noise(self, fit: Fit) -> Floats:
        """Return what is taken for noise: what is left without the best shape.

        Without the two best steps where the series is long enough: a second break would
        otherwise pass for memory and hide the first.
        """
        twice = self.shape == "step" and sum(self.present) >= TWO_STEPS
        return fit.residual_of_two if twice else fit.residual

    @cached_property
    def calibration(self) -> Floats:
        """Sorted persistence of what is left of noise: (memories, simulations)."""
        rng = np.random.default_rng(seed_of("calibration", self.present, self.season, self.shape))
        shocks = rng.standard_normal((len(self.present) + BURN, _CALIBRATIONS))
        noise = ar1_series(np.tile(shocks, len(_GRID)), np.repeat(_GRID, _CALIBRATIONS))
        persistences = persistence(self.noise(self.fit(noise)))
        return np.sort(persistences.reshape(len(_GRID), _CALIBRATIONS), axis=1)

    def memories(self, residual: Floats) -> Floats:
        """Return the memory of the noise at `LEVELS` of confidence, and at 0.5 as last.

        Parameters
        ----------
        residual
            What the shape left of one series; 0 where there is no value.
        """
        observed = float(persistence(residual[:, None])[0])
        above = (self.calibration >= observed).mean(axis=1)
        level = np.maximum.accumulate(above) + 1e-9 * np.arange(len(_GRID))
        return np.asarray(np.clip(np.interp((*LEVELS, 0.5), level, _GRID), _GRID[0], CAP))


@lru_cache(maxsize=512)
def regression_design(present: tuple[bool, ...], season: int, shape: Shape) -> RegressionDesign:
    """Return the regression design for series with values at these steps.

    What it works out once serves every series of a sweep with the same steps.
    """
    return RegressionDesign(present, season, shape)
