"""A fact: one computed statement about a metric, with everything needed to prove it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from mirrorbi.data.periods import Calendar, Period
from mirrorbi.data.prompt_line import prompt_line
from mirrorbi.data.query import Query
from mirrorbi.errors import FactError

SIGNIFICANT_DIGITS = 12
"""Digits of a computed float that are kept: those that do not depend on the order in
which a parallel engine adds."""

Direction = Literal["up", "down", "flat"]


class Quantity(NamedTuple):
    """An exact number with its unit.

    Parameters
    ----------
    value
        Exact; shares and rates are fractions of one, not of a hundred.
    unit
        ``count``, ``percent`` (a fraction, shown as %), ``pp`` (a difference of two
        fractions, shown as percentage points), ``minutes``, ``hours``, ``days``,
        ``currency:USD``, ``number`` (no unit), ``rank``, ``p`` (a probability), or free
        text such as ``km`` that is shown after the number.
    decimals
        Decimals shown; ``None`` for the default of the unit and size.
    """

    value: Decimal
    unit: str = "number"
    decimals: int | None = None

    @classmethod
    def of(
        cls, value: float | Decimal, unit: str = "number", decimals: int | None = None
    ) -> Quantity:
        """Return the quantity of a computed number, cut to 12 significant digits if a float.

        Raises
        ------
        FactError
            If the value is not finite: what cannot be computed is not a fact.
        """
        return cls(exact(value), unit, decimals)

    def __str__(self) -> str:
        number = self.shown if self.decimals is not None else self.value.normalize()
        if self.unit in ("percent", "pp"):
            return f"{number.scaleb(2):,f}{'%' if self.unit == 'percent' else ' pp'}"
        unit = self.unit.removeprefix("currency:")
        return f"{number:,f}{'' if unit in ('count', 'number', 'rank', 'p') else f' {unit}'}"

    @property
    def shown(self) -> Decimal:
        """The value to the decimals that it is shown with, where those are given.

        Examples
        --------
        >>> Quantity.of(0.00037, "pp", 1).shown
        Decimal('0.000')
        """
        if self.decimals is None:
            return self.value
        places = self.decimals + (2 if self.unit in ("percent", "pp") else 0)
        return round(self.value, places)


class Interval(NamedTuple):
    """Where the estimate's true value lies, at that level of confidence."""

    low: Decimal
    high: Decimal
    level: Decimal = Decimal("0.95")


@dataclass(frozen=True, slots=True)
class Table:
    """The small table behind a fact: what its chart draws, never rows of the data.

    Parameters
    ----------
    columns
        Name and unit of each column. Units are those of `Quantity`, and ``text`` or
        ``period`` (canonical text of a `Period`).
    rows
        One tuple a line: `str`, `Decimal`, `bool` or `None`.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]

    def __repr__(self) -> str:
        names = ", ".join(name for name, _ in self.columns)
        return prompt_line(f"Table of {names}: {len(self.rows):,} rows")

    def column(self, name: str) -> list[Any]:
        """Return one column's values.

        Raises
        ------
        FactError
            If there is no such column.
        """
        names = [column for column, _ in self.columns]
        if name not in names:
            raise FactError(
                f"The table has no column {name!r}.", hint=f"It has {', '.join(names)}."
            )
        index = names.index(name)
        return [row[index] for row in self.rows]


class _Released:
    """Of which release this very object is part: no field, so no copy has it."""

    __slots__ = ("__weakref__", "_release")


@dataclass(frozen=True, slots=True)
class Fact(_Released):
    """One computed statement.

    Parameters
    ----------
    kind
        The family and form: ``value``, ``share``, ``rank``, ``extreme``, ``change``,
        ``contribution``, ``mix``, ``simpson``, ``trend``, ``unusual``, ``break``,
        ``concentration``, ``correlation``, ``missing_periods``, ``late_data``,
        ``duplicates``, ``nulls`` ...
    metric
        Name of the metric, or of the column for facts about data quality.
    label
        The metric as people call it.
    definition
        How the metric is computed, in one line, from the model.
    scope
        Members that the fact is about, as (dimension, member), sorted; ``()`` is all.
    labels
        The dimensions of ``scope`` and ``table`` as people call them.
    period, baseline
        The time looked at, and the time compared with.
    compare
        What the baseline is: ``previous``, ``year_ago``, ``average`` or ``given``.
    quantities
        Every number of the statement, by slot name; read-only, like ``terms``.
    estimate
        The name of the quantity that is the finding (``delta`` of a change).
    direction
        Of the finding: ``up``, ``down``, ``flat``; ``None`` where there is none.
    better
        Which direction is good news; ``None`` where nobody said.
    interval
        Of the estimate, in its unit.
    p, q
        Probability under no effect, before and after control of the false discovery
        rate over the sweep; ``None`` for plain arithmetic.
    n
        Rows behind the finding.
    method
        The computation, in words a statistician accepts.
    terms
        Other words of the statement, by slot name: ``member``, ``other_metric`` ...
    caveats
        Codes of what weakens the statement: ``small_n``, ``incomplete`` ...
    score
        Impact x capped effect x novelty, 0 to 1.
    evidence
        The queries that made it.
    table
        What its chart draws.
    """

    kind: str
    metric: str
    label: str
    definition: str = ""
    scope: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    period: Period | None = None
    baseline: Period | None = None
    compare: str = ""
    quantities: Mapping[str, Quantity] = field(default_factory=dict)
    estimate: str = "value"
    direction: Direction | None = None
    better: Literal["up", "down"] | None = None
    interval: Interval | None = None
    p: float | None = None
    q: float | None = None
    n: int = 0
    method: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)
    caveats: tuple[str, ...] = ()
    score: float = 0.0
    evidence: tuple[Query, ...] = ()
    table: Table | None = None
    _id: str = field(default="", init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # What was released must be what is shown: nobody changes a fact in place.
        object.__setattr__(self, "quantities", MappingProxyType(dict(self.quantities)))
        object.__setattr__(self, "terms", MappingProxyType(dict(self.terms)))

    def __getstate__(self) -> list[Any]:
        values = (getattr(self, part.name) for part in fields(self))
        return [dict(v) if isinstance(v, MappingProxyType) else v for v in values]

    def __setstate__(self, state: list[Any]) -> None:
        for part, value in zip(fields(self), state, strict=True):
            object.__setattr__(self, part.name, value)
        self.__post_init__()

    @property
    def id(self) -> str:
        """Ten hexadecimal digits from kind, metric, scope, periods: stable from run to run."""
        if not self._id:
            object.__setattr__(self, "_id", self._hashed())
        return self._id

    def __repr__(self) -> str:
        scope = "".join(f", {name} {member}" for name, member in self.scope)
        period = f", {self.period}" if self.period else ""
        estimate = self.quantities.get(self.estimate)
        figure = f": {self.estimate} {estimate}" if estimate else ""
        return prompt_line(f"Fact {self.id}, {self.kind} of {self.metric}{scope}{period}{figure}")

    def _hashed(self) -> str:
        parts = [
            self.kind,
            self.metric,
            self.scope,
            str(self.period),
            str(self.baseline),
            self.compare,
            sorted(self.terms.items()),
        ]
        text = json.dumps(parts, ensure_ascii=False)
        return "f" + hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:10]

    @property
    def good(self) -> bool | None:
        """Whether the finding is good news; ``None`` where nobody said which way is better."""
        if self.better is None or self.direction in (None, "flat"):
            return None
        return self.direction == self.better

    def __getitem__(self, name: str) -> Quantity:
        try:
            return self.quantities[name]
        except KeyError:
            raise FactError(
                f"A fact of kind {self.kind!r} has no quantity {name!r}.",
                hint=f"It has {', '.join(self.quantities)}.",
            ) from None

    def label_of(self, dimension: str) -> str:
        """Return a dimension as people call it."""
        return dict(self.labels).get(dimension, dimension)

    def replace(self, **changes: Any) -> Fact:
        """Return the fact with some of its parts changed."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return the fact as plain values, ready for JSON; numbers are decimal text."""
        return {
            "id": self.id,
            "kind": self.kind,
            "metric": self.metric,
            "label": self.label,
            "definition": self.definition,
            "scope": [list(pair) for pair in self.scope],
            "labels": [list(pair) for pair in self.labels],
            "period": str(self.period) if self.period else None,
            "baseline": str(self.baseline) if self.baseline else None,
            "compare": self.compare,
            "quantities": {
                name: [_text(q.value), q.unit, q.decimals] for name, q in self.quantities.items()
            },
            "estimate": self.estimate,
            "direction": self.direction,
            "better": self.better,
            "interval": [_text(part) for part in self.interval] if self.interval else None,
            "p": self.p,
            "q": self.q,
            "n": self.n,
            "method": self.method,
            "terms": dict(self.terms),
            "caveats": list(self.caveats),
            "score": self.score,
            "evidence": [query.to_dict() for query in self.evidence],
            "table": {
                "columns": [list(column) for column in self.table.columns],
                "rows": [[_plain(cell) for cell in row] for row in self.table.rows],
            }
            if self.table
            else None,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], calendar: Calendar | None = None) -> Fact:
        """Return the fact that `to_dict` described."""
        cal = calendar or Calendar()
        table = values.get("table")
        interval = values.get("interval")
        return cls(
            **{
                **{k: v for k, v in values.items() if k not in ("id",)},
                "scope": tuple((a, b) for a, b in values["scope"]),
                "labels": tuple((a, b) for a, b in values["labels"]),
                "period": _period(values["period"], cal),
                "baseline": _period(values["baseline"], cal),
                "quantities": {
                    name: Quantity(Decimal(value), unit, decimals)
                    for name, (value, unit, decimals) in values["quantities"].items()
                },
                "interval": Interval(*(Decimal(part) for part in interval)) if interval else None,
                "caveats": tuple(values["caveats"]),
                "evidence": tuple(Query.from_dict(query, cal) for query in values["evidence"]),
                "table": _table(table) if table else None,
            }
        )


def exact(value: float | Decimal) -> Decimal:
    """Return a number as the Decimal that facts hold.

    Integers and Decimals stay as they are; floats keep 12 significant digits.

    Raises
    ------
    FactError
        If the value is not finite.
    """
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, int):
        number = Decimal(value)
    else:
        plain = float(value)
        if not math.isfinite(plain):
            raise FactError(
                f"{plain} is not a quantity.", hint="Leave out what cannot be computed."
            )
        number = (
            Decimal(int(plain))
            if plain.is_integer() and abs(plain) < 2**53
            else Decimal(f"{plain:.{SIGNIFICANT_DIGITS}g}")
        )
    if not number.is_finite():
        raise FactError(f"{number} is not a quantity.", hint="Leave out what cannot be computed.")
    return number


def _text(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"


def _plain(cell: Any) -> Any:
    return {"n": _text(cell)} if isinstance(cell, Decimal) else cell


def _table(values: Mapping[str, Any]) -> Table:
    return Table(
        columns=tuple((name, unit) for name, unit in values["columns"]),
        rows=tuple(
            tuple(Decimal(cell["n"]) if isinstance(cell, dict) else cell for cell in row)
            for row in values["rows"]
        ),
    )


def _period(text: str | None, calendar: Calendar) -> Period | None:
    return Period.parse(text, calendar) if text else None
