"""Slots: the places in a sentence that only a fact can fill.

A slot is written ``name.slot`` inside double braces, ``{{f1.delta.abs}}``, where ``f1``
names a fact of the sentence. What can stand for ``slot``:

- every quantity of the fact: ``value``, ``delta`` ...; also ``n``, ``p``, ``q`` and
  ``level`` (of confidence); with ``.abs`` without its sign, with ``.signed`` with a plus,
  with ``.bare`` without its unit (also ``.abs.bare``); with ``.approx`` in approximate
  words, where some are near: see `mirrorbi.wording.approx`;
- ``interval``: where the estimate lies, "−17.8 to −16.2 pp"; ``interval.abs`` without sign;
- words from a direction: see `BY_DIRECTION`. Of the finding, ``direction`` ("fell"), or
  of one quantity, ``total_delta.gain`` ("fall"). ``extreme`` is ``highest`` by another name;
- ``better``: "better" or "worse", where the model says which;
- a choice of noun by number: ``members:carrier|carriers``; by the size of any quantity;
- names: ``metric``, ``entity`` (the member or members looked at), ``dimension`` and its
  plural ``dimensions``, ``scope`` ("for carrier UA"; "overall" where the fact is about
  everything), and each term;
- time: ``period``, ``next`` (the one after), ``baseline``, ``grain``; ``when`` and
  ``baseline.when`` with the preposition ("in December 2013"); ``.full`` for a baseline
  with its year, ``.short``.

Labels stand as inside a sentence, "on-time rate"; `capital` makes the first letter large.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from mirrorbi.data.periods import Period
from mirrorbi.errors import WordingError, did_you_mean
from mirrorbi.facts.fact import Direction, Fact, Quantity
from mirrorbi.wording.approx import approximate, approximations
from mirrorbi.wording.direction_words import BY_DIRECTION, directed, plural
from mirrorbi.wording.numbers import NARROW, NO_BREAK, decimals_of, format_quantity, is_one
from mirrorbi.wording.periods import format_period, when
from mirrorbi.wording.printable_text import clean, lower_first

PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z]\w*)\.([^{}]+?)\s*\}\}")
"""``{{fact.slot}}`` in a template."""

_NAMES = ("metric", "entity", "dimension", "dimensions", "scope")
_TIMES = ("period", "baseline", "when", "grain", "next")
_OWN_UNITS = ("percent", "pp", "rank", "p")
_STATISTICS = ("z", "rho", "hhi", "gini")
_NUMBERS = ("n", "p", "q", "level", "interval")


def fill_slot(fact: Fact, slot: str, locale: str = "en_GB") -> str:
    """Return the text that a fact gives for a slot.

    Raises
    ------
    WordingError
        If the fact has no such slot; the message names the nearest.

    Examples
    --------
    >>> value = Quantity.of(28135, "count")
    >>> fact = Fact("value", "flights", "Flights", quantities={"value": value})
    >>> fill_slot(fact, "value"), fill_slot(fact, "metric")
    ('28,135', 'flights')
    """
    name, colon, choice = slot.partition(":")
    head, _, tail = name.partition(".")
    if colon:
        return _choice(fact, name, choice, slot)
    number = _number(fact, head)
    if number is not None:
        if tail == "approx":
            return _approximate(fact, head)
        return _figure(fact, slot, number, tail, locale)
    if head == "interval" and tail in ("", "abs"):
        return _interval(fact, locale, unsigned=tail == "abs")
    if head in _TIMES:
        text = _time(fact, head, tail, locale)
        if text is not None:
            return text
    if not tail:
        text = _word(fact, head)
        if text is not None:
            return text
    raise WordingError(
        f"A fact of kind {fact.kind!r} has no slot {slot!r}.",
        hint=did_you_mean(name, slots_of(fact), noun="slots"),
    )


def slots_of(fact: Fact) -> list[str]:
    """Return the slots that this fact can fill, without ``.abs`` and the like."""
    names = [*fact.quantities, "metric", "n"]
    names += [name for name in ("p", "q") if getattr(fact, name) is not None]
    names += ["interval", "level"] if fact.interval else []
    names += ["scope", *(["entity"] if fact.scope else [])]
    names += ["dimension", "dimensions"] if fact.scope or "by" in fact.terms else []
    names += ["period", "when", "grain"] if fact.period else []
    names += ["next"] if fact.period and fact.period.grain else []
    names += ["baseline", "baseline.when", "baseline.full"] if fact.baseline else []
    names += [*BY_DIRECTION, "extreme"] if fact.direction else []
    names += ["better"] if fact.good is not None else []
    names += [f"{name}.approx" for name in approximations(fact)]
    return list(dict.fromkeys([*names, *fact.terms]))


def is_figure(fact: Fact, slot: str) -> bool:
    """Return whether the slot is a number, which opens its proof, rather than a word."""
    head, _, tail = slot.partition(":")[0].partition(".")
    if ":" in slot or tail in BY_DIRECTION:
        return False
    return head in _NUMBERS or head in fact.quantities


def _number(fact: Fact, head: str) -> Quantity | None:
    if head in fact.quantities:
        return _as_fine(head, fact)
    if head == "n":
        return Quantity(Decimal(fact.n), "count")
    if head in ("p", "q"):
        value = fact.p if head == "p" else fact.q
        return None if value is None else Quantity.of(value, "p")
    if head == "level" and fact.interval:
        return Quantity(fact.interval.level, "percent", 0)
    return None


def _as_fine(name: str, fact: Fact) -> Quantity:
    """Return a quantity with no more decimals than the largest of its unit in the fact.

    "852 above 30,816", not "851.5 above 30,816".
    """
    q = fact.quantities[name]
    if q.decimals is not None or q.unit in _OWN_UNITS or name in _STATISTICS:
        return q
    alike = [o for n, o in fact.quantities.items() if o.unit == q.unit and n not in _STATISTICS]
    largest = max(alike, key=lambda other: abs(other.value))
    places = decimals_of(largest)
    visible = abs(q.value) * 10**places >= 10
    return q._replace(decimals=places) if visible and places < decimals_of(q) else q


def _figure(fact: Fact, slot: str, q: Quantity, tail: str, locale: str) -> str:
    if tail.startswith("abs"):
        q, tail = q._replace(value=abs(q.value)), tail[3:].lstrip(".")
    if not tail:
        return format_quantity(q, locale)
    if tail == "signed":
        return format_quantity(q, locale, signed=True)
    if tail == "bare":
        return _bare(q, locale)
    if tail in BY_DIRECTION:
        return directed(tail, _sign(q))
    raise WordingError(
        f"{slot!r} is not a slot: a number has no {tail!r}.",
        hint=did_you_mean(tail, ["abs", "approx", "signed", "bare", *BY_DIRECTION], noun="forms"),
    )


def _approximate(fact: Fact, name: str) -> str:
    words = approximate(fact, name)
    if words is None:
        near = [f"{name}.approx" for name in approximations(fact)]
        raise WordingError(
            f"The {name} of this fact of kind {fact.kind!r} is near no simple fraction.",
            hint=f"Write {name!r}" + (f", or one of {', '.join(near)}." if near else "."),
        )
    return words


def _choice(fact: Fact, name: str, choice: str, slot: str) -> str:
    q = _number(fact, name)
    singular, bar, plural_noun = choice.partition("|")
    if q is None or not bar:
        raise WordingError(
            f"A fact of kind {fact.kind!r} cannot fill {slot!r}.",
            hint="Write a quantity and two words, as in members:carrier|carriers.",
        )
    return singular if is_one(q) else plural_noun


def _interval(fact: Fact, locale: str, *, unsigned: bool) -> str:
    if fact.interval is None:
        raise WordingError(
            f"The fact {fact.id} has no interval.", hint="Leave the interval out of the sentence."
        )
    unit, decimals = fact[fact.estimate].unit, fact[fact.estimate].decimals
    ends = [fact.interval.low, fact.interval.high]
    if unsigned and ends[0] * ends[1] > 0:
        ends = sorted(abs(end) for end in ends)
    low, high = (Quantity(end, unit, decimals) for end in ends)
    return f"{_bare(low, locale)} to {format_quantity(high, locale)}"


def _bare(q: Quantity, locale: str) -> str:
    """Return a number without its unit, for the first of two; money keeps its sign."""
    text = format_quantity(q, locale)
    if q.unit.startswith("currency:") or q.unit in ("rank", "p"):
        return text
    for gap in (NARROW, NO_BREAK):
        number, space, symbol = text.rpartition(gap)
        if space and not symbol[-1:].isdigit():
            return number
    return text


def _time(fact: Fact, head: str, tail: str, locale: str) -> str | None:
    if head == "baseline":
        return _baseline(fact, tail, locale)
    period = fact.period
    if period is None or tail not in ("", "short"):
        return None
    if head == "grain":
        return str(period.grain or "period")
    if head == "next":
        return format_period(period.next(), locale) if period.grain and not tail else None
    if head == "when":
        return when(period, locale) if not tail else None
    return format_period(period, locale, "short" if tail else "long")


def _baseline(fact: Fact, tail: str, locale: str) -> str | None:
    baseline = fact.baseline
    if baseline is None:
        return None
    if fact.compare == "average":
        return _average(fact, baseline)
    near = fact.period
    match tail:
        case "":
            return format_period(baseline, locale, near=near)
        case "full":
            return format_period(baseline, locale)
        case "short":
            return format_period(baseline, locale, "short")
        case "when":
            return when(baseline, locale, near=near)
    return None


def _average(fact: Fact, span: Period) -> str:
    if fact.period is None or fact.period.grain is None:
        return "the average before"
    steps, current = 0, fact.period.previous()
    while current.start >= span.start and steps < 1000:
        steps, current = steps + 1, current.previous()
    grain = fact.period.grain
    return f"the average of the {steps} {grain}s before" if steps > 1 else f"the {grain} before"


def _word(fact: Fact, head: str) -> str | None:
    if head in _NAMES:
        return _name(fact, head)
    if head in fact.terms:
        text = clean(fact.terms[head])
        return lower_first(text) if head.endswith("_label") else text
    if head == "better" and fact.good is not None:
        return "better" if fact.good else "worse"
    slot = "highest" if head == "extreme" else head
    if slot in BY_DIRECTION and fact.direction is not None:
        return directed(slot, fact.direction)
    return None


def _name(fact: Fact, head: str) -> str | None:
    match head:
        case "metric":
            return lower_first(clean(fact.label or fact.metric))
        case "entity" if fact.scope:
            return _join(clean(member) for _, member in _focus(fact))
        case "dimension":
            by = fact.terms.get("by") or (_focus(fact)[-1][0] if fact.scope else None)
            return None if by is None else lower_first(clean(fact.label_of(by)))
        case "dimensions":
            noun = _name(fact, "dimension")
            return None if noun is None else plural(noun)
        case "scope":
            parts = (f"{lower_first(clean(fact.label_of(d)))} {clean(m)}" for d, m in fact.scope)
            return f"for {_join(parts)}" if fact.scope else "overall"
    return None


def _focus(fact: Fact) -> tuple[tuple[str, str], ...]:
    """Return the part of the scope that the finding is about: the split one, else all."""
    by = fact.terms.get("by")
    split = tuple(pair for pair in fact.scope if pair[0] == by)
    return split or fact.scope


def _join(parts: Iterable[str]) -> str:
    words = list(parts)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _sign(q: Quantity) -> Direction:
    return "up" if q.value > 0 else "down" if q.value < 0 else "flat"
