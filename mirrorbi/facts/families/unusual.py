"""Unusual values: the latest value of a series against what those before it lead to expect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mirrorbi.facts.fact import Fact, Interval, Quantity, exact
from mirrorbi.facts.families.changes import direction_of
from mirrorbi.facts.stats.regressors import Places, regression_design
from mirrorbi.facts.stats.sieve_bootstrap import Noise, replicated
from mirrorbi.facts.stats.significance import RARE, seed_of, six_digits, tail_probability
from mirrorbi.facts.sweep.caveats import small_sample_caveat
from mirrorbi.facts.sweep.history import History, grouped_by_steps, history, middle, pattern
from mirrorbi.facts.sweep.panel import Floats
from mirrorbi.facts.sweep.sweep_context import Series, SweepContext
from mirrorbi.facts.tables import series_table

ENOUGH = 10
"""Values before the latest from which it is judged."""

LEVEL = 0.95
"""Part of ordinary values that lie inside the band."""

_SMOOTH = 0.5
_LOCAL = 12
_EFFICIENCY = 0.37
_LARGE = 6.0
_ROUNDING = 1e-10
_TINY = float(np.finfo(np.float64).tiny)


class Unusual(NamedTuple):
    """The latest value and what was expected.

    Parameters
    ----------
    value, expected
        What came, and what was expected from the values before it.
    low, high
        Where 95 % of ordinary values would lie.
    z
        Distance from the expected, in robust standard deviations of earlier errors.
    p
        Probability of one as far, in noise with the series' memory.
    n
        Values before the latest.
    season
        Steps in the season that was taken into account; 1 for none.
    counted
        Whether the values are too few distinct ones for anything but a count of earlier
        errors as large.
    """

    value: float
    expected: float
    low: float
    high: float
    z: float
    p: float
    n: int
    season: int
    counted: bool

    @property
    def method(self) -> str:
        """The computation, in words."""
        season = "median at the same point of the season + " if self.season > 1 else ""
        return (
            f"expected: {season}local level from {self.n} earlier periods; z: error over "
            "1.4826 MAD of earlier errors; band and p: autoregressive sieve bootstrap"
            + "; p at least the part of earlier errors as large"
            * self.counted
        )


class Prediction(NamedTuple):
    """What series led to expect for their last step.

    Parameters
    ----------
    expected
        One per series.
    spread
        Robust standard deviation of the errors of the same forecast at earlier steps.
    distance
        Those errors, without their median and sign: (steps, series).
    """

    expected: Floats
    spread: Floats
    distance: Floats

    def of(self, i: int) -> Prediction:
        """Return the forecast of one of the series."""
        return Prediction(self.expected[[i]], self.spread[[i]], self.distance[:, [i]])


def unusual_in(series: Sequence[Floats], season: int = 1, seed: int = 0) -> list[Unusual | None]:
    """Judge the last value of each series by those before it, which alone make the forecast.

    The error of the forecast (see `predict`) over the robust spread of its earlier errors
    is compared with the same figure in autoregressive replicates of the series, in which
    everything is estimated anew; so short series and memory are allowed for.

    Parameters
    ----------
    series
        For each its values, one per step, oldest first, the judged one last; NaN where there
        is none.
    season
        Steps in a season that they may have; 1 for none.
    seed
        Of the bootstrap.

    Returns
    -------
    list of Unusual or None
        ``None`` for a series without a last value, with fewer than 10 values before it, or if those
        never differ.

    Examples
    --------
    >>> usual = [10.0, 11, 9, 10, 12, 10, 9, 11, 10, 10, 11, 9, 10, 11]
    >>> [outcome] = unusual_in([np.array([*usual, 30.0])])
    >>> round(outcome.p, 3), round(outcome.expected)
    (0.071, 10)
    """
    before = [_before(values, season) for values in series]
    out: list[Unusual | None] = [None] * len(series)
    for places, pasts in grouped_by_steps(before):
        by_distance: dict[int, list[int]] = {}
        for j, i in enumerate(places):
            ahead = len(series[i]) - pasts[j].first - len(pasts[j].values)
            by_distance.setdefault(ahead, []).append(j)
        for ahead, group in by_distance.items():
            chosen = [pasts[j] for j in group]
            values = [float(series[places[j]][-1]) for j in group]
            for j, outcome in zip(group, _judged(chosen, values, ahead, seed), strict=True):
                out[places[j]] = outcome
    return out


def _before(values: Floats, season: int) -> History | None:
    if len(values) <= ENOUGH or not np.isfinite(values[-1]):
        return None
    observed = np.flatnonzero(np.isfinite(values[:-1]))
    return history(values[: observed[-1] + 1], season, least=ENOUGH) if len(observed) else None


def _judged(
    pasts: Sequence[History], values: Sequence[float], ahead: int, seed: int
) -> list[Unusual | None]:
    present, season = pasts[0].present, pasts[0].season
    columns = np.nan_to_num(np.column_stack([past.values for past in pasts]))
    prediction = predict(columns, present, season, ahead)
    spread = np.maximum(prediction.spread, _TINY)
    latest = [
        value / past.scale - past.centre / past.scale
        for value, past in zip(values, pasts, strict=True)
    ]
    z = (np.array(latest) - prediction.expected) / spread
    design = regression_design(present, season, "line")
    noises = [Noise(design, residual) for residual in design.fit(columns).residual.T]

    def measure(replicates: Floats, indices: Places) -> Floats:
        past = replicates[: len(present)] * design.mask
        again = predict(past, present, season, ahead)
        error = np.abs(replicates[-1] - again.expected)
        return np.asarray(error / np.maximum(again.spread, _TINY))[None]

    steps = len(present) + ahead
    drawn = replicated(noises, np.abs(z), measure, seed, steps=steps, smooth=_SMOOTH)
    return [
        _unusual(past, value, prediction.of(i), float(z[i]), drawn[i][0])
        if prediction.spread[i] > _ROUNDING and np.isfinite(z[i])
        else None
        for i, (past, value) in enumerate(zip(pasts, values, strict=True))
    ]


def _unusual(
    past: History, value: float, prediction: Prediction, z: float, ordinary: Floats
) -> Unusual:
    expected, spread = float(prediction.expected[0]), float(prediction.spread[0])
    far = six_digits(float(np.quantile(ordinary, LEVEL))) * spread
    counted = _EFFICIENCY * past.n
    # On the scale of a log-likelihood ratio the tail is close to exponential.
    p = tail_probability(float(np.log1p(z * z / counted)), np.log1p(ordinary**2 / counted))
    if past.lumpy:
        # Few distinct values have no spread that errors could be measured by: counted.
        reached = prediction.distance[:, 0] >= abs(z) * spread * (1 - _ROUNDING)
        p = max(p, six_digits((1 + int(reached.sum())) / (1 + len(reached))))
    return Unusual(
        value=value,
        expected=past.centre + past.scale * expected,
        low=past.centre + past.scale * (expected - far),
        high=past.centre + past.scale * (expected + far),
        z=z,
        p=p,
        n=past.n,
        season=past.season,
        counted=past.lumpy,
    )


def predict(series: Floats, present: tuple[bool, ...], season: int, ahead: int = 1) -> Prediction:
    """Forecast each series from its season, its level and how long it stays away from it.

    What is expected is the median at that point of the season, plus the median level of
    the latest 12 values, plus the latest distance from it as far as such distances last
    (by the lag-1 autocorrelation, corrected for its bias after Marriott and Pope, 1954),
    plus the median of the earlier errors, which is the drift.

    Parameters
    ----------
    series
        (n, series), time downwards, the last step with a value; 0 where there is none.
    present
        Which of the steps have a value.
    season
        Steps in a season; 1 for none.
    ahead
        Steps from the last to the one that is forecast.
    """
    mask = np.array(present, dtype=bool)
    n = int(mask.sum())
    line = regression_design(present, season, "line")
    slope = line.fit(series).score * float(line.sizes[0]) if season > 1 else 0.0
    steps = np.arange(len(present), dtype=float)[:, None]
    seasonal = pattern(series - slope * steps, present, season)
    level = series - seasonal
    centre = middle(level[mask])
    away = (level - centre) * mask[:, None]
    total = np.maximum((away**2).sum(axis=0), _TINY)
    raw = (away[1:] * away[:-1]).sum(axis=0) / total
    lasts = np.clip((n * raw + 1) / (n - 3), 0.0, 1.0)
    errors = (away[1:] - lasts * away[:-1])[mask[1:] & mask[:-1]]
    drift = middle(errors)
    distance = np.abs(errors - drift)
    # Where most values are equal the MAD is 0, and says nothing about the others.
    spread = np.maximum(1.4826 * middle(distance), 0.6267 * distance.mean(axis=0))
    # The pattern goes on: the step that is forecast lies some seasons after one of its kind.
    kind = (len(present) - 1 + ahead) % season
    point = seasonal[kind] if season > 1 else 0.0
    local = middle(level[mask][-_LOCAL:])
    stays = lasts**ahead * (level[-1] - local)
    return Prediction(local + stays + ahead * drift + point, spread, distance)


def find(context: SweepContext) -> Iterator[Fact]:
    """Yield the tested latest value of every metric: of the whole and the largest members."""
    if context.grain is None or not context.periods or context.period != context.periods[-1]:
        return
    if not context.complete[-1]:
        return
    series = [
        context.series(metric, scope) for metric in context.metrics for scope in context.scopes()
    ]
    values = [np.where(subject.complete, subject.values, np.nan) for subject in series]
    outcomes = unusual_in(values, context.grain.per_year, seed_of("unusual", context.seed))
    for subject, outcome in zip(series, outcomes, strict=True):
        if outcome is not None:
            yield _fact(context, subject, outcome)


def _fact(context: SweepContext, series: Series, outcome: Unusual) -> Fact:
    metric, scope = series.metric, series.scope
    value = exact(outcome.value)
    expected, low, high = _possible(series, context.unit(metric), outcome)
    delta = value - exact(expected)
    n = int(series.rows[-1])
    band = {"expected": expected, "low": low, "high": high}
    before = np.full(len(series.periods) - 1, np.nan)
    columns = {name: np.append(before, number) for name, number in band.items()}
    return context.blank(
        "unusual",
        metric,
        scope=scope,
        quantities={
            "delta": context.difference(metric, delta),
            "value": context.quantity(metric, value),
            **{name: context.quantity(metric, number) for name, number in band.items()},
            "z": Quantity.of(outcome.z, "number", 1),
        },
        estimate="delta",
        direction=direction_of(delta),
        interval=Interval(exact(outcome.value - high), exact(outcome.value - low)),
        p=float(exact(outcome.p)),
        n=n,
        method=outcome.method,
        caveats=small_sample_caveat(n),
        score=context.impact(scope) * min(1.0, abs(outcome.z) / _LARGE),
        evidence=(series.query,),
        # No q is less than its p: what will not be reported is not drawn.
        table=None if outcome.p > RARE else series_table(series, context.unit(metric), columns),
    )


def _possible(series: Series, unit: str, outcome: Unusual) -> tuple[float, float, float]:
    """Return expectation and band without what cannot be: less than nothing, more than all."""
    observed = series.values[np.isfinite(series.values)]
    least = 0.0 if unit in ("percent", "count") and observed.min() >= 0 else -np.inf
    most = 1.0 if unit == "percent" and observed.max() <= 1 else np.inf
    expected, low, high = np.clip(
        [outcome.expected, outcome.low, outcome.high], least, most
    ).tolist()
    return expected, low, high
