"""What part each column of a data set may play in a model, judged by name and profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mirrorbi.data.engine.profile import ColumnProfile, Profile
from mirrorbi.data.model.column_names import (
    aggregation_of,
    is_calendar,
    is_cycle,
    is_identifier,
    is_person,
    names_persons,
    privacy_of,
)
from mirrorbi.data.model.semantic_model import Privacy

MAX_MEMBERS = 1_000
"""Members of a dimension."""

FEW_ROWS = 100
"""Up to so many rows, the number of different values says nothing of a column."""

FEW_PERSONS = 20
"""Up to so many members, a column about persons or clients groups them: ``client``."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, its type (of ibis) and its profile, and how many rows there are."""

    name: str
    dtype: Any
    profile: ColumnProfile
    rows: int

    @classmethod
    def of(cls, profile: Profile) -> list[Column]:
        """Return the columns of a table of which this is the profile."""
        import ibis.expr.datatypes as dt

        columns = profile.columns.items()
        return [cls(name, dt.dtype(part.type), part, profile.rows) for name, part in columns]

    @property
    def is_text(self) -> bool:
        """Whether the values are text."""
        return bool(self.dtype.is_string())

    @property
    def is_boolean(self) -> bool:
        """Whether the values are true and false."""
        return bool(self.dtype.is_boolean())

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers, or true and false."""
        return bool(self.dtype.is_numeric())

    @property
    def is_whole(self) -> bool:
        """Whether the values are whole numbers."""
        return bool(self.dtype.is_integer())

    @property
    def is_time(self) -> bool:
        """Whether the values are dates, times or moments."""
        return bool(self.dtype.is_temporal())

    @property
    def is_uuid(self) -> bool:
        """Whether the values are universally unique identifiers."""
        return bool(self.dtype.is_uuid())

    @property
    def filled(self) -> int:
        """Rows with a value."""
        return self.rows - self.profile.nulls

    @property
    def distinct(self) -> int:
        """Different values, about."""
        return min(self.profile.distinct, self.filled)

    @property
    def nearly_unique(self) -> bool:
        """Whether nearly every row has a value of its own."""
        return self.filled > FEW_ROWS and self.distinct >= 0.9 * self.filled

    @property
    def repeats(self) -> bool:
        """Whether values come twice and more on average."""
        return self.distinct <= 0.5 * self.filled

    @property
    def is_flag(self) -> bool:
        """Whether the values are true and false, or 0 and 1."""
        if self.dtype.is_boolean():
            return True
        edges = (self.profile.low, self.profile.high)
        return bool(self.dtype.is_integer() and edges == (0, 1))


class ColumnPrivacy(NamedTuple):
    """What a look at the values of a column said of who may see it.

    Parameters
    ----------
    privacy
        The class.
    reason
        Why.
    countable
        Whether the column may still name rows or what is counted: codes, which are counted
        and never shown.
    """

    privacy: Privacy
    reason: str
    countable: bool = False


@dataclass
class Roles:
    """The columns of a data set by the part they may play.

    Parameters
    ----------
    columns
        All columns, in order.
    column_privacy
        Who may see a column, where its values were looked at; the others are judged by name.
    omitted
        Why columns play no part, by name.
    privacy
        Columns about persons, by name.
    """

    columns: list[Column]
    column_privacy: Mapping[str, ColumnPrivacy] = field(default_factory=dict)
    omitted: dict[str, str] = field(default_factory=dict)
    privacy: dict[str, Privacy] = field(default_factory=dict)
    times: list[Column] = field(default_factory=list)
    dimensions: list[Column] = field(default_factory=list)
    measures: list[Column] = field(default_factory=list)
    flags: list[Column] = field(default_factory=list)
    identifiers: list[Column] = field(default_factory=list)

    def __post_init__(self) -> None:
        for column in self.columns:
            self._sort(column)

    def _sort(self, column: Column) -> None:
        """Put a column where it belongs, or note why it belongs nowhere."""
        name, dtype = column.name, column.dtype
        privacy, countable = self._privacy(column)
        if privacy is not Privacy.SAFE:
            self.privacy[name] = privacy
            if countable:
                self.identifiers.append(column)
        elif column.filled == 0:
            self.leave(column, "has no values")
        elif dtype.is_nested() or dtype.is_binary():
            self.leave(column, "holds more than single values")
        elif dtype.is_date() or dtype.is_timestamp():
            self.times.append(column)
        elif column.distinct <= 1 and column.rows > 1:
            self.leave(column, "has the same value in every row that has one")
        elif dtype.is_boolean() or (column.is_flag and not _is_measured(name)):
            self.flags.append(column)
        elif dtype.is_numeric():
            self._sort_number(column)
        elif dtype.is_string() or dtype.is_uuid():
            self._sort_text(column)
        else:
            self.leave(column, "holds neither text, numbers nor dates")

    def _privacy(self, column: Column) -> tuple[Privacy, bool]:
        """Return who may see a column, and whether it may be counted all the same."""
        column_privacy = self.column_privacy.get(column.name)
        if column_privacy is None:
            repeats = column.repeats or column.rows <= FEW_ROWS
            return privacy_of(column.name, repeats=repeats), False
        persons = names_persons(column.name) and column.distinct > FEW_PERSONS
        return column_privacy.privacy, column_privacy.countable or persons

    def _sort_number(self, column: Column) -> None:
        name, whole = column.name, column.dtype.is_integer()
        is_category = column.distinct <= 50 and column.filled > FEW_ROWS
        if is_identifier(name) or (whole and column.nearly_unique and aggregation_of(name) is None):
            target = self.dimensions if whole and is_category else self.identifiers
            target.append(column)
        elif is_calendar(name) and whole and column.distinct <= 400:
            if is_cycle(name) or not self._has_time:
                self.dimensions.append(column)
            else:
                self.leave(column, "repeats a part of the time column")
        elif aggregation_of(name) is None and whole and is_category and column.distinct <= 12:
            self.dimensions.append(column)
        else:
            self.measures.append(column)

    def _sort_text(self, column: Column) -> None:
        if names_persons(column.name) and column.distinct > FEW_PERSONS:
            self.privacy[column.name] = Privacy.PERSONAL
            self.identifiers.append(column)
        elif is_person(column.name) and is_identifier(column.name):
            self.identifiers.append(column)
        elif column.rows > FEW_ROWS and (column.distinct > MAX_MEMBERS or not column.repeats):
            if is_identifier(column.name) or column.nearly_unique:
                self.identifiers.append(column)
            else:
                self.leave(column, f"has about {column.distinct:,} different texts")
        elif is_identifier(column.name) and column.rows <= FEW_ROWS:
            self.identifiers.append(column)
        else:
            self.dimensions.append(column)

    @property
    def _has_time(self) -> bool:
        return any(c.dtype.is_date() or c.dtype.is_timestamp() for c in self.columns)

    def leave(self, column: Column, why: str) -> None:
        """Note why a column plays no part."""
        self.omitted[column.name] = why

    def drop(self, column: Column, why: str) -> None:
        """Take a column out of every part, and note why."""
        self.leave(column, why)
        for part in (self.dimensions, self.identifiers, self.measures):
            part[:] = [other for other in part if other.name != column.name]


def _is_measured(name: str) -> bool:
    return aggregation_of(name) is not None or is_identifier(name)
