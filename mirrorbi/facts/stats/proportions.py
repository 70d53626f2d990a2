"""Proportions: which ratios are parts of a count, and how sure their difference is."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from statistics import NormalDist

from mirrorbi.data.model.semantic_model import Aggregation, Metric, RatioMetric, SimpleMetric

METHOD = "interval: Newcombe's hybrid score for two proportions, rows taken as independent"


def is_proportion(metrics: Callable[[str], Metric], name: str) -> bool:
    """Return whether a metric is the part of a count of rows that meets a condition.

    Only then is each row a yes or no, and the binomial distribution applies.

    Parameters
    ----------
    metrics
        Gives the metric of a name.
    name
        The metric in question.
    """
    ratio = metrics(name)
    if not isinstance(ratio, RatioMetric):
        return False
    top, bottom = metrics(ratio.numerator), metrics(ratio.denominator)
    if not isinstance(top, SimpleMetric) or not isinstance(bottom, SimpleMetric):
        return False
    if top.agg is not Aggregation.COUNT or bottom.agg is not Aggregation.COUNT:
        return False
    if bottom.column not in (None, top.column):
        return False
    return bottom.filter is None or (top.filter or "").startswith(f"{bottom.filter} and ")


def wilson(successes: float, trials: float, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a proportion (Wilson, 1927).

    Parameters
    ----------
    successes, trials
        Counts; ``trials`` at least 1.
    level
        Confidence.

    Examples
    --------
    >>> [round(bound, 4) for bound in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    reach = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale)


def newcombe(
    value: tuple[float, float], base: tuple[float, float], level: float = 0.95
) -> tuple[float, float]:
    """Return the interval of the difference of two independent proportions.

    Method 10 of Newcombe, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17, 1998.

    Parameters
    ----------
    value, base
        Successes and trials of each; the difference is value less base.
    level
        Confidence.

    Examples
    --------
    >>> [round(bound, 4) for bound in newcombe((56, 70), (48, 80))]
    [0.0524, 0.3339]
    """
    p1, p2 = value[0] / value[1], base[0] / base[1]
    low1, high1 = wilson(*value, level)
    low2, high2 = wilson(*base, level)
    delta = p1 - p2
    return (
        delta - sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2),
        delta + sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2),
    )
