"""Correlation: two metrics whose ups and downs go together, beyond trend, season and memory."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np

from mirrorbi.data.model import DerivedMetric, Metric, RatioMetric, SimpleMetric
from mirrorbi.data.periods import Period
from mirrorbi.facts.fact import Direction, Fact, Quantity, Table, exact
from mirrorbi.facts.history import history
from mirrorbi.facts.panel import Floats
from mirrorbi.facts.scan import Scan
from mirrorbi.facts.shapes import EXACT, question
from mirrorbi.facts.sieve import COMMON, FIRST, REPLICATES, Noise
from mirrorbi.facts.tables import cell
from mirrorbi.facts.testing import seed_of, tail_probability
from mirrorbi.facts.values import small

KINDS = ("correlation",)

ENOUGH = 16
"""Values of both from which they are compared."""

LAGS = 3
"""Steps that one may follow the other, either way."""

_SAME = 0.999


class Correlation(NamedTuple):
    """How two series move together.

    Parameters
    ----------
    rho
        Spearman's rank correlation of what trend, season and memory leave, at the lag.
    lag
        Steps by which the second follows the first; negative where it leads.
    p
        Probability of a correlation as strong at any of the lags, if there were none.
    n
        Pairs of values at the lag.
    first
        Position of the first step looked at.
    """

    rho: float
    lag: int
    p: float
    n: int
    first: int

    @property
    def method(self) -> str:
        """The computation, in words."""
        return (
            f"Spearman, both detrended, without season and prewhitened (autoregression); "
            f"strongest of lags -{LAGS} to {LAGS}; p: permutations, the search included"
        )


def correlation_of(
    one: Floats, other: Floats, season: int = 1, seed: int = 0
) -> Correlation | None:
    """Correlate two series at the lag where they move together most.

    Both are freed from trend, season and memory first: two trends, or two series that
    remember, correlate by chance (Granger and Newbold, 1974; Haugh, 1976). The
    probability is that of the strongest of all lags looked at, among permutations.

    Parameters
    ----------
    one, other
        One value per step, oldest first, of the same steps; NaN where there is none.
    season
        Steps in a season that the series may have; 1 for none.
    seed
        Of the permutations.

    Returns
    -------
    Correlation or None
        ``None`` with fewer than 16 values of either, without a last value of both, if
        either never differs, or if one is the other but for unit and origin.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> one = rng.normal(size=40)
    >>> other = np.r_[0, one[:-1]] + 0.3 * rng.normal(size=40)
    >>> found = correlation_of(one, other)
    >>> found.lag, found.rho > 0.8, found.p < 0.01
    (1, True, True)
    """
    both = np.isfinite(one) & np.isfinite(other)
    pair = np.array([np.where(both, one, np.nan), np.where(both, other, np.nan)])
    found = whitened(pair[0], season), whitened(pair[1], season)
    if found[0] is None or found[1] is None:
        return None
    first = max(found[0][0], found[1][0])
    left, right = found[0][1][first:], found[1][1][first:]
    present = np.isfinite(left) & np.isfinite(right)
    if present.sum() < ENOUGH - 1 or abs(spearman(left[present], right[present])) > _SAME:
        return None
    lags = range(-LAGS, LAGS + 1)
    counts = np.array([_at(present, present, lag)[0].sum() for lag in lags])
    if counts.min() < ENOUGH // 2:
        return None
    x, y = _scores(left, present), _scores(right, present)
    table = np.array([np.roll(x, lag) * _inside(len(x), lag) for lag in lags])
    weight = np.sqrt(present.sum() / counts)[:, None]
    seen = weight[:, 0] * (table @ y)
    lag = lags[int(np.argmax(np.abs(seen)))]
    p = _permuted(table, weight, y, present, float(np.abs(seen).max()), seed)
    here = _at(left, right, lag)
    known = np.isfinite(here[0]) & np.isfinite(here[1])
    rho = spearman(here[0][known], here[1][known])
    return Correlation(rho, lag, p, int(known.sum()), first)


def whitened(values: Floats, season: int = 1) -> tuple[int, Floats] | None:
    """Return what trend, season and memory leave of a series, and where it begins.

    Parameters
    ----------
    values
        One per step, oldest first; NaN where there is none.
    season
        Steps in a season that the series may have; 1 for none.

    Returns
    -------
    (int, array) or None
        Position of the first step with a shock; and the shocks, one per step, NaN where
        there is none. ``None`` where there are too few values or they never differ.
    """
    found = history(values, season, least=ENOUGH)
    if found is None:
        return None
    asked = question(found.present, found.season, "line")
    fit = asked.fit(np.nan_to_num(found.tamed)[:, None])
    residual = fit.residual[:, 0]
    # Nothing but rounding is left of a straight line.
    if residual @ residual <= EXACT * float(fit.score[0]) ** 2:
        return None
    shocks = Noise(asked, residual).innovations
    out = np.full(len(values), np.nan)
    out[found.first + 1 :] = shocks
    return int(np.flatnonzero(np.isfinite(out))[0]), out


def spearman(one: Floats, other: Floats) -> float:
    """Return Spearman's rank correlation; equal values share their mean rank.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2, 3, 4]), np.array([1.0, 4, 9, 8])), 6)
    0.8
    """
    x, y = ranks(one), ranks(other)
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size else 0.0


def ranks(values: Floats) -> Floats:
    """Return ranks from 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean: Floats = (last - (counts - 1) / 2)[inverse]
    return mean


def related(metrics: Callable[[str], Metric], one: str, other: str) -> bool:
    """Return whether two metrics go together by construction.

    One is a part of the other, both share a part that one of them counts as numerator, or
    one counts a part of the rows of the other.

    Parameters
    ----------
    metrics
        Gives the metric of a name.
    one, other
        Names of two metrics.
    """
    parts = _parts(metrics, one), _parts(metrics, other)
    if one in parts[1] or other in parts[0]:
        return True
    tops = _tops(metrics, one) & _tops(metrics, other)
    if tops:
        return True
    pair = [metrics(name) for name in (one, other)]
    simple = [metric for metric in pair if isinstance(metric, SimpleMetric)]
    if len(simple) < 2:
        return False
    a, b = simple
    return (a.agg, a.column) == (b.agg, b.column) or (
        {a.agg.value, b.agg.value} == {"count"} and None in (a.filter, b.filter)
    )


def find(scan: Scan) -> Iterator[Fact]:
    """Yield the tested correlation of every two metrics of the whole."""
    if scan.grain is None or scan.complete.sum() < ENOUGH:
        return
    for one, other in combinations(scan.metrics, 2):
        if related(scan.dataset.metric, one, other):
            continue
        first, second = scan.series(one), scan.series(other)
        pair = [np.where(s.complete, s.values, np.nan) for s in (first, second)]
        seed = seed_of("correlation", one, other, str(scan.period), scan.seed)
        found = correlation_of(pair[0], pair[1], scan.grain.per_year, seed)
        if found is not None:
            yield _fact(scan, one, other, found)


def _parts(metrics: Callable[[str], Metric], name: str) -> set[str]:
    metric = metrics(name)
    inner: set[str] = set()
    if isinstance(metric, RatioMetric):
        inner = {metric.numerator, metric.denominator}
    elif isinstance(metric, DerivedMetric):
        tree = ast.parse(metric.expression.strip(), mode="eval")
        inner = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return inner | {deep for part in inner for deep in _parts(metrics, part)}


def _tops(metrics: Callable[[str], Metric], name: str) -> set[str]:
    metric = metrics(name)
    if isinstance(metric, RatioMetric):
        return {metric.numerator} | _tops(metrics, metric.numerator)
    return {name} | _parts(metrics, name)


def _at(left: np.ndarray, right: np.ndarray, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Pair each step of the first with the step of the second that follows it by the lag."""
    n = len(left)
    if lag >= 0:
        return left[: n - lag], right[lag:]
    return left[-lag:], right[: n + lag]


def _inside(n: int, lag: int) -> Floats:
    steps = np.arange(n)
    return ((steps >= lag) & (steps < n + lag)).astype(float)


def _scores(values: Floats, present: np.ndarray) -> Floats:
    out = np.zeros(len(values))
    centred = ranks(values[present])
    centred = centred - centred.mean()
    out[present] = centred / np.sqrt(centred @ centred)
    return out


def _permuted(
    table: Floats, weight: Floats, y: Floats, present: np.ndarray, seen: float, seed: int
) -> float:
    rng = np.random.default_rng(seed)
    places = np.flatnonzero(present)

    def draw(count: int) -> Floats:
        shuffled = np.zeros((len(y), count))
        shuffled[places] = rng.permuted(np.tile(y[places][:, None], count), axis=0)
        strongest: Floats = np.abs(weight * (table @ shuffled)).max(axis=0)
        return strongest

    found = draw(FIRST)
    if (1 + (found >= seen).sum()) / (FIRST + 1) < COMMON:
        found = np.concatenate([found, draw(REPLICATES - FIRST)])
    # On the scale of a log-likelihood ratio the tail is close to exponential.
    largest = 1 - 1e-9
    ratio = -np.log1p(-(np.minimum(found, largest) ** 2))
    return tail_probability(float(-np.log1p(-(min(seen, largest) ** 2))), ratio)


def _fact(scan: Scan, one: str, other: str, found: Correlation) -> Fact:
    dataset = scan.dataset
    pair = scan.series(one), scan.series(other)
    steps = range(found.first, len(scan.periods))
    start, last = scan.periods[found.first], scan.periods[-1]
    columns = (("period", "period"), ("value", scan.unit(one)), ("other", scan.unit(other)))
    lines = tuple(
        (str(scan.periods[i]), cell(pair[0].values[i]), cell(pair[1].values[i])) for i in steps
    )
    n = int(pair[0].rows[found.first :].sum())
    direction: Direction = "up" if found.rho > 0 else "down"
    return scan.blank(
        "correlation",
        one,
        period=Period(start.start, last.end, None, start.calendar),
        quantities={
            "rho": Quantity.of(found.rho, "number", 2),
            "lag": Quantity.of(found.lag, "count"),
            "periods": Quantity.of(found.n, "count"),
        },
        estimate="rho",
        direction=direction,
        p=float(exact(found.p)),
        n=n,
        method=found.method,
        terms={"other": other, "other_label": dataset.label(other), "step": str(scan.grain)},
        caveats=small(n),
        score=scan.impact() * found.rho**2,
        evidence=(pair[0].query,),
        table=Table(columns, lines),
    )
