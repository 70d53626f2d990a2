"""The words a data set knows: metrics, dimensions and members, and the nearest to a wrong one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from mirrorbi.data.model.semantic_model import (
    DerivedMetric,
    Dimension,
    Metric,
    Model,
    RatioMetric,
    SimpleMetric,
)
from mirrorbi.data.periods import Calendar, Grain, Period
from mirrorbi.data.query import Query
from mirrorbi.errors import QueryError, did_you_mean


class Catalog:
    """Look-ups in a semantic model, each with an error that names the nearest valid word."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @property
    def calendar(self) -> Calendar:
        """Where weeks and years begin."""
        return self.model.calendar

    def metric(self, name: str) -> Metric:
        """Return a metric by name.

        Raises
        ------
        QueryError
            If there is none of that name.
        """
        try:
            return self.model.metrics[name]
        except KeyError:
            raise QueryError(
                f"There is no metric {name!r}.",
                hint=did_you_mean(name, self.model.metrics, noun="metrics"),
            ) from None

    def dimension(self, name: str) -> Dimension:
        """Return a dimension by name.

        Raises
        ------
        QueryError
            If there is none of that name.
        """
        try:
            return self.model.dimensions[name]
        except KeyError:
            raise QueryError(
                f"There is no dimension {name!r}.",
                hint=did_you_mean(name, self.model.dimensions, noun="dimensions"),
            ) from None

    def label(self, name: str) -> str:
        """Return a metric or dimension as people call it."""
        part = self.model.metrics.get(name) or self.model.dimensions.get(name)
        if part is None:
            part = self.metric(name)
        return part.label or name.replace("_", " ").strip().capitalize()

    def unit(self, name: str) -> str:
        """Return a metric's unit; ``number`` where the model does not say."""
        metric = self.metric(name)
        if metric.unit:
            return metric.unit
        if isinstance(metric, SimpleMetric) and metric.agg.startswith("count"):
            return "count"
        return "number"

    def decimals(self, name: str) -> int | None:
        """Return the decimals that a metric is shown with, where the model says so."""
        return self.metric(name).decimals

    def definition(self, name: str) -> str:
        """Return in one line how a metric is computed."""
        metric = self.metric(name)
        if isinstance(metric, RatioMetric):
            return f"{self.label(metric.numerator)} divided by {self.label(metric.denominator)}"
        if isinstance(metric, DerivedMetric):
            return metric.expression
        rows = f" of rows where {metric.filter}" if metric.filter else ""
        if metric.column is None:
            return f"count{rows or ' of rows'}"
        return f"{metric.agg.replace('_', ' ')} of {metric.column}{rows and ' over' + rows[3:]}"

    def resolve(
        self,
        metrics: Query | str | Iterable[str],
        by: str | Iterable[str] = (),
        where: Mapping[str, str | Iterable[str]] | None = None,
        grain: Grain | str | None = None,
        period: Period | str | None = None,
    ) -> Query:
        """Return the arguments of `Query.of` as a query, in the calendar of this data set."""
        if isinstance(metrics, Query):
            return metrics
        return Query.of(metrics, by, where, grain, period, self.calendar)

    def check(self, query: Query) -> None:
        """Refuse a question whose words are not known or that the model cannot answer.

        Raises
        ------
        QueryError
            Naming the word and the nearest valid one.
        """
        if not query.metrics:
            raise QueryError(
                "The question names no metric.", hint=did_you_mean("", self.model.metrics)
            )
        for name in query.metrics:
            self.metric(name)
        for name in (*query.by, *(name for name, _ in query.where)):
            self.dimension(name)
        if (query.grain or query.period) and self.model.time is None:
            raise QueryError(
                "This data has no time: its model names no time column.",
                hint="Leave out grain and period, or add 'time: {column: ...}' to the model.",
            )

    def check_members(
        self, dimension: str, members: Iterable[str], members_of: Callable[[], list[str]]
    ) -> None:
        """Refuse members that a dimension does not have.

        Raises
        ------
        QueryError
            Naming the member and the nearest that exists.
        """
        existing = members_of()
        for member in members:
            if member not in existing:
                raise QueryError(
                    f"{self.label(dimension)} has no member {member!r}.",
                    hint=did_you_mean(member, existing, noun="members"),
                )
