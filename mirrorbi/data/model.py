"""The semantic model: what the columns of a data set mean.

The vocabulary is MetricFlow's: entities, dimensions, and metrics that are simple, ratio
or derived (https://docs.getdbt.com/docs/build/about-metricflow).
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mirrorbi.data.periods import Calendar, Grain

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Privacy(StrEnum):
    """Who may see a column's values."""

    SAFE = "safe"
    PERSONAL = "personal"
    BLOCKED = "blocked"


class Aggregation(StrEnum):
    """How a simple metric makes one number of many rows."""

    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    MEDIAN = "median"

    @property
    def mergeable(self) -> bool:
        """Whether the whole can be computed from the parts."""
        return self not in (Aggregation.COUNT_DISTINCT, Aggregation.MEDIAN)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatasetPart(_Part):
    """What one data set is."""

    name: str = ""
    label: str = ""
    description: str = ""
    source: str = ""
    grain: tuple[str, ...] = ()
    """Columns that together name one row."""
    entity: str | None = None
    """Column whose distinct values are the persons, clients or things counted."""


class TimePart(_Part):
    """Which column is time, and how it is cut."""

    column: str
    timezone: str | None = None
    grains: tuple[Grain, ...] = (Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR)
    week_start: Literal[
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
    ] = "monday"
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = 1
    complete_through: date | None = None
    """Last day for which the data is final; later periods are incomplete."""

    @property
    def calendar(self) -> Calendar:
        """Where weeks and years begin."""
        return Calendar(WEEKDAYS.index(self.week_start), self.fiscal_year_start)


class Dimension(_Part):
    """A column to group and filter by."""

    name: str = ""
    column: str = ""
    label: str = ""
    privacy: Privacy = Privacy.SAFE


class NonAdditive(_Part):
    """A metric that may not be summed over time: a stock, such as a balance."""

    over: Literal["time"] = "time"
    take: Literal["first", "last"] = "last"


class _Metric(_Part):
    name: str = ""
    label: str = ""
    description: str = ""
    unit: str = ""
    """``count``, ``percent``, ``minutes``, ``hours``, ``days``, ``currency:USD``, or free text."""
    decimals: Annotated[int, Field(ge=0, le=10)] | None = None
    better: Literal["up", "down"] | None = None
    hidden: bool = False
    """Used by other metrics only: a sweep does not report it as a figure of its own."""


class SimpleMetric(_Metric):
    """One aggregate of one column."""

    type: Literal["simple"] = "simple"
    agg: Aggregation
    column: str | None = None
    filter: str | None = None
    """Rows that count, as a comparison of columns: ``arr_delay > 15 and cancelled == 0``."""
    additivity: Literal["additive"] | dict[Literal["non_additive"], NonAdditive] = "additive"

    @property
    def additive(self) -> bool:
        """Whether the metric of a whole is the sum of the metric of its parts."""
        return self.agg in (Aggregation.SUM, Aggregation.COUNT) and self.additivity == "additive"

    @property
    def non_additive(self) -> NonAdditive | None:
        """How a stock is taken over time; ``None`` for every other metric."""
        return None if isinstance(self.additivity, str) else self.additivity["non_additive"]

    @model_validator(mode="after")
    def _column_where_needed(self) -> SimpleMetric:
        if self.column is None and self.agg is not Aggregation.COUNT:
            raise ValueError(f"agg: {self.agg} needs a column")
        return self


class RatioMetric(_Metric):
    """Sum over sum: one metric divided by another, never a mean of ratios."""

    type: Literal["ratio"]
    numerator: str
    denominator: str


class DerivedMetric(_Metric):
    """Arithmetic over other metrics: ``revenue - cost``."""

    type: Literal["derived"]
    expression: str


Metric = Annotated[SimpleMetric | RatioMetric | DerivedMetric, Field(discriminator="type")]


class Model(_Part):
    """What the columns of a data set mean."""

    dataset: DatasetPart = DatasetPart()
    time: TimePart | None = None
    dimensions: dict[str, Dimension] = {}
    metrics: dict[str, Metric]
    draft: bool = False
    """True where nobody has confirmed the model: it was guessed from the data."""

    @field_validator("dimensions", "metrics", mode="before")
    @classmethod
    def _name_parts(cls, parts: Any) -> Any:
        if not isinstance(parts, dict):
            return parts
        return {name: _named(name, part) for name, part in parts.items()}

    @field_validator("metrics", mode="before")
    @classmethod
    def _simple_unless_said(cls, parts: Any) -> Any:
        if not isinstance(parts, dict):
            return parts
        return {
            name: {"type": "simple", **part} if isinstance(part, dict) else part
            for name, part in parts.items()
        }

    @property
    def calendar(self) -> Calendar:
        """Where weeks and years begin."""
        return self.time.calendar if self.time else Calendar()


def _named(name: Any, part: Any) -> Any:
    if isinstance(part, _Part):
        return part.model_copy(update={"name": name})
    if part is None or isinstance(part, dict):
        return {**(part or {}), "name": name}
    return part
