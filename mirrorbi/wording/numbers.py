"""Numbers as people read them: by unit, in the number format of a locale.

Digits, separators, signs, percent and currency follow the locale (CLDR, through babel).
Words such as *minutes* are English in this version, as the sentences around them are.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
    get_currency_precision,
)

from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Quantity
from mirrorbi.facts.units import POINTS
from mirrorbi.wording.printable_text import clean

MINUS = "\u2212"
NARROW = "\u202f"
"""Narrow no-break space: between a number and its symbol."""
NO_BREAK = "\u00a0"
"""No-break space: between a number and a word."""

_DURATIONS = {
    "seconds": ("second", "seconds"),
    "minutes": ("minute", "minutes"),
    "hours": ("hour", "hours"),
    "days": ("day", "days"),
}
_HOUSE_STYLE = {"K": "k", "M": "m", "B": "bn", "T": "tn"}
_ENGLISH = Locale("en")
_COMPACT_FROM = Decimal(100_000)
_SMALLEST_P = Decimal("0.001")


def locale_of(name: str) -> Locale:
    """Return babel's locale of that name, written ``en_GB`` or ``en-GB``.

    Raises
    ------
    WordingError
        If there is no such locale.
    """
    return _locale(str(name))


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        raise WordingError(
            f"There is no locale {name!r}.", hint="Write for example en_GB, en_US or de_DE."
        ) from None


@lru_cache(maxsize=8192)
def format_quantity(q: Quantity, locale: str = "en_GB", *, signed: bool = False) -> str:
    """Return a quantity as text.

    Parameters
    ----------
    q
        The quantity; shares and rates are fractions. Its ``decimals`` are kept where
        given, else they are chosen by unit and size, and amounts of money from 100,000
        up are shortened to three significant digits.
    locale
        Whose number format is used.
    signed
        Whether a positive number gets a plus sign.

    Examples
    --------
    >>> format_quantity(Quantity.of(0.8174, "percent"))
    '81.7%'
    >>> format_quantity(Quantity.of(28135, "count"))
    '28,135'
    >>> format_quantity(Quantity.of(1234567, "currency:GBP"))
    '£1.23m'
    """
    where = locale_of(locale)
    if q.unit == "p" and abs(q.value) < _SMALLEST_P:
        return "<" + _plain(_SMALLEST_P, 3, where)
    size, body = _body(q, where)
    sign = "" if not size else MINUS if q.value < 0 else "+" if signed else ""
    return sign + body


def is_one(q: Quantity) -> bool:
    """Return whether the quantity, as shown, takes a noun in the singular (English).

    Examples
    --------
    >>> is_one(Quantity.of(1, "count")), is_one(Quantity.of(1.04, "hours"))
    (True, False)
    """
    places = decimals_of(q)
    return bool(_ENGLISH.plural_form(abs(_rounded(q.value, places))) == "one")


def decimals_of(q: Quantity) -> int:
    """Return how many decimals the quantity is shown with, unshortened."""
    if q.decimals is not None:
        return q.decimals
    size = abs(q.value)
    is_whole = size == size.to_integral_value()
    if q.unit in ("percent", "pp"):
        return _percent_decimals(size * 100)
    if q.unit == "rank":
        return 0
    if q.unit == "p":
        return 3 if size < Decimal("0.1") else 2
    if q.unit.startswith("currency:"):
        return 0 if is_whole or size >= 1000 else _precision(q.unit)
    if is_whole:
        return 0
    if q.unit == "count":
        return 1 if size < 10 else 0
    if q.unit in _DURATIONS:
        return 1 if size < 1000 else 0
    if size < Decimal("0.01"):
        return min(10, 1 - size.adjusted())
    return 2 if size < 10 else 1 if size < 1000 else 0


def _body(q: Quantity, locale: Locale) -> tuple[Decimal, str]:
    """Return the rounded size (zero where nothing but zeros is shown) and its text."""
    size = abs(q.value)
    places = decimals_of(q)
    if q.unit in ("percent", "pp"):
        size *= 100
        shown = _rounded(size, places)
        number = _plain(size, places, locale)
        return shown, f"{number}{NARROW}pp" if q.unit == "pp" else _percent(number, locale)
    if q.unit.startswith("currency:"):
        return _money(size, q, places, locale)
    shown = _rounded(size, places)
    number = _plain(size, places, locale)
    if q.unit == "rank":
        return shown, ordinal(int(shown))
    if q.unit in _DURATIONS:
        singular, plural = _DURATIONS[q.unit]
        noun = singular if _ENGLISH.plural_form(shown) == "one" else plural
        return shown, f"{number}{NO_BREAK}{noun}"
    if q.unit in ("count", "number", "p", ""):
        return shown, number
    if q.unit == POINTS:
        return shown, f"{number}{NARROW}pp"
    return shown, f"{number}{NARROW}{clean(q.unit)}"


def ordinal(n: int) -> str:
    """Return a rank in English: ``1st``, ``2nd``, ``3rd``, ``11th``."""
    ending = {"one": "st", "two": "nd", "few": "rd"}.get(_ENGLISH.ordinal_form(n), "th")
    return f"{n}{ending}"


def _percent_decimals(size: Decimal) -> int:
    if size >= 1000:
        return 0
    if size == 0 or size >= Decimal("0.1"):
        return 1
    return 2 if size >= Decimal("0.01") else 3


def _percent(number: str, locale: Locale) -> str:
    pattern = locale.percent_formats[None]
    return _narrow(pattern.prefix[0] + number + pattern.suffix[0])


def _money(size: Decimal, q: Quantity, places: int, locale: Locale) -> tuple[Decimal, str]:
    code = q.unit.partition(":")[2].upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        shown = _rounded(size, places)
        return shown, f"{_plain(size, places, locale)}{NARROW}{clean(q.unit.partition(':')[2])}"
    if q.decimals is None and size >= _COMPACT_FROM:
        return size, _compact(size, code, locale)
    shown = _rounded(size, places)
    return shown, _currency(shown, code, places, locale)


def _currency(shown: Decimal, code: str, places: int, locale: Locale) -> str:
    pattern = locale.currency_formats["standard"].pattern
    digits = "." + "0" * places if places else ""
    pattern = re.sub(r"\.0+", digits, pattern)
    text = format_currency(shown, code, format=pattern, locale=locale, currency_digits=False)
    text = re.sub(rf"\b{code}(?=\d)", code + NARROW, text)
    return _narrow(text)


def _compact(size: Decimal, code: str, locale: Locale) -> str:
    short = _rounded(size, 2 - size.adjusted())
    digits = 2 - short.adjusted() % 3
    text = format_compact_currency(short, code, locale=locale, fraction_digits=digits)
    if re.search(r"\d{5}", text):
        return _currency(_rounded(size, 0), code, 0, locale)
    if locale.language == "en" and locale.territory != "US":
        text = re.sub(r"(?<=\d)[KMBT]$", lambda match: _HOUSE_STYLE[match.group()], text)
    text = re.sub(rf"\b{code}(?=\d)", code + NARROW, text)
    return _narrow(text)


def _precision(unit: str) -> int:
    return int(get_currency_precision(unit.partition(":")[2].upper()))


def _plain(size: Decimal, places: int, locale: Locale) -> str:
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return _narrow(format_decimal(_rounded(size, places), format=pattern, locale=locale))


def _rounded(value: Decimal, places: int) -> Decimal:
    """Round half away from zero, as people do; babel would round half to even."""
    if value.adjusted() + places > 24:
        return value
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _narrow(text: str) -> str:
    return text.replace(NO_BREAK, NARROW).replace("-", MINUS)
