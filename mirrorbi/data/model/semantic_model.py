"""The semantic model: what the columns of a data set mean.

The vocabulary is MetricFlow's: entities, dimensions, and metrics that are simple, ratio
or derived (https://docs.getdbt.com/docs/build/about-metricflow).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from mirrorbi.data.periods import Calendar, Grain
from mirrorbi.data.prompt_line import prompt_line
from mirrorbi.errors import did_you_mean
from mirrorbi.settings import PrivacySettings

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
    P90 = "p90"

    @property
    def mergeable(self) -> bool:
        """Whether the whole can be computed from the parts."""
        return self not in (Aggregation.COUNT_DISTINCT, Aggregation.MEDIAN, Aggregation.P90)


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

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        import zoneinfo

        if zone is not None:
            try:
                zoneinfo.ZoneInfo(zone)
            except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
                near = did_you_mean(zone, sorted(zoneinfo.available_timezones()), noun="zones")
                raise ValueError(f"There is no time zone {zone!r}. {near}") from None
        return zone

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

    @field_validator("unit")
    @classmethod
    def _known_currency(cls, unit: str) -> str:
        if unit.startswith("currency") and not re.fullmatch(r"currency:[A-Z]{3}", unit):
            raise ValueError(f"The unit {unit!r} names no currency. Write currency:USD.")
        if len(unit) > 20 or (unit and not unit.isprintable()):
            raise ValueError(f"The unit {unit[:30]!r} is too long or has line breaks. Write km.")
        return unit


class SimpleMetric(_Metric):
    """One aggregate of one column."""

    type: Literal["simple"] = "simple"
    agg: Aggregation
    column: str | None = None
    filter: str | None = None
    """Rows that count, as a comparison of columns: ``arr_delay > 15 and cancelled == 0``."""
    additivity: Literal["additive"] | dict[Literal["non_additive"], NonAdditive] = "additive"

    @property
    def non_additive(self) -> NonAdditive | None:
        """How a stock is taken over time; ``None`` for every other metric."""
        return None if isinstance(self.additivity, str) else self.additivity["non_additive"]

    @model_validator(mode="after")
    def _column_where_needed(self) -> SimpleMetric:
        if self.column is None and self.agg is not Aggregation.COUNT:
            raise ValueError(f"has agg: {self.agg} and names no column.")
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


class Duration(_Part):
    """How long it takes from one time column to another; MetricFlow has nothing like it."""

    name: str = ""
    label: str = ""
    description: str = ""
    start: str
    end: str
    """Missing where the interval is still open."""
    unit: Literal["minutes", "hours", "days"] = "days"
    decimals: Annotated[int, Field(ge=0, le=10)] | None = None
    better: Literal["up", "down"] | None = None


Metric = Annotated[SimpleMetric | RatioMetric | DerivedMetric, Field(discriminator="type")]


class Model(_Part):
    """What the columns of a data set mean."""

    dataset: DatasetPart = DatasetPart()
    time: TimePart | None = None
    dimensions: dict[str, Dimension] = {}
    metrics: Annotated[dict[str, Metric], Field(min_length=1)]
    durations: dict[str, Duration] = {}
    privacy: PrivacySettings = PrivacySettings()
    """What may leave, and who may see columns that are not dimensions (``columns``)."""
    draft: bool = False
    """True where nobody has confirmed the model: it was guessed from the data."""

    _lines: Mapping[tuple[str, ...], int] = PrivateAttr(default_factory=dict)

    @field_validator("dimensions", mode="before")
    @classmethod
    def _fill_dimensions(cls, parts: Any) -> Any:
        return _filled(parts, lambda name, part: {"column": part.get("column") or name})

    @field_validator("metrics", mode="before")
    @classmethod
    def _fill_metrics(cls, parts: Any) -> Any:
        return _filled(parts, lambda name, part: {"type": part.get("type") or _type_of(part)})

    @field_validator("durations", mode="before")
    @classmethod
    def _fill_durations(cls, parts: Any) -> Any:
        return _filled(parts, lambda _name, _part: {})

    def __repr__(self) -> str:
        name = self.dataset.name or self.dataset.label or "unnamed"
        counts = f"{len(self.metrics)} metrics, {len(self.dimensions)} dimensions"
        return prompt_line(f"{'Draft model' if self.draft else 'Model'} {name!r}: {counts}")

    __str__ = __repr__

    @property
    def lines(self) -> Mapping[tuple[str, ...], int]:
        """The line of each key, where the model was read from a file."""
        return self._lines

    def with_lines(self, lines: Mapping[tuple[str, ...], int]) -> Model:
        """Return the model with the lines of its file, for messages."""
        copy = self.model_copy()
        copy._lines = lines
        return copy

    @property
    def classes(self) -> dict[str, Privacy]:
        """Who may see the columns that ``privacy: columns:`` names; the rest is ``safe``."""
        return {column: Privacy(named) for column, named in self.privacy.columns.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self.model_dump() == other.model_dump()

    @property
    def calendar(self) -> Calendar:
        """Where weeks and years begin."""
        return self.time.calendar if self.time else Calendar()


def _filled(parts: Any, more: Callable[[str, dict[str, Any]], dict[str, Any]]) -> Any:
    """Give each part its name and what else can be told from it."""
    if not isinstance(parts, dict):
        return parts
    filled: dict[str, Any] = {}
    for name, given in parts.items():
        part = {} if given is None else given
        if isinstance(part, _Part):
            filled[name] = part.model_copy(update={"name": name})
        elif isinstance(part, dict):
            filled[name] = {**part, "name": name, **more(name, part)}
        else:
            filled[name] = part
    return filled


def _type_of(part: Mapping[str, Any]) -> str:
    if "numerator" in part or "denominator" in part:
        return "ratio"
    return "derived" if "expression" in part else "simple"
