"""A first model guessed from the data, every guess with its reason."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mirrorbi.data.engine.embedded import line
from mirrorbi.data.engine.profile import Profile
from mirrorbi.data.model.column_names import aggregation_of, is_identifier, is_person, time_rank
from mirrorbi.data.model.column_roles import FEW_ROWS, Column, ColumnPrivacy, Roles
from mirrorbi.data.model.draft_metrics import draft_flag, draft_measure
from mirrorbi.data.model.naming import Names, label, slug
from mirrorbi.data.model.semantic_model import (
    Aggregation,
    DatasetPart,
    Dimension,
    Metric,
    Model,
    Privacy,
    SimpleMetric,
    TimePart,
)
from mirrorbi.settings import PrivacySettings

MAX_DIMENSIONS = 12
MAX_METRICS = 20
"""Parts of a draft; what is beyond is named in its notes."""

MAX_TRIES = 4
"""Questions put to the data for one guess."""

MAX_TEXTS = 200
"""Columns of text that are searched for dates."""

NEARLY = 0.99
"""Part of the rows that a column must tell apart to be named as nearly the name of a row."""

MAX_NAME = 400
"""Characters of a column's name that a filter may hold."""

ISO_DATE = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}.*)?$"


@dataclass(frozen=True, slots=True)
class Draft:
    """A guessed model.

    Parameters
    ----------
    model
        The guess; its ``draft`` is true.
    reasons
        Why, by the key of the model (``metrics.price``) or, for what was left out,
        ``columns.<column>``.
    """

    model: Model
    reasons: dict[str, str]


def draft_model(
    table: Any,
    profile: Profile,
    name: str,
    column_privacy: Mapping[str, ColumnPrivacy] | None = None,
    zones: Mapping[str, str] | None = None,
) -> Draft:
    """Guess a model from the data.

    Parameters
    ----------
    table
        An ibis table. Beyond the profile, it is asked which columns of text hold dates
        and which columns name one row: a few aggregates.
    profile
        Its profile.
    name
        What the data is called.
    column_privacy
        Who may see the columns, where somebody looked at their values
        (`mirrorbi.privacy.pii`); without it, their names decide.
    zones
        Time zones of columns of moments, where the source names them.

    Examples
    --------
    >>> import ibis
    >>> from mirrorbi.data.engine.embedded import connect
    >>> from mirrorbi.data.engine.profile import profile
    >>> data = ibis.memtable({"city": ["Rome", "Oslo", "Rome"], "sales": [3.0, 4.0, 5.0]})
    >>> table = connect().create_table("t", data, temp=True)
    >>> draft = draft_model(table, profile(table), "sales")
    >>> list(draft.model.dimensions), list(draft.model.metrics)
    (['city'], ['rows', 'sales'])
    """
    return _Drafter(table, profile, name, column_privacy or {}, zones or {}).draft()


class _Drafter:
    def __init__(
        self,
        table: Any,
        profile: Profile,
        name: str,
        column_privacy: Mapping[str, ColumnPrivacy],
        zones: Mapping[str, str],
    ) -> None:
        self.table, self.rows, self.name = table, profile.rows, name
        self.zones = zones
        self.roles = Roles(Column.of(profile), column_privacy)
        self.names = Names()
        self.reasons: dict[str, str] = {}

    def draft(self) -> Draft:
        time = self._time()
        dimensions = self._dimensions()
        metrics = self._metrics()
        entity = self._entity()
        model = Model(
            dataset=DatasetPart(
                name=slug(self.name, "data"),
                label=label(self.name),
                grain=self._grain(time),
                entity=entity,
            ),
            time=TimePart(column=time.name, timezone=self._zone(time)) if time else None,
            dimensions=dimensions,
            metrics=metrics,
            privacy=PrivacySettings(columns={c: p.value for c, p in self.roles.privacy.items()}),
            draft=True,
        )
        omitted = {f"columns.{name}": reason for name, reason in self.roles.omitted.items()}
        classes = {f"privacy.{name}": self._why(name) for name in self.roles.privacy}
        return Draft(model, {**self.reasons, **omitted, **classes})

    def _why(self, name: str) -> str:
        column_privacy = self.roles.column_privacy.get(name)
        if column_privacy is None:
            return "judged by its name"
        by_name = column_privacy.privacy is Privacy.SAFE
        return "by its name, it tells of persons or clients" if by_name else column_privacy.reason

    def _zone(self, time: Column) -> str | None:
        zone = self.zones.get(time.name)
        is_known = zone in zoneinfo.available_timezones()
        return zone if is_known and time.dtype.is_timestamp() and time.dtype.timezone else None

    def _time(self) -> Column | None:
        ranked = sorted(
            self.roles.times, key=lambda c: (time_rank(c.name), c.filled < self.rows / 2)
        )
        best = ranked[0] if ranked else None
        for column in ranked[1:]:
            self.roles.leave(column, "is a time, but another column is the time of the data")
        if best is not None:
            others = f"among {len(ranked)} columns of dates, by its name"
            self.reasons["time"] = others if len(ranked) > 1 else "the only column of dates"
            return best
        for column in self._text_dates():
            self.roles.drop(
                column, "holds dates as text: as a column of dates, it could be the time"
            )
        return None

    def _text_dates(self) -> list[Column]:
        texts = [c for c in self.roles.columns if c.dtype.is_string() and c.filled]
        texts = [c for c in texts if c.name not in self.roles.privacy][:MAX_TEXTS]
        if not texts:
            return []
        matches = {f"c{i}": self._column(c).re_search(ISO_DATE).sum() for i, c in enumerate(texts)}
        counts = self._read(self.table.aggregate(**matches))
        return [c for i, c in enumerate(texts) if (counts[f"c{i}"] or 0) >= 0.95 * c.filled]

    def _dimensions(self) -> dict[str, Dimension]:
        for code, column in self._synonyms():
            self.roles.drop(code, f"says the same as {column.name}, shorter")
        columns = self.roles.dimensions
        fewest = {c.name for c in sorted(columns, key=lambda c: c.distinct)[:MAX_DIMENSIONS]}
        dimensions: dict[str, Dimension] = {}
        for column in columns:
            about = f"about {column.distinct:,} members"
            if column.name not in fewest:
                self.roles.leave(
                    column, f"has {about}; {MAX_DIMENSIONS} dimensions with fewer are in the draft"
                )
                continue
            name = self.names.new(column.name)
            dimensions[name] = Dimension(name=name, column=column.name, label=label(column.name))
            self.reasons[f"dimensions.{name}"] = about
        return dimensions

    def _synonyms(self) -> list[tuple[Column, Column]]:
        """Return pairs of text columns with the same members: a code, and its longer name."""
        if self.rows <= FEW_ROWS:
            return []
        texts = [c for c in self.roles.dimensions if c.dtype.is_string()][:MAX_DIMENSIONS]
        pairs = [
            (a, b)
            for i, a in enumerate(texts)
            for b in texts[i + 1 :]
            if abs(a.distinct - b.distinct) <= 0.05 * max(a.distinct, b.distinct)
            and a.profile.nulls == b.profile.nulls
        ]
        synonyms: list[tuple[Column, Column]] = []
        for a, b in pairs[:MAX_TRIES]:
            both = self.table.select(a=self._column(a), b=self._column(b)).distinct()
            line = self._read(
                both.aggregate(
                    both=both.count(),
                    a=both.a.nunique(),
                    b=both.b.nunique(),
                    missing=(both.a.isnull() | both.b.isnull()).sum(),
                    shorter=both.a.length().sum() <= both.b.length().sum(),
                )
            )
            if line["a"] == line["b"] == line["both"] - (line["missing"] or 0):
                synonyms.append((a, b) if line["shorter"] else (b, a))
        return synonyms

    def _metrics(self) -> dict[str, Metric]:
        metrics: dict[str, Metric] = {
            "rows": SimpleMetric(name="rows", label="Rows", agg=Aggregation.COUNT, unit="count")
        }
        self.reasons["metrics.rows"] = "the number of rows"
        measures = self.roles.measures
        recognised = [c for c in measures if aggregation_of(c.name) is not None]
        unrecognised = [c for c in measures if aggregation_of(c.name) is None]
        for column in self._first(recognised + unrecognised, metrics):
            metric, why = draft_measure(column, self.names, hidden=bool(recognised))
            metrics[metric.name] = metric
            self.reasons[f"metrics.{metric.name}"] = why
        for column in self._first(self.roles.flags, metrics):
            parts, why = draft_flag(column, self.names)
            metrics.update(parts)
            self.reasons[f"metrics.{list(parts)[-1]}"] = why
        return metrics

    def _first(self, columns: list[Column], metrics: dict[str, Metric]) -> Iterable[Column]:
        for column in columns:
            if len(metrics) < MAX_METRICS and 0 < len(column.name) <= MAX_NAME:
                yield column
            else:
                self.roles.leave(column, f"is beyond the {MAX_METRICS} metrics of a draft")

    def _entity(self) -> str | None:
        columns = self.roles.identifiers
        for column in columns:
            why = "is an identifier, by its name"
            if not is_identifier(column.name):
                why = "names persons or clients" if is_person(column.name) else "hardly repeats"
            self.roles.leave(column, why)
        repeating = [c for c in columns if is_person(c.name) or not c.nearly_unique]
        if not repeating:
            return None
        best = min(repeating, key=lambda c: (not is_person(c.name), -c.distinct))
        whose = "a person or client" if is_person(best.name) else "a thing"
        self.reasons["dataset.entity"] = f"by its name, it identifies {whose}"
        return best.name

    def _grain(self, time: Column | None) -> tuple[str, ...]:
        """Return the one column, or time and one other, that names a row; checked exactly."""
        if self.rows <= 1:
            return ()
        full = [c for c in self.roles.columns if not c.profile.nulls and not c.dtype.is_nested()]
        keys = [c for c in full if c.distinct >= 0.9 * self.rows and not c.dtype.is_floating()]
        singles = [c for c in keys if c in self.roles.identifiers or c is time]
        tries: list[tuple[str, ...]] = [(c.name,) for c in singles[:MAX_TRIES]]
        if time is not None and not time.profile.nulls:
            others = [c for c in [*self.roles.dimensions, *self.roles.identifiers] if c in full]
            fit = [c for c in others if c.distinct * time.distinct >= 0.95 * self.rows]
            fit.sort(key=lambda c: c.distinct)
            tries += [(time.name, c.name) for c in fit[:MAX_TRIES]]
        for names in tries:
            distinct = self.table.select(*names).distinct()
            n = self._read(distinct.aggregate(n=distinct.count()))["n"]
            if n == self.rows:
                self.reasons["dataset.grain"] = "checked, no two rows share it"
                return names
            if n >= NEARLY * self.rows and len(names) == 1:
                rows = "1 row repeats" if self.rows - n == 1 else f"{self.rows - n:,} rows repeat"
                self.reasons.setdefault(
                    "dataset.nearly", f"{names[0]} nearly does: {rows} one that came before"
                )
        return ()

    def _column(self, column: Column) -> Any:
        return self.table[column.name]

    @staticmethod
    def _read(expression: Any) -> dict[str, Any]:
        return line(expression)
