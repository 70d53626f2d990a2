"""The cube: mergeable aggregates made in one scan, from which questions are answered.

Gray et al., Data Cube: A Relational Aggregation Operator Generalizing Group-By, Cross-Tab,
and Sub-Totals, Data Mining and Knowledge Discovery 1 (1997): sums, counts, least and
greatest values are distributive, means and ratios algebraic; both can be computed from the
cells of a finer cube. Medians and distinct counts are holistic and are not kept here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mirrorbi.data.periods import Calendar, Grain, Period
from mirrorbi.data.query import MISSING, Query
from mirrorbi.data.states import State

if TYPE_CHECKING:
    import pandas as pd

BASES = (Grain.HOUR, Grain.DAY, Grain.MONTH)
"""Steps of time that a cube may have: months make quarters and years, days make weeks."""


@dataclass(frozen=True, slots=True)
class Cube:
    """One cell per step of time and combination of members.

    Parameters
    ----------
    dimensions
        Names of the dimensions that the cells are cut by.
    base
        The step of time; ``None`` if cells are not cut by time.
    states
        What is kept of each cell, beside its number of ``rows``.
    frame
        ``step`` (first moment of the step), one categorical column per dimension,
        ``rows``, and one column per state.
    """

    dimensions: tuple[str, ...]
    base: Grain | None
    states: frozenset[State]
    frame: pd.DataFrame

    def covers(self, dimensions: Iterable[str], base: Grain | None, states: set[State]) -> bool:
        """Return whether a question with these needs can be answered from the cells."""
        return (
            set(dimensions) <= set(self.dimensions)
            and states <= self.states
            and (base is None or (self.base is not None and _at_least(self.base, base)))
        )

    def narrow(self, dimensions: Sequence[str]) -> Cube:
        """Return the cube of fewer dimensions that these cells add up to."""
        keys = [name for name in dimensions if name in self.dimensions]
        return Cube(
            tuple(keys), self.base, self.states, _merge(self.frame, ["step", *keys], self.states)
        )

    def answer(self, query: Query, calendar: Calendar, states: Iterable[State]) -> pd.DataFrame:
        """Return one line per cell of the query, with its rows and merged states.

        The frame has ``period`` where the query has a grain, one `str` column per
        dimension, ``rows``, and one column per state, sorted by period and dimensions.
        """
        import pandas as pd

        wanted = sorted(states)
        frame = self.frame
        keep = None
        for name, members in query.where:
            kept = frame[name].isin(members)
            keep = kept if keep is None else keep & kept
        if query.period is not None:
            step = frame["step"]
            kept = (step >= query.period.start) & (step < query.period.end)
            keep = kept if keep is None else keep & kept
        if keep is not None:
            frame = frame[keep]
        keys = list(query.by)
        if query.grain is not None:
            frame = frame[frame["step"].notna()]
            frame = frame.assign(period=_floor(frame["step"], query.grain, calendar))
            keys = ["period", *keys]
        frame = _stocks(frame, wanted, "period" if query.grain is not None else None)
        merged = _merge(frame, keys, wanted)
        for name in query.by:
            merged[name] = merged[name].astype(str).astype(object)
        if keys:
            merged = merged.sort_values(keys, kind="stable", ignore_index=True)
        return pd.DataFrame(merged)


def base_for(query: Query, stock: bool = False) -> Grain | None:
    """Return the coarsest step of time from which the query can be answered."""
    needs: list[Grain] = []
    if query.grain is not None:
        needs.append(_base_of(query.grain))
    if query.period is not None:
        needs.append(_base_of_span(query.period))
    if stock:
        needs.append(Grain.DAY)
    return min(needs, key=BASES.index) if needs else None


def build(
    table: Any,
    columns: Sequence[tuple[str, Any]],
    time: Any | None,
    base: Grain | None,
    states: Iterable[State],
) -> Cube:
    """Read the table once and return its cube.

    Parameters
    ----------
    table
        An ibis table.
    columns
        Name and ibis column of each dimension.
    time
        The ibis column of time, or ``None``.
    base
        The step of time, or ``None``.
    states
        What to keep of each cell.
    """
    kept = sorted(set(states))
    keys = {f"k{index}": _groupable(column) for index, (_, column) in enumerate(columns)}
    if base is not None and time is not None:
        keys["step"] = _step(time, base)
    measured = table.group_by(**keys) if keys else table

    def scan(finite: bool) -> Any:
        wanted = {f"s{i}": state.expression(table, finite=finite) for i, state in enumerate(kept)}
        return measured.aggregate(rows=table.count(), **wanted).to_pyarrow()

    read = scan(finite=False)
    if any(_not_finite(read[f"s{index}"]) for index in range(len(kept))):
        read = scan(finite=True)
    import pandas as pd

    frame: dict[str, Any] = {}
    if "step" in keys and base is not None:
        frame["step"] = _moments(read["step"], base)
    else:
        frame["step"] = pd.Series(pd.NaT, index=range(len(read)), dtype="datetime64[us]")
    for index, (name, _) in enumerate(columns):
        frame[name] = _categories(read[f"k{index}"])
    frame["rows"] = read["rows"].to_numpy()
    for index, state in enumerate(kept):
        frame[state.name] = read[f"s{index}"].to_pandas()
    names = tuple(name for name, _ in columns)
    return Cube(names, base if "step" in keys else None, frozenset(kept), pd.DataFrame(frame))


def _merge(frame: pd.DataFrame, keys: list[str], states: Iterable[State]) -> pd.DataFrame:
    how = {"rows": "sum", **{state.name: state.merge for state in sorted(states)}}
    if keys:
        merged = frame.groupby(keys, observed=True, sort=True, dropna=False, as_index=False)
        result = merged.agg(how)
    else:
        result = frame.agg(how).to_frame().T.infer_objects()
        result = result[result["rows"] > 0]
    for name, function in how.items():
        if function == "sum":
            result[name] = result[name].fillna(0)
    return result


def _stocks(frame: pd.DataFrame, states: Iterable[State], period: str | None) -> pd.DataFrame:
    """Keep of each stock only its first or last step in each period of the answer."""
    for state in states:
        if state.take:
            if period is None:
                edge: Any = frame["step"].agg("max" if state.take == "last" else "min")
            else:
                edge = frame.groupby(period)["step"].transform(
                    "max" if state.take == "last" else "min"
                )
            frame = frame.assign(
                **{state.name: frame[state.name].where(frame["step"] == edge, other=0)}
            )
    return frame


def _floor(step: pd.Series, grain: Grain, calendar: Calendar) -> pd.Series:
    import pandas as pd

    codes, unique = pd.factorize(step)
    floors = pd.DatetimeIndex(
        [calendar.floor(moment.to_pydatetime(), grain) for moment in unique]
    ).astype("datetime64[us]")
    return pd.Series(floors.to_numpy()[codes], index=step.index)


def _step(time: Any, base: Grain) -> Any:
    # A number groups faster than a truncated date: a third less on ten million rows.
    if base is Grain.MONTH:
        return time.year() * 12 + time.month() - 1
    return time.cast("date") if base is Grain.DAY else time.truncate("h")


def _moments(steps: Any, base: Grain) -> pd.Series:
    import numpy as np
    import pandas as pd

    found = steps.to_pandas()
    if base is Grain.MONTH:
        months = found.to_numpy(dtype=float) - 1970 * 12
        known = np.where(np.isnan(months), np.iinfo("int64").min, months).astype("int64")
        found = pd.Series(known.astype("datetime64[M]"))
    return pd.Series(pd.to_datetime(found).astype("datetime64[us]"))


def _not_finite(column: Any) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return False
    return bool(pc.any(pc.invert(pc.is_finite(column))).as_py())


def _groupable(column: Any) -> Any:
    dtype = column.type()
    return column if dtype.is_string() or dtype.is_integer() else column.cast("string")


def _categories(column: Any) -> Any:
    """Return the members of an Arrow column as an ordered pandas categorical of text."""
    import numpy as np
    import pandas as pd

    encoded = column.combine_chunks().dictionary_encode()
    members = [str(member) for member in encoded.dictionary.to_pylist()]
    codes = encoded.indices.fill_null(len(members)).to_numpy(zero_copy_only=False)
    members.append(MISSING)
    names = sorted(set(members))
    place = {name: index for index, name in enumerate(names)}
    lookup = np.array([place[name] for name in members])
    return pd.Categorical.from_codes(lookup[codes], categories=pd.Index(names, dtype=object))


def _at_least(have: Grain, need: Grain) -> bool:
    return BASES.index(have) <= BASES.index(need)


def _base_of(grain: Grain) -> Grain:
    if grain in (Grain.HOUR, Grain.DAY):
        return grain
    return Grain.DAY if grain is Grain.WEEK else Grain.MONTH


def _base_of_span(period: Period) -> Grain:
    if any(edge.minute or edge.hour for edge in (period.start, period.end)):
        return Grain.HOUR
    return Grain.MONTH if period.start.day == period.end.day == 1 else Grain.DAY
