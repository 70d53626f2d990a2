"""What Claude sees of a fact: enough to choose it and to phrase it, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from mirrorbi.data.model.semantic_model import Model
from mirrorbi.facts.derive import parents_of
from mirrorbi.facts.fact import Fact, Quantity, Table
from mirrorbi.facts.kinds import kind_of
from mirrorbi.privacy.names import Names
from mirrorbi.privacy.untrusted_text import tidy, unfit
from mirrorbi.wording.direction_words import BY_DIRECTION
from mirrorbi.wording.numbers import format_quantity
from mirrorbi.wording.slots import slots_of

Parents = Mapping[str, tuple[str, Fact]]

_WORDS = ("step", "over", "shape", "mark", "op")
"""Terms whose values are words of ours."""
_CODE = re.compile(r"[a-z][a-z0-9_]{0,30}")
_UNITS = ("count", "percent", "pp", "minutes", "hours", "days", "seconds", "number", "rank", "p")
_IMPLIED = frozenset(BY_DIRECTION) - {"direction"}
_THREE = Context(prec=3)


def fact_payload(
    handle: str,
    fact: Fact,
    names: Names,
    model: Model | None = None,
    *,
    table: bool = False,
    parents: Parents | None = None,
) -> dict[str, Any]:
    """Return one fact as plain values in which every name is one that may be shown.

    Left out are definition, method, evidence, SQL, columns, labels and the fact's id, which
    is a hash of names and could be guessed. Numbers are decimal text. The slot
    ``direction`` stands for every slot of `mirrorbi.wording.direction_words.BY_DIRECTION`.

    Parameters
    ----------
    handle
        The fact's name: ``f1``.
    fact
        Released by disclosure control.
    names
        Of the conversation.
    model
        Says which names are metrics; others are columns.
    table
        Whether the lines of the fact's table are wanted.
    parents
        Handle and fact by id, for what derived facts are made of.
    """
    made_of = [(parents or {})[id_] for id_ in parents_of(fact)[0]] if _is_derived(fact) else []
    payload: dict[str, Any] = {
        "name": handle,
        "kind": fact.kind,
        "metric": _metric(fact, names, model),
        "scope": _scope([fact for _, fact in made_of] or [fact], names),
        "period": str(fact.period) if fact.period else None,
        "baseline": str(fact.baseline) if fact.baseline else None,
        "compare": fact.compare if _CODE.fullmatch(fact.compare) else None,
        "quantities": {name: _quantity(q) for name, q in fact.quantities.items() if _is_code(name)},
        "estimate": fact.estimate,
        "direction": fact.direction,
        "better": fact.better,
        "good": fact.good,
        "n": banded(fact.n),
        "p": _short(fact.p),
        "q": _short(fact.q),
        "interval": [_plain(part) for part in fact.interval] if fact.interval else None,
        "score": _short(fact.score),
        "terms": _terms(fact, names),
        "from": [handle for handle, _ in made_of],
        "caveats": [code for code in fact.caveats if _is_code(code)],
        "slots": [slot for slot in slots_of(fact) if slot not in _IMPLIED],
    }
    if table and fact.table is not None:
        payload["table"] = _table(fact.table, names, model)
    return {key: value for key, value in payload.items() if value not in (None, [], {})}


def banded(n: int) -> int:
    """Return a number of rows to one significant digit, downwards; below ten as 0.

    Examples
    --------
    >>> banded(28135), banded(97), banded(7)
    (20000, 90, 0)
    """
    if n < 10:
        return 0
    step: int = 10 ** (len(str(n)) - 1)
    return n // step * step


@lru_cache(maxsize=256)
def unit_of(unit: str) -> str:
    """Return a unit as it may be shown; ``number`` where it is a text that may not."""
    if unit in _UNITS or re.fullmatch(r"currency:[A-Z]{3}", unit):
        return unit
    return "number" if unfit(unit) else tidy(unit)


def _is_derived(fact: Fact) -> bool:
    return fact.kind == "derived"


def _scope(facts: Iterable[Fact], names: Names) -> list[list[str]]:
    """Return dimension and member of each; a sum's own scope is a text of several names."""
    pairs = dict.fromkeys(pair for fact in facts for pair in fact.scope)
    return [[names.dimension(d), names.member(d, m)] for d, m in pairs]


def _metric(fact: Fact, names: Names, model: Model | None) -> str:
    is_metric = kind_of(fact.kind).subject != "column" and (
        model is None or fact.metric in model.metrics
    )
    return names.metric(fact.metric) if is_metric else names.column(fact.metric)


def _quantity(q: Quantity) -> dict[str, str]:
    unit = unit_of(q.unit)
    shown = _shown(q if unit == q.unit else q._replace(unit="number"))
    return {"value": _plain(q.value), "unit": unit, "shown": shown}


@lru_cache(maxsize=4096)
def _shown(q: Quantity) -> str:
    return format_quantity(q)


def _terms(fact: Fact, names: Names) -> dict[str, str]:
    terms: dict[str, str] = {}
    for key, value in fact.terms.items():
        if key == "by":
            terms[key] = names.dimension(value)
        elif key == "other" and not _is_derived(fact):
            terms[key] = names.metric(value)
        elif key in _WORDS and _CODE.fullmatch(value):
            terms[key] = value
    return terms


def _table(table: Table, names: Names, model: Model | None) -> dict[str, Any]:
    dimensions: Mapping[str, Any] = model.dimensions if model else {}
    metrics: Mapping[str, Any] = model.metrics if model else {}
    shown: list[dict[str, str]] = []
    indices: list[int] = []
    for index, (name, unit) in enumerate(table.columns):
        # Whatever is text and not a member may be anything.
        texts = unit == "text" and any(isinstance(row[index], str) for row in table.rows)
        if texts and name not in dimensions:
            continue
        if name in dimensions:
            name = names.dimension(name)
        elif name in metrics:
            name = names.metric(name)
        elif not _is_code(name):
            continue
        shown.append({"name": name, "unit": unit_of(unit)})
        indices.append(index)
    lines = [
        [_cell(row[i], table.columns[i], names, dimensions) for i in indices] for row in table.rows
    ]
    return {"columns": shown, "lines": lines}


def _cell(value: Any, column: tuple[str, str], names: Names, dimensions: Mapping[str, Any]) -> Any:
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, str) and column[0] in dimensions:
        return names.member(column[0], value)
    if isinstance(value, str):
        return value if re.fullmatch(r"[\dTWQ/-]{4,25}", value) else None
    return value if isinstance(value, bool) else None


@lru_cache(maxsize=1024)
def _is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"


def _short(value: float | None) -> str | None:
    return None if value is None else _plain(_THREE.create_decimal_from_float(value))
