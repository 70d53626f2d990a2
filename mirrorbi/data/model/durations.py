"""Durations: the hidden metrics that tell how long it is between two times."""

from __future__ import annotations

from typing import Any

from mirrorbi.data.model.semantic_model import Aggregation, Model, Privacy, SimpleMetric


def p90_of(name: str) -> str:
    """Return the name of the metric that is the 90th percentile of a duration."""
    return f"{name}:p90"


def closed_of(name: str) -> str:
    """Return the name of the metric that counts the closed intervals of a duration."""
    return f"{name}:closed"


def open_of(name: str) -> str:
    """Return the name of the metric that counts the open intervals of a duration."""
    return f"{name}:open"


def with_duration_metrics(model: Model) -> Model:
    """Return a model in which the durations have hidden metrics, as everything asks for those.

    Of a duration ``x``, ``x`` is the median, and `p90_of`, `closed_of` and `open_of` name the
    others. A duration of a column that is never shown has none.
    """
    durations = {
        name: duration
        for name, duration in model.durations.items()
        if Privacy.BLOCKED not in {model.classes.get(c) for c in (duration.start, duration.end)}
    }
    if not model.durations:
        return model
    metrics = dict(model.metrics)
    for name, duration in durations.items():
        column, unit = f"duration:{name}", duration.unit
        shared: dict[str, Any] = {"better": duration.better, "hidden": True}
        length = {**shared, "column": column, "unit": unit, "decimals": duration.decimals}
        label = duration.label or name.replace("_", " ").strip().capitalize()
        metrics[name] = SimpleMetric(name=name, label=label, agg=Aggregation.MEDIAN, **length)
        metrics[p90_of(name)] = SimpleMetric(
            name=p90_of(name), label=f"{label}, 90th percentile", agg=Aggregation.P90, **length
        )
        for each, what, counted in (
            (closed_of(name), "closed", column),
            (open_of(name), "open", f"open:{name}"),
        ):
            metrics[each] = SimpleMetric(
                name=each,
                label=f"{label}, {what}",
                agg=Aggregation.COUNT,
                column=counted,
                unit="count",
                hidden=True,
            )
    measured = model.model_copy(update={"metrics": metrics, "durations": durations})
    return measured.with_lines(model.lines)
