"""The second path: figures of the headline, counted again past the cube.

Facts come from cubes that are rolled up in memory. Here the same question goes to the
engine as SQL over the data itself, so that a fault in cube or roll-up cannot print a
wrong headline.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mirrorbi.data.cube.states import simple_metrics
from mirrorbi.data.periods import Period
from mirrorbi.data.query import Query
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.kinds import Kind, kind_of

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset

TOLERANCE = Decimal("1e-6")
"""Relative difference allowed: engines add floats in any order."""


def recounted_quantities(kind: Kind) -> tuple[str, ...]:
    """Return the quantities of a kind that are counted again.

    They are those that are the metric itself, of the fact's scope in its period and, under
    ``base``, in its baseline.

    Examples
    --------
    >>> from mirrorbi.facts.kinds import kind_of
    >>> recounted_quantities(kind_of("change")), recounted_quantities(kind_of("trend"))
    (('value', 'base'), ())
    """
    times = {"value": "period", "base": "baseline"}
    return tuple(
        name
        for name, time in times.items()
        if kind.subject == "metric" and name in kind.quantities and time in kind.form.cells
    )


@dataclass(frozen=True, slots=True)
class Recount:
    """One figure counted twice.

    Parameters
    ----------
    fact, name
        The fact's id and the quantity.
    cube_value, engine_value
        As the cube gave it, and as the engine does.
    sql
        What was asked.
    """

    fact: str
    name: str
    cube_value: Decimal
    engine_value: Decimal | None
    sql: str

    @property
    def same(self) -> bool:
        """Whether both are the same."""
        if self.engine_value is None:
            return False
        return abs(self.cube_value - self.engine_value) <= TOLERANCE * max(
            abs(self.cube_value), Decimal("1e-9")
        )

    @property
    def reason(self) -> str:
        """Why a narrative may not be shipped; empty if both are the same."""
        if self.same:
            return ""
        return (
            f"{self.name} of {self.fact} is {self.cube_value:f} by the cube, "
            f"{self.engine_value} by the data"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the recount as plain values, ready for JSON."""
        return {
            "fact": self.fact,
            "name": self.name,
            "told": format(self.cube_value, "f"),
            "counted": None if self.engine_value is None else format(self.engine_value, "f"),
            "same": self.same,
            "sql": self.sql,
        }


def recount(fact: Fact, dataset: Dataset | None) -> list[Recount]:
    """Return the figures of a fact counted again; none where that cannot be asked in SQL.

    Parameters
    ----------
    fact
        A fact with a ``value``, and where it compares two periods a ``base``.
    dataset
        What it is about.
    """
    if dataset is None or fact.metric not in dataset.model.metrics:
        return []
    recounts = []
    for name in recounted_quantities(kind_of(fact.kind)):
        # The base of an average is that of no period.
        is_mean = name == "base" and (fact.baseline is None or fact.compare == "average")
        quantity = fact.quantities.get(name)
        if quantity is not None and not is_mean:
            period = fact.period if name == "value" else fact.baseline
            value, sql = _count(fact, period, dataset)
            recounts.append(Recount(fact.id, name, quantity.value, value, sql))
    return recounts


def _count(fact: Fact, period: Period | None, dataset: Dataset) -> tuple[Decimal | None, str]:
    where = {name: list(members) for query in fact.evidence[:1] for name, members in query.where}
    by: list[str] = []
    if any(part.non_additive for part in simple_metrics(dataset.model, fact.metric)):
        # The stock of a member is that of the last day of all, also where it has no row then.
        by = [name for name, _ in fact.scope]
    else:
        where |= {name: [member] for name, member in fact.scope}
    query = Query.of(fact.metric, by=by, where=where, period=period)
    columns = dataset.recount(query).columns
    scope = dict(fact.scope)
    values = [
        float(value)
        for value, *members in zip(columns[fact.metric], *(columns[n] for n in by), strict=True)
        if members == [scope[name] for name in by]
    ]
    told = values and values[0] == values[0]
    return (Decimal(repr(values[0])) if told else None), dataset.sql(query)
