"""Mergeable states: what a cube keeps of each cell so that any metric can be computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mirrorbi.data.model.expression import Arithmetic, Filter
from mirrorbi.data.model.semantic_model import (
    Aggregation,
    DerivedMetric,
    Metric,
    Model,
    RatioMetric,
    SimpleMetric,
)

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True, order=True)
class State:
    """One number per cell that can be merged: rows counted, a sum, a least or greatest value.

    Parameters
    ----------
    function
        ``count``, ``sum``, ``min`` or ``max``; counts and sums merge by adding.
    column
        What is aggregated; ``""`` for rows.
    filter
        Which rows count; ``""`` for all.
    take
        ``first`` or ``last`` for stocks that may not be added over time.
    """

    function: str
    column: str = ""
    filter: str = ""
    take: str = ""

    @property
    def name(self) -> str:
        """The column of the cube that holds the state."""
        text = f"{self.function}({self.column})"
        return text + (f" where {self.filter}" if self.filter else "") + self.take

    @property
    def merge(self) -> str:
        """How the states of parts become the state of the whole: ``sum``, ``min`` or ``max``."""
        return self.function if self.function in ("min", "max") else "sum"

    def expression(self, table: Any, *, finite: bool) -> Any:
        """Return the ibis aggregate that computes the state; see `aggregate`."""
        return aggregate(table, self.function, self.column, self.filter, finite=finite)


def simple_metrics(model: Model, name: str) -> Iterator[SimpleMetric]:
    """Yield the simple metrics that a metric is made of, itself included."""
    metric = model.metrics[name]
    for part in parts(metric):
        yield from simple_metrics(model, part)
    if isinstance(metric, SimpleMetric):
        yield metric


def parts(metric: Metric) -> tuple[str, ...]:
    """Return the names of the metrics that a ratio or derived metric is computed from."""
    if isinstance(metric, RatioMetric):
        return (metric.numerator, metric.denominator)
    if isinstance(metric, DerivedMetric):
        return tuple(sorted(Arithmetic.parse(metric.expression).names))
    return ()


def states_of(metric: SimpleMetric) -> tuple[State, ...]:
    """Return the states of a simple metric; none if it cannot be merged."""
    column, rows = metric.column or "", metric.filter or ""
    take = metric.non_additive.take if metric.non_additive else ""
    match metric.agg:
        case Aggregation.COUNT | Aggregation.SUM:
            return (State(metric.agg.value, column, rows, take),)
        case Aggregation.AVG:
            return (State("sum", column, rows), State("count", column, rows))
        case Aggregation.MIN | Aggregation.MAX:
            return (State(metric.agg.value, column, rows),)
    return ()


def evaluate(
    model: Model, name: str, simple: Callable[[SimpleMetric], np.ndarray[Any, Any]]
) -> np.ndarray[Any, Any]:
    """Return a metric's values from those of its simple metrics, cell by cell.

    A ratio is the sum of its numerator over the sum of its denominator, never a mean of
    ratios; where the denominator is zero or unknown, it is NaN.
    """
    metric = model.metrics[name]
    if isinstance(metric, SimpleMetric):
        return simple(metric)
    values: Mapping[str, np.ndarray[Any, Any]] = {
        part: evaluate(model, part, simple) for part in parts(metric)
    }
    if isinstance(metric, DerivedMetric):
        return Arithmetic.parse(metric.expression).evaluate(values)
    top, bottom = values[metric.numerator], values[metric.denominator]
    return quotient(top, bottom)


def from_states(metric: SimpleMetric, merged: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """Return a simple metric's values from the merged states, as floats with NaN."""
    import numpy as np

    columns = [np.asarray(merged[state.name], dtype=float) for state in states_of(metric)]
    if metric.agg is Aggregation.AVG:
        total, count = columns
        return quotient(total, count)
    values: np.ndarray[Any, Any] = columns[0]
    return values


def quotient(top: np.ndarray[Any, Any], bottom: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return one array divided by another; NaN where the divisor is zero."""
    import numpy as np

    out = np.full(len(top), np.nan)
    np.divide(top, bottom, out=out, where=bottom != 0)
    return out


def aggregate(
    table: Any,
    function: str,
    column: str,
    rows: str,
    *,
    finite: bool = False,
    compensated: bool = True,
    within: Any = None,
) -> Any:
    """Return the ibis aggregate of a column over the rows that a filter keeps.

    Parameters
    ----------
    table
        An ibis table.
    function
        ``count``, ``sum``, ``avg``, ``min``, ``max``, ``median``, ``p90`` or
        ``count_distinct``.
    column
        What is aggregated; ``""`` for rows.
    rows
        The filter; ``""`` for all rows.
    finite
        Whether infinite and not-a-number values count as missing: one of them would
        otherwise be the sum of its whole cell. They are reported with the quality of the
        data.
    compensated
        Whether the embedded engine adds floats with Kahan's compensation, so that the
        digits that facts keep do not depend on the order in which threads add.
    within
        A further condition on the rows, as an ibis expression.
    """
    where = Filter.parse(rows).apply(table) if rows else None
    if within is not None:
        where = within if where is None else where & within
    if not column:
        return table.count(where=where)
    values = table[column]
    dtype = values.type()
    if finite and dtype.is_floating():
        plain = ~(values.isinf() | values.isnan())
        where = plain if where is None else where & plain
    match function:
        case "count":
            return values.count(where=where)
        case "count_distinct":
            return values.nunique(where=where)
        case "avg":
            return values.mean(where=where)
        case "p90":
            return values.quantile(0.9, where=where)
        case "sum" if dtype.is_floating() or dtype.is_decimal():
            values = values.cast("float64")
            if compensated and table.get_backend().name == "duckdb":
                return _fsum()(values, where=where)
    return getattr(values, function)(where=where)


@lru_cache(maxsize=1)
def _fsum() -> Any:
    import ibis

    def fsum(x: float) -> float:
        """Kahan's sum, which the embedded engine has by this name."""
        raise NotImplementedError

    return ibis.udf.agg.builtin(fsum)
