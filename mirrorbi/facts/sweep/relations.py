"""Relations: which metrics go together by construction, so that saying so is no news."""

from __future__ import annotations

from collections.abc import Callable

from mirrorbi.data.model.expression import Arithmetic, Filter
from mirrorbi.data.model.semantic_model import (
    Aggregation,
    DerivedMetric,
    Metric,
    RatioMetric,
    SimpleMetric,
)

Lookup = Callable[[str], Metric]


def related(metrics: Lookup, metric: str, other: str) -> bool:
    """Return whether two metrics go together by construction.

    They do if one is a part of the other; if what both measure (the numerator, of a ratio)
    has a part in common; if one measures a column that the other measures too, or by which
    it chooses its rows; or if both count rows and one of them counts all.

    Parameters
    ----------
    metrics
        Gives the metric of a name.
    metric, other
        Names of two metrics.
    """
    if metric in parts(metrics, other) or other in parts(metrics, metric):
        return True
    tops = _tops(metrics, metric), _tops(metrics, other)
    if tops[0] & tops[1]:
        return True
    leaves = _simple(metrics, tops[0]), _simple(metrics, tops[1])
    measured = tuple({m.column for m in simple if _measures(m)} for simple in leaves)
    chosen = tuple(
        {name for m in simple if m.filter for name in Filter.parse(m.filter).columns}
        for simple in leaves
    )
    if measured[0] & (measured[1] | chosen[1]) or measured[1] & chosen[0]:
        return True
    pair = metrics(metric), metrics(other)
    counts = [m for m in pair if isinstance(m, SimpleMetric) and m.agg is Aggregation.COUNT]
    return len(counts) == 2 and any(m.filter is None and m.column is None for m in counts)


def parts(metrics: Lookup, name: str) -> set[str]:
    """Return the metrics that a metric is computed from, however deep."""
    metric = metrics(name)
    inner: frozenset[str] = frozenset()
    if isinstance(metric, RatioMetric):
        inner = frozenset({metric.numerator, metric.denominator})
    elif isinstance(metric, DerivedMetric):
        inner = Arithmetic.parse(metric.expression).names
    return set(inner).union(*(parts(metrics, part) for part in inner))


def _tops(metrics: Lookup, name: str) -> set[str]:
    metric = metrics(name)
    if isinstance(metric, RatioMetric):
        return {name} | _tops(metrics, metric.numerator)
    return {name} | parts(metrics, name)


def _simple(metrics: Lookup, names: set[str]) -> list[SimpleMetric]:
    return [m for name in names if isinstance(m := metrics(name), SimpleMetric)]


def _measures(metric: SimpleMetric) -> bool:
    return metric.column is not None and metric.agg is not Aggregation.COUNT
