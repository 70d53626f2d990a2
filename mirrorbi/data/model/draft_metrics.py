"""Metrics drafted from columns of numbers and of true and false."""

from __future__ import annotations

import re
from typing import Any

from mirrorbi.data.model.column_names import aggregation_of, unit_of
from mirrorbi.data.model.column_roles import Column
from mirrorbi.data.model.grammar import quoted
from mirrorbi.data.model.naming import Names, label
from mirrorbi.data.model.semantic_model import Aggregation, Metric, RatioMetric, SimpleMetric


def draft_measure(column: Column, names: Names, hidden: bool) -> tuple[SimpleMetric, str]:
    """Return the metric of a column of numbers, and why it is as it is.

    Parameters
    ----------
    column
        The column.
    names
        Gives the metric its name.
    hidden
        Whether to hide the metric if the column's name does not say how to aggregate it.
    """
    aggregation = aggregation_of(column.name)
    agg = aggregation or Aggregation.AVG
    low, high = _number(column.profile.low), _number(column.profile.high)
    unit = unit_of(column.name, low, high)
    text = label(column.name)
    if agg is Aggregation.AVG and not re.match(r"(avg|average|mean|median)\b", text.lower()):
        text = f"Average {text[0].lower() + text[1:] if text[1:2].islower() else text}"
    if aggregation is None:
        why = "averaged, since its name does not say how to aggregate it"
        why += "; hidden until you confirm it" if hidden else ""
    else:
        why = f"{'averaged' if agg is Aggregation.AVG else 'added up'}, by its name"
    if unit:
        why += f"; unit {unit}, by its name"
    metric = SimpleMetric(
        name=names.new(column.name),
        label=text,
        agg=agg,
        column=column.name,
        unit=unit,
        hidden=hidden and aggregation is None,
    )
    return metric, why


def draft_flag(column: Column, names: Names) -> tuple[dict[str, Metric], str]:
    """Return the metrics of a column of true and false: a share and its parts; and why."""
    text, condition = label(column.name), quoted(column.name)
    if not column.dtype.is_boolean():
        condition += " == 1"
    count, share = names.new(f"{column.name}_rows"), names.new(f"{column.name}_share")
    denominator = "rows"
    parts: dict[str, Metric] = {
        count: SimpleMetric(
            name=count,
            label=f"Rows with {text}",
            agg=Aggregation.COUNT,
            filter=condition,
            unit="count",
            hidden=True,
        )
    }
    if column.profile.nulls:
        denominator = names.new(f"{column.name}_known")
        parts[denominator] = SimpleMetric(
            name=denominator,
            label=f"Rows where {text} is known",
            agg=Aggregation.COUNT,
            column=column.name,
            unit="count",
            hidden=True,
        )
    parts[share] = RatioMetric(
        name=share,
        label=f"Share with {text}",
        type="ratio",
        numerator=count,
        denominator=denominator,
        unit="percent",
        decimals=1,
    )
    return parts, "its column is true or false"


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
