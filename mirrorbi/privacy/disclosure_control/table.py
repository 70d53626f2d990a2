"""The table: which cells of one answer may be shown, by whatever it is cut.

A sweep of facts looks at one dimension at a time and puts small members together. A table
is what an analyst asked for, line by line: its small cells are left open, and with them
those from which they would follow, by the total over any dimension, over the time of the
table, or over what a filter left out. What follows from other answers beside it is the
audit's (`mirrorbi.privacy.disclosure_control.audit`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from mirrorbi.data.cube.states import simple_metrics
from mirrorbi.data.query import Query
from mirrorbi.privacy.dimensions import check_dimensions
from mirrorbi.privacy.disclosure_control.cells import Bools, Cells, Codes, Floats
from mirrorbi.privacy.disclosure_control.lattice import Ints, Lattice
from mirrorbi.privacy.disclosure_control.safety_rules import RULES, Rules
from mirrorbi.privacy.withheld import Withheld

if TYPE_CHECKING:
    import pandas as pd

    from mirrorbi.data.dataset import Dataset
    from mirrorbi.privacy.policy import Policy

Key = tuple[Any, ...]

_REST = object()
"""Where a line lies that a filter left out."""


@dataclass(frozen=True)
class TableSuppression:
    """What of a table may not be shown.

    Parameters
    ----------
    hidden
        Array (lines,): lines of which nothing is shown.
    masked
        Per metric an array (lines,): lines of which it is not shown.
    withheld
        How many cells each rule kept back.
    """

    hidden: Bools
    masked: Mapping[str, Bools]
    withheld: tuple[Withheld, ...]

    def without(self, lines: Iterable[int]) -> TableSuppression:
        """Return the same with more lines hidden: they would tell beside other answers."""
        more = np.zeros(len(self.hidden), dtype=bool)
        more[list(lines)] = True
        more &= ~self.hidden
        if not more.any():
            return self
        why = Withheld("difference", "cells of the table", int(more.sum()))
        masked = {name: mask & ~more for name, mask in self.masked.items()}
        return TableSuppression(self.hidden | more, masked, (*self.withheld, why))


def table_suppression(
    dataset: Dataset, query: Query, frame: pd.DataFrame, policy: Policy
) -> TableSuppression:
    """Return what of the answer to a query may not be shown.

    Parameters
    ----------
    dataset
        The data.
    query
        The question.
    frame
        The whole answer, as `Result` holds it.
    policy
        What may be shown.

    Raises
    ------
    RefusedError
        As `check_query` does; or if so much must be left open that nobody can tell what follows.
    """
    check_query(dataset, query, policy)
    rules = Rules(dataset.model, policy)
    sheet = _Sheet.of(dataset, query, frame)
    lattice = Lattice(sheet.counts, sheet.fixed, sheet.totals, policy.min_entities)
    cells = lattice.cells()
    broken = rules.cells(cells)[:, 0]
    hidden = lattice.suppress(broken > 0, rules.cells)
    mine = ~sheet.fixed
    causes: dict[int, int] = {}
    _count(causes, broken[mine], hidden[mine])
    single = [name for name in query.metrics if rules.is_single_record(name)]
    masked: dict[str, Bools] = dict.fromkeys(single, ~hidden[mine])
    for linked in _linked(dataset, [name for name in query.metrics if name not in single]):
        codes = partial(_worst, rules, linked)
        wrong = codes(cells)[:, 0]
        # Where no more is small than is anyway, nothing more follows.
        same = ((wrong > 0) == (broken > 0)).all()
        suppressed = hidden if same else lattice.suppress(hidden, codes)
        for name in linked:
            masked[name] = (suppressed & ~hidden)[mine]
            _count(causes, wrong[mine], masked[name])
    single_records = [
        Withheld("few", f"{dataset.label(n)}: the value of a single record", int(masked[n].sum()))
        for n in single
    ]
    return TableSuppression(hidden[mine], masked, (*_withheld(causes), *single_records))


def check_query(dataset: Dataset, query: Query, policy: Policy) -> None:
    """Refuse a question of which nothing may be shown.

    Raises
    ------
    RefusedError
        If it is cut by a personal or blocked column.
    """
    check_dimensions(dataset, policy, [*query.by, *(name for name, _ in query.where)])


def _worst(rules: Rules, names: tuple[str, ...], cells: Cells) -> Codes:
    """Return the rule that each cell breaks if any of these metrics of it is shown."""
    worst = rules.cells(cells)
    for name in names:
        codes = rules.metric(cells, name)
        worst = np.where(worst == 0, codes, worst).astype(np.int8)
    return worst


def _linked(dataset: Dataset, metrics: list[str]) -> list[tuple[str, ...]]:
    """Return metrics that are computed from one another, together: all are shown or none.

    A share and its whole give the part.
    """
    groups: list[tuple[set[str], list[str]]] = []
    for name in metrics:
        parts = {metric.name for metric in simple_metrics(dataset.model, name)}
        near = [group for group in groups if group[0] & parts]
        names = [n for _, members in near for n in members] + [name]
        groups = [group for group in groups if group not in near]
        groups.append((parts.union(*(group[0] for group in near)), names))
    return [tuple(names) for _, names in groups]


def _count(causes: dict[int, int], codes: Codes, suppressed: Bools) -> None:
    for code in codes[suppressed].tolist():
        # What breaks no rule itself would give another away.
        key = int(code) or RULES.index("complement")
        causes[key] = causes.get(key, 0) + 1


def _withheld(causes: Mapping[int, int]) -> Iterator[Withheld]:
    for code, cells in sorted(causes.items()):
        yield Withheld(RULES[code], "cells of the table", cells)


@dataclass(frozen=True)
class _Sheet:
    """The lines of a table, those that its filters left out, and their totals."""

    counts: Mapping[str, Floats]
    fixed: Bools
    totals: list[Ints]

    @classmethod
    def of(cls, dataset: Dataset, query: Query, frame: pd.DataFrame) -> _Sheet:
        keys = _keys(query, frame)
        lines = _lines(keys, frame)
        cut = [name for name, _ in query.where if name not in keys]
        axes = (*keys, *cut)
        # A line's place on every axis; what a filter left out is a place of its own.
        places: list[Key] = [(*line, *("" for _ in cut)) for line in lines]
        parts, origin = [_line_counts(dataset, query, lines)], [""] * len(lines)
        for name, members in query.where:
            excluded = tuple(sorted(set(dataset.members(name)) - set(members)))
            if not excluded:
                continue
            rest = replace(
                query,
                by=tuple(by for by in query.by if by != name),
                where=tuple((n, excluded if n == name else m) for n, m in query.where),
            )
            at = axes.index(name)
            rest_places = list(
                dict.fromkeys((*p[:at], _REST, *p[at + 1 :]) for p in places[: len(lines)])
            )
            rest_keys = [name_ for name_ in keys if name_ != name]
            named = [tuple(p[axes.index(key)] for key in rest_keys) for p in rest_places]
            parts.append(_line_counts(dataset, rest, named))
            places += rest_places
            origin += [name] * len(rest_places)
        counts = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        fixed = np.array([bool(name) for name in origin], dtype=bool)
        return cls(counts, fixed, list(_totals(axes, places, origin)))


def _totals(axes: tuple[str, ...], places: list[Key], origin: list[str]) -> Iterator[Ints]:
    """Yield which total each line is part of, for each way to add up over one or more axes.

    Over two axes of which a filter left something out nothing adds up: what both left out
    is no line of the sheet.
    """
    filtered = set(origin) - {""}
    for size in range(1, len(axes) + 1):
        for over in combinations(axes, size):
            rests = filtered.intersection(over)
            if len(rests) > 1:
                continue
            other_axes = [i for i, name in enumerate(axes) if name not in over]
            numbers: dict[Key, int] = {}
            total = np.full(len(places), -1, dtype=int)
            for i, place in enumerate(places):
                if not rests or origin[i] in ("", *rests):
                    key = tuple(place[k] for k in other_axes)
                    total[i] = numbers.setdefault(key, len(numbers))
            yield total


def _keys(query: Query, frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if name == "period" or name in query.by]


def _lines(keys: list[str], frame: pd.DataFrame) -> list[Key]:
    if not keys:
        return [()] * len(frame)
    return list(zip(*(frame[key].tolist() for key in keys), strict=True))


def _line_counts(dataset: Dataset, query: Query, names: list[Key]) -> dict[str, Floats]:
    """Return what stands behind each line: arrays (lines,) by name, nothing where none is."""
    frame = dataset.counted(query)
    keys = _keys(query, frame)
    places = {name: i for i, name in enumerate(names)}
    at = np.array([places.get(key, -1) for key in _lines(keys, frame)], dtype=int)
    counts = {}
    for name in frame.columns:
        if name in keys:
            continue
        array = np.zeros(len(names))
        values = np.nan_to_num(frame[name].to_numpy(dtype=float))
        array[at[at >= 0]] = values[at >= 0]
        counts[name] = array
    return counts
