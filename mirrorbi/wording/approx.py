"""Approximations in words, computed from the exact number with a stated tolerance.

``{{f1.share.approx}}`` gives "about a third", ``{{f1.pct.approx}}`` "nearly doubled". The
words are chosen here and nowhere else:

- a fraction of one is said by the nearest of `FRACTIONS` that it is within `TOLERANCE` of
  (0.03 at most, and a tenth of the fraction): *about* within 0.005, else *just over* or
  *nearly*;
- a change against a base is said by the nearest of `MULTIPLES` that the quotient of value
  and base is within a tenth of: *roughly* within 0.02 of it, else *nearly* or *more than*.

What is near none of these has no approximation, and the slot is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache

from mirrorbi.facts.fact import Fact

TOLERANCE = Decimal("0.03")
"""Largest distance from a fraction of one."""

RELATIVE = Decimal("0.1")
"""Largest distance as a part of the fraction or multiple."""

CLOSE = Decimal("0.005")
"""Distance up to which a fraction is *about* right."""

CLOSE_MULTIPLE = Decimal("0.02")
"""Distance, as a part of the multiple, up to which it is *roughly* right."""

FRACTIONS: Mapping[str, tuple[int, int]] = {
    "one in twenty": (1, 20),
    "one in ten": (1, 10),
    "one in eight": (1, 8),
    "one in six": (1, 6),
    "one in five": (1, 5),
    "a quarter": (1, 4),
    "a third": (1, 3),
    "two fifths": (2, 5),
    "half": (1, 2),
    "three fifths": (3, 5),
    "two thirds": (2, 3),
    "three quarters": (3, 4),
    "four fifths": (4, 5),
    "nine tenths": (9, 10),
    "all": (1, 1),
}
"""Words by numerator and denominator, smallest first."""

MULTIPLES: Mapping[str, tuple[int, int]] = {
    "halved": (1, 2),
    "doubled": (2, 1),
    "tripled": (3, 1),
    "quadrupled": (4, 1),
}
"""Verbs by the quotient of value and base."""

TIMES: Mapping[str, tuple[int, int]] = {
    "half": (1, 2),
    "twice": (2, 1),
    "three times": (3, 1),
    "four times": (4, 1),
    "five times": (5, 1),
    "ten times": (10, 1),
}
"""Words for a quotient of two quantities."""


def approximate(fact: Fact, name: str) -> str | None:
    """Return a quantity of a fact in approximate words; ``None`` where none are near.

    Parameters
    ----------
    fact
        The fact.
    name
        Of one of its quantities: a fraction of one (unit ``percent``), the change in
        percent ``pct`` of a fact with ``base`` and ``value``, or a ``ratio``.

    Examples
    --------
    >>> from mirrorbi.facts.fact import Quantity
    >>> share = {"share": Quantity.of(0.34, "percent")}
    >>> approximate(Fact("share", "sales", "Sales", quantities=share), "share")
    'just over a third'
    """
    quantity = fact.quantities.get(name)
    if quantity is None:
        return None
    if name in ("pct", "pct_change"):
        return multiple(quantity.value + 1) if quantity.value > -1 else None
    if name == "ratio":
        return times(quantity.value)
    return fraction(quantity.value) if quantity.unit == "percent" else None


def approximations(fact: Fact) -> list[str]:
    """Return the names of the quantities that have approximate words."""
    return [name for name in fact.quantities if approximate(fact, name) is not None]


def fraction(value: Decimal) -> str | None:
    """Return a fraction of one in words, if one is near.

    Examples
    --------
    >>> [fraction(Decimal(text)) for text in ("0.333", "0.32", "0.21", "0.44")]
    ['about a third', 'nearly a third', 'just over one in five', None]
    """
    words, target = _nearest(value, FRACTIONS)
    off = value - target
    if abs(off) > min(TOLERANCE, RELATIVE * target) or not 0 < value <= 1:
        return None
    if words == "all":
        return "nearly all" if value < 1 else None
    if abs(off) <= min(CLOSE, RELATIVE * target / 4):
        return f"about {words}"
    return f"nearly {words}" if off < 0 else f"just over {words}"


def multiple(quotient: Decimal) -> str | None:
    """Return what became of a base, as a verb, if one is near.

    Examples
    --------
    >>> [multiple(Decimal(text)) for text in ("1.94", "2.01", "3.2", "0.47", "1.4")]
    ['nearly doubled', 'roughly doubled', 'more than tripled', 'more than halved', None]
    """
    verb, target = _nearest(quotient, MULTIPLES)
    off = (quotient - target) / target
    if abs(off) > RELATIVE:
        return None
    if abs(off) <= CLOSE_MULTIPLE:
        return f"roughly {verb}"
    beyond = off < 0 if target < 1 else off > 0
    return f"more than {verb}" if beyond else f"nearly {verb}"


def times(quotient: Decimal) -> str | None:
    """Return a quotient of two quantities in words, if some are near.

    Examples
    --------
    >>> [times(Decimal(text)) for text in ("2.0", "2.9", "0.52", "7")]
    ['about twice', 'nearly three times', 'just over half', None]
    """
    words, target = _nearest(quotient, TIMES)
    off = (quotient - target) / target
    if abs(off) > RELATIVE:
        return None
    if abs(off) <= CLOSE_MULTIPLE:
        return f"about {words}"
    return f"nearly {words}" if off < 0 else f"just over {words}"


def _nearest(value: Decimal, targets: Mapping[str, tuple[int, int]]) -> tuple[str, Decimal]:
    exact = _exact(tuple(targets.items()))
    return min(exact, key=lambda candidate: abs(candidate[1] - value))


@cache
def _exact(targets: tuple[tuple[str, tuple[int, int]], ...]) -> tuple[tuple[str, Decimal], ...]:
    return tuple((words, Decimal(top) / Decimal(bottom)) for words, (top, bottom) in targets)
