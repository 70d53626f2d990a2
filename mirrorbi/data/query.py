"""A question to a data set, and its answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirrorbi.data.periods import Calendar, Grain, Period
from mirrorbi.data.prompt_line import prompt_line

if TYPE_CHECKING:
    import pandas as pd

MISSING = "(missing)"
"""The member that stands for rows in which a dimension is null."""


@dataclass(frozen=True, slots=True)
class Query:
    """Metrics x dimensions x time grain x filters.

    Build one with `Query.of`, which sorts and checks; two equal questions are then
    equal objects with the same id.

    Parameters
    ----------
    metrics
        Names of metrics, in the order of the columns of the answer.
    by
        Names of dimensions: one line per combination of their members.
    where
        Members kept, per dimension.
    grain
        One line per period of this grain; ``None`` for all time in one.
    period
        The time that is looked at; ``None`` for all of it.

    Examples
    --------
    >>> Query.of("flights", by="carrier", where={"origin": ["JFK"]}, period="2013-12").id
    'e27d460ac7'
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    grain: Grain | None = None
    period: Period | None = None

    @classmethod
    def of(
        cls,
        metrics: str | Iterable[str],
        by: str | Iterable[str] = (),
        where: Mapping[str, str | Iterable[str]] | None = None,
        grain: Grain | str | None = None,
        period: Period | str | None = None,
        calendar: Calendar | None = None,
    ) -> Query:
        """Return the query, with every argument in its one canonical form."""
        filters = {name: _words(members) for name, members in (where or {}).items()}
        return cls(
            metrics=_words(metrics),
            by=_words(by),
            where=tuple(sorted((name, tuple(sorted(set(m)))) for name, m in filters.items())),
            grain=Grain.parse(grain) if grain else None,
            period=Period.parse(period, calendar or Calendar())
            if isinstance(period, str)
            else period,
        )

    @property
    def id(self) -> str:
        """Ten hexadecimal digits that stand for this question, stable from run to run."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:10]

    def to_dict(self) -> dict[str, Any]:
        """Return the query as plain values, ready for JSON."""
        return {
            "metrics": list(self.metrics),
            "by": list(self.by),
            "where": {name: list(members) for name, members in self.where},
            "grain": str(self.grain) if self.grain else None,
            "period": str(self.period) if self.period else None,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], calendar: Calendar | None = None) -> Query:
        """Return the query that `to_dict` described."""
        return cls.of(
            values["metrics"],
            by=values.get("by", ()),
            where=values.get("where"),
            grain=values.get("grain"),
            period=values.get("period"),
            calendar=calendar,
        )


@dataclass(frozen=True)
class Result:
    """The answer to a `Query`.

    Parameters
    ----------
    query
        The question.
    columns
        One line per cell: ``period`` (first moment, `datetime64`) and ``complete``
        (bool) where the query has a grain; one column per dimension (`str`); one per
        metric (`float64`, NaN where there is nothing to compute from); ``rows``
        (`int64`); and ``entities`` (`int64`) where the model names an entity. Sorted by
        period, then by the dimensions in the order of the query. A mapping of arrays, or
        a frame.
    """

    query: Query
    columns: Mapping[str, Any] | pd.DataFrame

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The columns as a frame of pandas."""
        columns: Any = self.columns
        return frame_of(columns) if isinstance(columns, dict) else columns

    def __len__(self) -> int:
        return len(self.columns["rows"])

    def __repr__(self) -> str:
        parts = [*self.query.by, *([str(self.query.grain)] if self.query.grain else [])]
        by = f" by {', '.join(parts)}" if parts else ""
        return prompt_line(f"Result of {', '.join(self.query.metrics)}{by}: {len(self):,} lines")

    def to_csv(self, path: str | Path) -> None:
        """Write the answer as CSV; no text in it is a formula to a spreadsheet.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        from mirrorbi.data.export import to_csv

        to_csv(self.frame, Path(path))

    def to_excel(self, path: str | Path) -> None:
        """Write the answer as an Excel workbook; no text in it is a formula.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        from mirrorbi.data.export import to_excel

        to_excel(self.frame, Path(path))

    def _repr_html_(self) -> str:
        return str(self.frame.to_html(index=False, escape=True, max_rows=40))


def frame_of(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return arrays as a frame in which text stays what it is."""
    import pandas as pd

    return pd.DataFrame(
        {
            name: pd.Series(values, dtype=object, copy=False) if values.dtype == object else values
            for name, values in columns.items()
        },
        copy=False,
    )


def _words(value: str | Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([value] if isinstance(value, str) else value))
