"""Kinds: everything that a fact can be, each registered once.

A kind says in plain data what the other rooms need to know of its facts: which family finds
them, which quantities they may carry, what their table looks like, and which cells of the
data they speak of. Whoever draws, tells or proves a kind registers it in a room of their own,
under its name here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mirrorbi.errors import FactError, did_you_mean
from mirrorbi.facts.fact import Fact, Table

Head = Literal["period", "member", "column"]
"""What the first column of a table holds: periods, members of ``terms["by"]``, or columns of
the data."""

Cells = Literal["period", "baseline", "lines", "all_data", "nulls"]
"""Cells of the data: of the scope in its period or its baseline; of each line of the table;
all rows; the rows that have no value in a column."""

Subject = Literal["metric", "column", "data"]


@dataclass(frozen=True, slots=True)
class Without:
    """Why a room has nothing of its own for a kind, where it might have."""

    reason: str


_HEAD_UNITS: Mapping[Head, str] = {"period": "period", "member": "text", "column": "text"}


@dataclass(frozen=True, slots=True)
class Form:
    """What facts of a kind look like, and which cells they speak of.

    Parameters
    ----------
    cells
        The cells whose rows or values are told. The lines of a table of members are cells of
        the period and the baseline, as far as these are told; those of a table of periods
        are cells of the scope.
    head
        What the first column of the table holds; ``None`` where there is no table.
    columns
        Names of the columns after the first, in order.
    observed
        Of these, the columns that tell something of the data: a line in which all of them
        are empty speaks of no cell. Empty for every column.
    """

    cells: tuple[Cells, ...] = ()
    head: Head | None = None
    columns: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()

    def fits(self, fact: Fact) -> bool:
        """Return whether the fact's table is as declared; one that was left out is."""
        if fact.table is None:
            return True
        if self.head is None:
            return False
        (name, unit), *others = fact.table.columns
        heads = {"period": "period", "member": fact.terms.get("by"), "column": "column"}
        return (name, unit) == (heads[self.head], _HEAD_UNITS[self.head]) and self.columns == tuple(
            column for column, _ in others
        )

    def told_lines(self, table: Table) -> tuple[str, ...]:
        """Return the heads of the lines that tell something of the data."""
        observed = [
            i
            for i, (name, _) in enumerate(table.columns)
            if i and (name in self.observed or not self.observed)
        ]
        return tuple(
            str(line[0]) for line in table.rows if any(line[i] is not None for i in observed)
        )


@dataclass(frozen=True, slots=True)
class Kind:
    """What is true of all facts of one kind.

    Parameters
    ----------
    name
        As in `Fact.kind`.
    family
        The module of `mirrorbi.facts.families` that finds it, or what else makes it.
    quantities
        Names of the quantities that its facts may carry.
    form
        What its facts look like, and which cells they speak of.
    over_time
        The form of facts without ``terms["by"]``, where these differ.
    subject
        What `Fact.metric` names: a metric, a column, or the data itself.
    tested
        Whether it says nothing if it may be chance: its facts are reported only where the
        false discovery rate allows it.
    on_request
        Whether a sweep finds it only where it is named.
    swept
        Whether sweeps find it.
    silent
        Why its facts speak of no cells, where they do not.

    Examples
    --------
    >>> kind_of("trend").tested, kind_of("trend").form.columns
    (True, ('value', 'complete', 'fit'))
    """

    name: str
    family: str
    quantities: tuple[str, ...]
    form: Form = Form()
    over_time: Form | None = None
    subject: Subject = "metric"
    tested: bool = False
    on_request: bool = False
    swept: bool = True
    silent: str = ""

    def form_of(self, fact: Fact) -> Form:
        """Return what this fact of the kind has to look like."""
        return self.form if self.over_time is None or "by" in fact.terms else self.over_time


def _course(cells: tuple[Cells, ...], *columns: str) -> Form:
    """Return the form of a value through time; ``columns`` stand beside it."""
    return Form((*cells, "lines"), "period", ("value", "complete", *columns), ("value",))


def _rows(*cells: Cells) -> Form:
    """Return the form of the rows of each period."""
    return Form((*cells, "lines"), "period", ("rows",))


def _members(cells: tuple[Cells, ...], *columns: str) -> Form:
    """Return the form of a table of members."""
    return Form((*cells, "lines"), "member", columns)


_NOW: tuple[Cells, ...] = ("period",)
_BOTH: tuple[Cells, ...] = ("period", "baseline")

_KINDS = (
    Kind("value", "values", ("value",), _course(_NOW)),
    Kind(
        "share",
        "values",
        ("share", "value", "total", "rank", "of"),
        _members(_NOW, "value", "share"),
    ),
    Kind(
        "rank",
        "values",
        ("value", "rank", "of", "overall", "left_out"),
        _members(_NOW, "value", "rows"),
    ),
    # What came before an extreme is a stretch of history, told step by step.
    Kind("extreme", "values", ("value", "of", "previous"), _course(_NOW)),
    Kind("change", "changes", ("delta", "value", "base", "pct"), _course(_BOTH)),
    Kind(
        "contribution",
        "contributions",
        ("delta", "total_delta", "value", "base", "rank", "share"),
        _members(_BOTH, "base", "value", "delta"),
    ),
    Kind(
        "mix",
        "mix",
        ("delta", "mix", "rate", "value", "base"),
        _members(_BOTH, "mix", "rate", "share_base", "share", "base", "value"),
    ),
    Kind(
        "mix_part", "mix", ("effect", "mix", "rate", "delta", "rank", "base", "value"), Form(_BOTH)
    ),
    Kind(
        "simpson",
        "simpson",
        ("delta", "members", "opposite"),
        _members(_BOTH, "base", "value", "delta"),
    ),
    # The period of the next ones is a stretch of history of which only the steps are told.
    Kind(
        "trend",
        "trends",
        ("slope", "total", "periods", "value", "base"),
        _course((), "fit"),
        tested=True,
    ),
    Kind(
        "unusual",
        "unusual",
        ("delta", "value", "expected", "low", "high", "z"),
        _course(_NOW, "expected", "low", "high"),
        tested=True,
    ),
    Kind("break", "breaks", ("delta", "before", "after"), _course((), "level"), tested=True),
    Kind(
        "correlation",
        "correlation",
        ("rho", "lag", "periods"),
        Form(("lines",), "period", ("value", "other")),
        tested=True,
    ),
    Kind(
        "concentration",
        "concentration",
        ("share", "k", "members", "hhi", "gini"),
        _members(_NOW, "value", "share", "cumulative"),
    ),
    Kind(
        "coverage",
        "quality",
        ("rows", "columns", "periods"),
        _rows("all_data", "period"),
        subject="data",
    ),
    Kind(
        "completeness",
        "quality",
        ("share", "columns", "with_nulls"),
        Form(("all_data", "nulls"), "column", ("type", "nulls", "share", "distinct")),
        subject="data",
    ),
    # Its number of rows is that of all the data.
    Kind(
        "missing_periods",
        "quality",
        ("missing", "of", "periods"),
        _rows("all_data"),
        subject="data",
    ),
    Kind("incomplete", "quality", ("days", "of"), Form(_NOW), subject="data"),
    Kind("late_data", "quality", ("rows", "expected", "share"), _rows("period"), subject="data"),
    Kind(
        "duplicates",
        "quality",
        ("duplicates", "rows", "share"),
        Form(("all_data",)),
        subject="data",
    ),
    Kind(
        "nulls",
        "quality",
        ("share", "nulls", "rows"),
        Form(("all_data", "nulls")),
        subject="column",
    ),
    Kind("constant", "quality", ("rows",), Form(("all_data",)), subject="column"),
    Kind("infinite", "quality", ("infinite", "rows"), Form(("all_data",)), subject="column"),
    Kind(
        "withheld",
        "quality",
        ("cells", "small", "complement", "least", "whole"),
        subject="data",
        silent="it says how many cells are not shown, and which is not said",
    ),
    Kind("cell", "cells", ("value",), Form(_NOW), on_request=True),
    Kind(
        "forecast",
        "forecast",
        (
            "value",
            "low",
            "high",
            "last",
            "delta",
            "naive",
            "mase",
            "skill",
            "coverage",
            "judged",
            "backtests",
            "ahead",
            "periods",
        ),
        _course((), "forecast", "low", "high"),
        on_request=True,
    ),
    Kind(
        "distribution",
        "distribution",
        (
            "members",
            "mean",
            "median",
            "lower",
            "upper",
            "spread",
            "above",
            "share_above",
            "skew",
            "overall",
            "left_out",
        ),
        _members(_NOW, "value", "rows"),
        over_time=_course(()),
        on_request=True,
    ),
    Kind(
        "duration",
        "duration",
        ("median", "p90", "within", "open", "overall"),
        _members(_NOW, "value", "p90", "rows"),
        over_time=_course(_NOW, "p90"),
    ),
    Kind(
        "derived",
        "derived",
        ("sum", "rank", "of", "value", "diff", "base", "ratio", "share", "total", "pct_change"),
        swept=False,
        silent="it is arithmetic over facts that spoke of their cells themselves",
    ),
    Kind(
        "sweep",
        "summary",
        ("tests", "found", "metrics", "dimensions_seen", "rows", "alpha"),
        Form(("all_data",)),
        subject="data",
        swept=False,
    ),
    Kind("extent", "summary", ("rows",), Form(("all_data",)), subject="data", swept=False),
    Kind(
        "vanished",
        "summary",
        ("members",),
        swept=False,
        silent="it names members of a table whose fact spoke of each of them",
    ),
    Kind(
        "appeared",
        "summary",
        ("members",),
        swept=False,
        silent="it names members of a table whose fact spoke of each of them",
    ),
    Kind(
        "breadth",
        "summary",
        ("same", "members"),
        swept=False,
        silent="it counts members of a table whose fact spoke of each of them",
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
"""Every kind, by name, in the order in which sweeps find them."""

SWEPT = tuple(kind.name for kind in _KINDS if kind.swept)
"""The kinds that a sweep can be asked for."""

FAMILIES: Mapping[str, tuple[str, ...]] = {
    family: tuple(kind.name for kind in _KINDS if kind.swept and kind.family == family)
    for family in dict.fromkeys(kind.family for kind in _KINDS if kind.swept)
}
"""The kinds of facts that each family finds."""


def kind_of(name: str) -> Kind:
    """Return the kind of that name.

    Raises
    ------
    FactError
        If no kind of that name is registered.
    """
    try:
        return KINDS[name]
    except KeyError:
        raise FactError(
            f"There is no kind of fact {name!r}.", hint=did_you_mean(name, KINDS, noun="kinds")
        ) from None
