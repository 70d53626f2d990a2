"""The average period: how each kind of metric is averaged over time, to compare with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mirrorbi.data.model.semantic_model import Aggregation, RatioMetric, SimpleMetric
from mirrorbi.facts.sweep.additivity import Lookup, splits
from mirrorbi.facts.sweep.panel import Cells, Floats, Panel, rounded_floats


def mean_cells(panel: Panel, steps: Sequence[int], span: Cells | None, metrics: Lookup) -> Cells:
    """Return the cells of an average period.

    Counts and sums are the mean over the periods (0 where a member had no rows), ratios
    the mean numerator over the mean denominator, averages those of all rows, and
    everything else the mean of what there is.

    Parameters
    ----------
    panel
        The history of every member.
    steps
        The columns of the panel that are averaged.
    span
        The same members over the whole stretch at once; needed where a metric is an
        average.
    metrics
        Gives the metric of a name.
    """
    values: dict[str, Floats] = {}
    rows = panel.rows[:, list(steps)]

    def mean(name: str) -> Floats:
        if name in values:
            return values[name]
        metric, part = metrics(name), panel.values[name][:, list(steps)]
        if isinstance(metric, RatioMetric):
            top, bottom = mean(metric.numerator), mean(metric.denominator)
            averages = top / np.where(bottom == 0, np.nan, bottom)
        elif (
            span is not None
            and isinstance(metric, SimpleMetric)
            and (metric.agg is Aggregation.AVG)
        ):
            averages = span.values[name]
        elif splits(metrics, name):
            summed = np.nansum(part, axis=1) / max(len(steps), 1)
            averages = np.where(rows.any(axis=1), summed, np.nan)
        else:
            present = ~np.isnan(part)
            summed = np.where(present.any(axis=1), np.nansum(part, axis=1), np.nan)
            averages = summed / np.maximum(present.sum(axis=1), 1)
        values[name] = rounded_floats(averages)
        return values[name]

    for name in panel.values:
        mean(name)
    queries = (panel.query, *(span.queries if span is not None else ()))
    return Cells(panel.by, panel.members, values, rows.sum(axis=1), queries)
