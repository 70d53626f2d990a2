"""Unusual values: the latest value of a series against what those before it lead to expect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mirrorbi.facts.changes import direction_of
from mirrorbi.facts.fact import Fact, Interval, Quantity, exact
from mirrorbi.facts.history import History, history, pattern
from mirrorbi.facts.panel import Floats
from mirrorbi.facts.scan import Scan, Scope, Series
from mirrorbi.facts.sieve import CAP, FIRST, REPLICATES, Noise, question
from mirrorbi.facts.tables import series_table
from mirrorbi.facts.testing import seed_of, tail_probability
from mirrorbi.facts.values import small

KINDS = ("unusual",)

ENOUGH = 10
"""Values before the latest from which it is judged."""

LEVEL = 0.95
"""Part of ordinary values that lie inside the band."""

_SMOOTH = 0.5
_COMMON = 0.2
_EFFICIENCY = 0.37
_LARGE = 6.0


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
    """

    value: float
    expected: float
    low: float
    high: float
    z: float
    p: float
    n: int
    season: int

    @property
    def method(self) -> str:
        """The computation, in words."""
        season = "median at the same point of the season + " if self.season > 1 else ""
        return (
            f"expected: {season}local level from {self.n} earlier periods; z: error over "
            "1.4826 MAD of earlier errors; band and p: autoregressive sieve bootstrap"
        )


class Forecast(NamedTuple):
    """What series led to expect for their last step.

    Parameters
    ----------
    expected
        One per series.
    spread
        Robust standard deviation of the errors of the same forecast at earlier steps.
    """

    expected: Floats
    spread: Floats


def unusual_of(values: Floats, season: int = 1, seed: int = 0) -> Unusual | None:
    """Judge the last value of a series by those before it, which alone make the forecast.

    The error of the forecast (see `forecast`) over the robust spread of its earlier errors
    is compared with the same figure in autoregressive replicates of the series, in which
    everything is estimated anew; so short series and memory are allowed for.

    Parameters
    ----------
    values
        One per step, oldest first, the judged one last; NaN where there is none.
    season
        Steps in a season that the series may have; 1 for none.
    seed
        Of the bootstrap.

    Returns
    -------
    Unusual or None
        ``None`` without a last value, with fewer than 10 values before it, or if those
        never differ.

    Examples
    --------
    >>> usual = [10.0, 11, 9, 10, 12, 10, 9, 11, 10, 10, 11, 9, 10, 11]
    >>> found = unusual_of(np.array([*usual, 30.0]))
    >>> found.p < 0.01, round(found.expected)
    (True, 10)
    """
    if len(values) <= ENOUGH or not np.isfinite(values[-1]):
        return None
    known = np.flatnonzero(np.isfinite(values[:-1]))
    past = history(values[: known[-1] + 1], season, least=ENOUGH) if len(known) else None
    if past is None:
        return None
    ahead = len(values) - 1 - int(known[-1])
    latest = float(values[-1]) / past.scale - past.centre / past.scale
    made = forecast(np.nan_to_num(past.values)[:, None], past.present, past.season, ahead)
    expected, spread = float(made.expected[0]), float(made.spread[0])
    if not np.isfinite(latest) or spread <= 0:
        return None
    z = (latest - expected) / spread
    ordinary = _replicates(past, ahead, abs(z), seed)
    far = float(np.quantile(ordinary, LEVEL)) * spread
    counted = _EFFICIENCY * past.n
    return Unusual(
        value=float(values[-1]),
        expected=past.centre + past.scale * expected,
        low=past.centre + past.scale * (expected - far),
        high=past.centre + past.scale * (expected + far),
        z=z,
        # On the scale of a log-likelihood ratio the tail is close to exponential.
        p=tail_probability(float(np.log1p(z * z / counted)), np.log1p(ordinary**2 / counted)),
        n=past.n,
        season=past.season,
    )


def forecast(series: Floats, present: tuple[bool, ...], season: int, ahead: int = 1) -> Forecast:
    """Forecast each series from its season, its level and how long it stays away from it.

    What is expected is the median at that point of the season, plus the middle level, plus
    the latest distance from that level as far as such distances last (by the lag-1
    autocorrelation, corrected for its bias after Marriott and Pope, 1954), plus the median
    of the earlier errors, which is the drift.

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
    seen = np.array(present, dtype=bool)
    n = int(seen.sum())
    line = question(present, season, "line")
    slope = line.fit(series).score * float(line.sizes[0]) if season > 1 else 0.0
    steps = np.arange(len(present), dtype=float)[:, None]
    seasonal = pattern(series - slope * steps, present, season)
    level = series - seasonal
    middle = np.median(level[seen], axis=0)
    away = (level - middle) * seen[:, None]
    total = np.maximum((away**2).sum(axis=0), np.finfo(float).tiny)
    raw = (away[1:] * away[:-1]).sum(axis=0) / total
    lasts = np.clip((n * raw + 1) / (n - 3), 0.0, CAP)
    errors = (away[1:] - lasts * away[:-1])[seen[1:] & seen[:-1]]
    drift = np.median(errors, axis=0)
    distance = np.abs(errors - drift)
    # Where most values are equal the MAD is 0, and says nothing about the others.
    spread = np.maximum(1.4826 * np.median(distance, axis=0), 0.6267 * distance.mean(axis=0))
    # The pattern goes on: the step that is forecast lies some seasons after one of its kind.
    kind = (len(present) - 1 + ahead) % season
    point = seasonal[kind] if season > 1 else 0.0
    return Forecast(middle + lasts**ahead * away[-1] + ahead * drift + point, spread)


def _replicates(past: History, ahead: int, z: float, seed: int) -> Floats:
    """Return the distances, in spreads, of the last step of replicates from its forecast."""
    rng = np.random.default_rng(seed)
    whole = (*past.present, *(False,) * (ahead - 1), True)
    asked = question(past.present, past.season, "line")
    residual = asked.fit(np.nan_to_num(past.values)[:, None]).residual[:, 0]
    noise = Noise(asked, residual, steps=len(whole))

    def draw(count: int) -> Floats:
        series = noise.draw(rng, count, smooth=_SMOOTH)
        before = series[: len(past.present)] * asked.mask
        made = forecast(before, past.present, past.season, ahead)
        return np.abs(series[-1] - made.expected) / np.maximum(made.spread, np.finfo(float).tiny)

    first = draw(FIRST)
    if (1 + (first >= z).sum()) / (FIRST + 1) >= _COMMON:
        return first
    return np.concatenate([first, draw(REPLICATES - FIRST)])


def find(scan: Scan) -> Iterator[Fact]:
    """Yield the tested latest value of every metric: of the whole and the largest members."""
    if scan.grain is None or not scan.periods or scan.period != scan.periods[-1]:
        return
    if not scan.complete[-1]:
        return
    for metric in scan.metrics:
        for scope in scan.scopes():
            series = scan.series(metric, scope)
            values = np.where(series.complete, series.values, np.nan)
            seed = seed_of("unusual", metric, scope, str(scan.period), scan.seed)
            found = unusual_of(values, scan.grain.per_year, seed)
            if found is not None:
                yield _fact(scan, metric, scope, series, found)


def _fact(scan: Scan, metric: str, scope: Scope, series: Series, found: Unusual) -> Fact:
    value, expected = exact(found.value), exact(found.expected)
    n = int(series.rows[-1])
    last = {
        name: np.append(np.full(len(series.periods) - 1, np.nan), number)
        for name, number in (
            ("expected", found.expected),
            ("low", found.low),
            ("high", found.high),
        )
    }
    delta = value - expected
    return scan.blank(
        "unusual",
        metric,
        scope=scope,
        quantities={
            "delta": scan.difference(metric, delta),
            "value": scan.quantity(metric, value),
            "expected": scan.quantity(metric, expected),
            "low": scan.quantity(metric, found.low),
            "high": scan.quantity(metric, found.high),
            "z": Quantity.of(found.z, "number", 1),
        },
        estimate="delta",
        direction=direction_of(delta),
        interval=Interval(exact(found.value - found.high), exact(found.value - found.low)),
        p=float(exact(found.p)),
        n=n,
        method=found.method,
        caveats=small(n),
        score=scan.impact(scope) * min(1.0, abs(found.z) / _LARGE),
        evidence=(series.query,),
        table=series_table(series, scan.unit(metric), last),
    )
