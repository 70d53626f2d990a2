"""What opens at a figure: how it was computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from mirrorbi.facts.fact import Fact, Quantity
from mirrorbi.reports.page.page import Proof
from mirrorbi.wording.numbers import format_quantity
from mirrorbi.wording.periods import format_period
from mirrorbi.wording.slots import fill_slot

_WORDS = {
    "delta": "Change",
    "total_delta": "Change of the whole",
    "base": "Before",
    "pct": "Change in percent",
    "of": "Out of",
    "effect": "Effect",
    "mix": "Effect of the mix",
    "rate": "Effect of the rates",
    "previous": "Extreme before",
    "left_out": "Left out as small",
    "k": "Members counted",
    "hhi": "Herfindahl index",
    "gini": "Gini coefficient",
    "z": "Distance, in usual deviations",
    "rho": "Rank correlation",
    "slope": "Per step",
    "low": "Low end expected",
    "high": "High end expected",
}
"""Quantities whose name alone would not be read right; the others are called as they are."""


def make_proofs(
    facts: Iterable[Fact], sql: Mapping[str, str], locale: str = "en_GB"
) -> tuple[Proof, ...]:
    """Return one proof per fact.

    Parameters
    ----------
    facts
        Those that the report cites.
    sql
        The SQL of each query, by query id.
    locale
        Of the number formats.
    """
    return tuple(_proof(fact, sql, locale) for fact in facts)


def _proof(fact: Fact, sql: Mapping[str, str], locale: str) -> Proof:
    scope = ", ".join(f"{fact.label_of(name)}: {member}" for name, member in fact.scope)
    period = format_period(fact.period, locale) if fact.period else ""
    if fact.baseline:
        period += f", against {format_period(fact.baseline, locale)}"
    queries = (sql.get(query.id, "") for query in fact.evidence)
    return Proof(
        id=fact.id,
        title=f"{fact.label}, {scope}" if scope else fact.label,
        definition=fact.definition,
        period=period,
        n=format_quantity(Quantity(Decimal(fact.n), "count"), locale) if fact.n else "",
        method=fact.method,
        interval=fill_slot(fact, "interval", locale) if fact.interval else "",
        sql=tuple(dict.fromkeys(text for text in queries if text)),
        values=tuple(
            (
                _WORDS.get(name) or name.replace("_", " ").capitalize(),
                format_quantity(quantity, locale),
            )
            for name, quantity in fact.quantities.items()
        ),
    )
