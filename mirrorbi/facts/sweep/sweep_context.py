"""A scan: what one sweep looks at, and the answers that all families share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from mirrorbi.data.model.durations import closed_of, open_of, p90_of
from mirrorbi.data.model.semantic_model import Aggregation, RatioMetric, SimpleMetric
from mirrorbi.data.periods import Grain, Period
from mirrorbi.data.query import Query, Result
from mirrorbi.facts.fact import Fact, Quantity, exact
from mirrorbi.facts.limits import TOP_MEMBERS
from mirrorbi.facts.sweep.additivity import splits
from mirrorbi.facts.sweep.average_period import mean_cells
from mirrorbi.facts.sweep.panel import ALL, Cells, Floats, Ints, Panel
from mirrorbi.facts.units import unit_of_change

if TYPE_CHECKING:
    from mirrorbi.facts.sweep.sweep_dataset import SweepDataset

T = TypeVar("T")

Scope = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Series:
    """One metric of one scope through time, up to the reviewed period.

    Parameters
    ----------
    metric, scope
        What it is of; ``()`` is the whole.
    periods
        Every step of the grain, without gaps.
    values
        One per period; NaN where there is nothing to compute from. The count or sum of
        a member that had no rows in a period in which others had some is 0.
    rows
        Rows behind each value.
    complete
        Whether the period was over when the data was taken.
    query
        The question behind it.
    """

    metric: str
    scope: Scope
    periods: tuple[Period, ...]
    values: Floats
    rows: Ints
    complete: np.ndarray[Any, np.dtype[np.bool_]]
    query: Query

    @cached_property
    def lines(self) -> tuple[tuple[str, Decimal | None, bool], ...]:
        """Period, value and completeness, as tables hold them."""
        numbers = [exact(v) if np.isfinite(v) else None for v in self.values.tolist()]
        texts = [str(period) for period in self.periods]
        return tuple(zip(texts, numbers, self.complete.tolist(), strict=True))


@dataclass(frozen=True)
class SweepContext:
    """What one sweep looks at. Answers are kept, so families may ask again and again.

    Parameters
    ----------
    dataset
        The data.
    metrics, by, where
        Names of the metrics and dimensions swept; members kept, per dimension.
    grain
        Length of one step of history; ``None`` without time.
    period, baseline
        The time reviewed and the time compared with; ``None`` where there is none.
    compare
        What the baseline is: ``previous``, ``year_ago``, ``average`` or ``given``.
    seed
        Added to the seeds of simulations.
    """

    dataset: SweepDataset
    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grain: Grain | None = None
    period: Period | None = None
    baseline: Period | None = None
    compare: str = "previous"
    seed: int = 0
    _cache: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def columns_of(self, by: str | None) -> tuple[str, ...]:
        """Return the columns of a query: those of all, and what is told of the whole alone."""
        return self.columns if by else (*self.columns, *map(open_of, self.dataset.model.durations))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The metrics with the parts of every ratio, and the durations."""
        parts = [
            part
            for name in self.metrics
            if isinstance(metric := self.dataset.metric(name), RatioMetric)
            for part in (metric.numerator, metric.denominator)
        ]
        lengths = [
            each
            for name in self.dataset.model.durations
            for each in (name, p90_of(name), closed_of(name))
        ]
        return tuple(dict.fromkeys((*self.metrics, *parts, *lengths)))

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """Every step of the grain from the first of the data to the reviewed period."""
        if self.grain is None or self.period is None:
            return ()
        return tuple(p for p in self.dataset.periods(self.grain) if p.end <= self.period.end)

    @cached_property
    def places(self) -> dict[Period, int]:
        """Position of each of `periods`."""
        return {period: i for i, period in enumerate(self.periods)}

    @cached_property
    def complete(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether each of `periods` is complete."""
        return np.array([self.dataset.is_complete(p) for p in self.periods], dtype=bool)

    @cached_property
    def averaged(self) -> tuple[Period, ...]:
        """The complete steps inside the baseline, where the comparison is with their mean."""
        if self.compare != "average" or self.baseline is None:
            return ()
        inside = zip(self.periods, self.complete, strict=True)
        low, high = self.baseline.start, self.baseline.end
        return tuple(p for p, done in inside if done and p.start >= low and p.end <= high)

    def query(self, by: str | None = None, period: Period | None = None) -> Query:
        """Return the question about one dimension: its history, or one ``period`` of it."""
        history = self._history if period is None else None
        return Query.of(
            self.columns_of(by),
            by=(by,) if by else (),
            where=self.where,
            grain=self.grain if history else None,
            period=history or period,
        )

    def queries(self) -> list[Query]:
        """Return every question of the families, so that few scans can answer them all."""
        cuts = (None, *self.by)
        queries = [self.query(by) for by in cuts]
        queries += [self.query(by, p) for by in cuts for p in self._spans]
        return list(dict.fromkeys(queries))

    @cached_property
    def _history(self) -> Period | None:
        if not self.periods:
            return None
        first, last = self.periods[0], self.periods[-1]
        return Period(first.start, last.end, None, first.calendar)

    @cached_property
    def _spans(self) -> tuple[Period, ...]:
        periods = [self.period]
        if self.compare != "average" or any(self._agg(m) is Aggregation.AVG for m in self.columns):
            periods.append(self.baseline)
        return tuple(p for p in periods if p is not None and p not in self.places)

    def cached(self, key: Any, make: Callable[[], T]) -> T:
        """Return what ``make`` gives, made at the first call with that key and kept."""
        if key not in self._cache:
            self._cache[key] = make()
        value: T = self._cache[key]
        return value

    def panel(self, by: str | None = None) -> Panel:
        """Return the history of every member of a dimension, or of the whole."""
        return self.cached(
            ("panel", by), lambda: Panel.of(self._answer(self.query(by)), self.periods)
        )

    def cells(self, by: str | None = None, period: Period | None = None) -> Cells:
        """Return every metric of every member in one period (default: the reviewed one)."""
        when = period or self.period
        return self.cached(("cells", by, when), lambda: self._cells(by, when))

    def base(self, by: str | None = None) -> Cells:
        """Return every metric of every member in the baseline.

        Against an average, counts and sums are the mean over the periods (0 where a
        member had no rows), ratios the mean numerator over the mean denominator, averages
        those of all rows, and everything else the mean of what there is.
        """
        if self.compare == "average":
            return self.cached(("average", by), lambda: self._average(by))
        return self.cells(by, self.baseline)

    def pair(self, by: str | None = None) -> tuple[Cells, Cells]:
        """Return the reviewed cells and those of the baseline, with the same members."""

        def make() -> tuple[Cells, Cells]:
            value, base = self.cells(by), self.base(by)
            if by is None:
                return value, base
            members = tuple(dict.fromkeys((*value.members, *base.members)))
            value, base = value.aligned(members), base.aligned(members)
            there = [m for i, m in enumerate(members) if value.rows[i] or base.rows[i]]
            return value.aligned(there), base.aligned(there)

        return self.cached(("pair", by), make)

    @cached_property
    def comparable(self) -> bool:
        """Whether there is a baseline and both it and the reviewed period have rows."""
        if self.baseline is None or self.period is None:
            return False
        return bool(self.cells().rows.any() and self.base().rows.any())

    def series(self, metric: str, scope: Scope = ()) -> Series:
        """Return one metric of the whole, or of one member, up to the reviewed period.

        Parameters
        ----------
        metric
            Name of a metric of the scan.
        scope
            ``()`` or one (dimension, member).
        """
        return self.cached(("series", metric, scope), lambda: self._series(metric, scope))

    def scopes(self, limit: int = TOP_MEMBERS) -> tuple[Scope, ...]:
        """Return the whole and the members with most rows of each dimension.

        The whole comes first; members that have no row in the reviewed period and
        dimensions with a single member are left out.
        """
        scopes: list[Scope] = [()]
        for by in self.by:
            cells = self.cells(by)
            if len(cells.members) < 2:
                continue
            most = sorted(range(len(cells.members)), key=lambda i: (-cells.rows[i], i))
            scopes += [((by, cells.members[i]),) for i in most[:limit] if cells.rows[i] > 0]
        return tuple(scopes)

    def impact(self, scope: Scope = ()) -> float:
        """Return the share of the reviewed period's rows that a scope concerns, 0 to 1."""
        total = int(self.cells().rows.sum())
        if not total or not scope:
            return float(bool(total))
        by, member = scope[0]
        cells = self.cells(by)
        rows = self.cached(("rows", by), lambda: dict(zip(cells.members, cells.rows, strict=True)))
        return float(rows.get(member, 0) / total)

    def splits(self, metric: str) -> bool:
        """Whether the metric of the whole is the sum of that of the members."""
        return self.cached(("splits", metric), lambda: splits(self.dataset.metric, metric))

    def unit(self, metric: str) -> str:
        """Return the unit of a metric."""
        return self.dataset.unit(metric)

    def unit_of_change(self, metric: str) -> str:
        """Return the unit of a difference: percentage points for percentages."""
        return unit_of_change(self.unit(metric))

    def quantity(self, metric: str, value: Any) -> Quantity:
        """Return a value of a metric, in its unit."""
        return Quantity.of(value, self.unit(metric), self.dataset.decimals(metric))

    def difference(self, metric: str, value: Any) -> Quantity:
        """Return a difference of two values of a metric, in its unit."""
        return Quantity.of(value, self.unit_of_change(metric), self.dataset.decimals(metric))

    def blank(self, kind: str, metric: str, **parts: Any) -> Fact:
        """Return a fact about a metric with label, definition, period and labels filled in.

        Parameters
        ----------
        kind, metric
            As in `Fact`.
        parts
            Any other field of `Fact`; ``terms`` are added to those of the scan, which
            name the filter (``where``) so that facts of filtered sweeps have own ids.
        """
        scope: Scope = tuple(sorted(parts.pop("scope", ())))
        terms = dict(parts.pop("terms", {}))
        named = [dimension for dimension, _ in scope] + ([terms["by"]] if "by" in terms else [])
        if self.where:
            terms["where"] = self._where_text
        labels = {name: self.dataset.label(name) for name in dict.fromkeys(named)}
        return Fact(
            kind=kind,
            metric=metric,
            label=self.dataset.label(metric),
            definition=self.dataset.definition(metric),
            better=self.dataset.metric(metric).better,
            scope=scope,
            labels=tuple(sorted({**labels, **dict(parts.pop("labels", ()))}.items())),
            period=parts.pop("period", self.period),
            terms=terms,
            **parts,
        )

    @cached_property
    def _where_text(self) -> str:
        return "; ".join(
            f"{self.dataset.label(name)}: {', '.join(members)}"
            for name, members in sorted(self.where.items())
        )

    def _answer(self, query: Query) -> Result:
        # Distinct entities cost a scan each and no family needs them.
        return self.dataset.answer(query, entities=False)

    def _agg(self, name: str) -> Aggregation | None:
        metric = self.dataset.metric(name)
        return metric.agg if isinstance(metric, SimpleMetric) else None

    def _cells(self, by: str | None, period: Period | None) -> Cells:
        if period in self.places:
            panel = self.panel(by)
            column = self.places[period]
        else:
            panel = Panel.of(self._answer(self.query(by, period)))
            column = 0
        values = {metric: array[:, column] for metric, array in panel.values.items()}
        return Cells(panel.by, panel.members, values, panel.rows[:, column], (panel.query,))

    def _average(self, by: str | None) -> Cells:
        panel = self.panel(by)
        pooled = any(self._agg(name) is Aggregation.AVG for name in self.columns)
        span = self.cells(by, self.baseline).aligned(panel.members) if pooled else None
        steps = [self.places[p] for p in self.averaged]
        return mean_cells(panel, steps, span, self.dataset.metric)

    def _series(self, metric: str, scope: Scope) -> Series:
        by, member = scope[0] if scope else (None, ALL)
        panel = self.panel(by)
        line = panel.line(member)
        if line is None:
            values, rows = np.full(len(self.periods), np.nan), np.zeros(len(self.periods), np.int64)
        else:
            values, rows = panel.values[metric][line].copy(), panel.rows[line]
        if scope and self.splits(metric):
            values[(rows == 0) & (self.panel().rows[0] > 0) & ~panel.hides(member)] = 0.0
        return Series(metric, scope, self.periods, values, rows, self.complete, panel.query)
