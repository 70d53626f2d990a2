"""The forms in which text holds numbers, truth values, dates and times."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

MISSING_WORDS = (
    "", "-", "--", ".", "n/a", "na", "n.a.", "#n/a", "#na", "null", "none", "nil", "nan", "(null)",
    "\\n", "#value!", "#ref!", "#div/0!", "#num!", "#name?", "missing",
)  # fmt: skip
"""Lower-case words that stand for no value, but only where every other value of the column
has one form: ``NA`` among numbers is missing, ``NA`` among country codes is Namibia."""

_INT = "(?:0|[1-9][0-9]{0,17})"
_TIME = "[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]{1,9})?)?"
_DAY = "(?:0?[1-9]|[12][0-9]|3[01])"
_MONTH = "(?:0?[1-9]|1[0-2])"
_YEAR = "(?:[0-9]{4})"
_YEAR2 = "(?:[0-9]{2})"
_ISO = f"{_YEAR}[-/]{_MONTH}[-/]{_DAY}"
_CLOCK = f"(?: {_TIME}(?: ?[AaPp][Mm])?)"
_GROUPING = ". '’\u00a0\u202f"
_CLOCKS = (" %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p")


@dataclass(frozen=True, slots=True)
class ValueFormat:
    """One way to write values of one type.

    Parameters
    ----------
    name
        What the values are, in the plural, for messages.
    pattern
        Regular expression of a whole value, in the syntax that RE2 and `re` share.
    convert
        Makes the typed value of an ibis string expression; null where the text fits the
        pattern and is no value all the same (30 February).
    certain
        Whether the pattern alone proves that the value can be converted.
    lenient
        As ``convert``, but null for a word that stands for no value; ``None`` if
        ``convert`` does so anyway.
    note
        How the values were read, where a reader should know; ``{columns}`` is filled.
    """

    name: str
    pattern: str
    convert: Callable[[Any], Any]
    certain: bool = False
    lenient: Callable[[Any], Any] | None = None
    note: str = ""

    def matches(self, text: str) -> bool:
        """Return whether a value looks like this form."""
        return _compiled(self.pattern).fullmatch(text) is not None

    def convert_or_null(self, text: Any) -> Any:
        """Return the typed value, null where a word such as ``NA`` stands for none."""
        return (self.lenient or self.convert)(text)

    def fits(self, text: Any) -> Any:
        """Return the ibis expression that is true where a value has this form."""
        matched = text.re_search(f"^(?:{self.pattern})$")
        return matched if self.certain else matched & self.convert(text).notnull()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _cast(dtype: str) -> Callable[[Any], Any]:
    return lambda text: text.cast(dtype)


def _try_cast(dtype: str) -> Callable[[Any], Any]:
    return lambda text: text.try_cast(dtype)


def _try_strptime(formats: tuple[str, ...], dtype: str) -> Callable[[Any], Any]:
    def convert(text: Any) -> Any:
        first, *rest = (_builtin()(text, form) for form in formats)
        parsed = first.coalesce(*rest) if rest else first
        return parsed.cast(dtype)

    return convert


@cache
def _builtin() -> Any:
    import ibis

    def try_strptime(text, form):  # type: ignore[no-untyped-def]
        """Parse a moment; null where the text does not fit (a function of DuckDB)."""

    return ibis.udf.scalar.builtin(try_strptime, signature=(("string", "string"), "timestamp"))


def _local(order: str, sign: str, words: str) -> tuple[ValueFormat, ...]:
    """Return the forms of local dates: without and with a time, years of four and two digits."""
    leading, following = ("d", "m") if order == "dm" else ("m", "d")
    mark = re.escape(sign)
    patterns = {"d": _DAY, "m": _MONTH}
    stem = f"{patterns[leading]}{mark}{patterns[following]}{mark}"
    note = f"Dates in {{columns}} were read as {words}."
    forms = []
    for digits, directive, remark in (
        (_YEAR, "%Y", ""),
        (_YEAR2, "%y", " Years of two digits lie in 1969 to 2068."),
    ):
        written = f"%{leading}{sign}%{following}{sign}{directive}"
        clocks = tuple(written + clock for clock in ("", *_CLOCKS))
        forms += [
            ValueFormat(
                "dates", stem + digits, _try_strptime((written,), "date"), note=note + remark
            ),
            ValueFormat(
                "moments",
                f"{stem}{digits}{_CLOCK}?",
                _try_strptime(clocks, "timestamp"),
                note=note + remark,
            ),
        ]
    return tuple(forms)


def _number(text: Any, group: str, point: str) -> Any:
    plain = text
    for sign in group:
        plain = plain.replace(sign, "")
    number = (plain if point == "." else plain.replace(point, ".")).try_cast("float64")
    return _without_nan(number)


def _without_nan(number: Any) -> Any:
    import ibis

    return number.isnan().ifelse(ibis.null("float64"), number)


_DOTS = _local("dm", ".", "day.month.year")
_RIVALS = (
    (_local("dm", "/", "day/month/year"), _local("md", "/", "month/day/year")),
    (_local("dm", "-", "day-month-year"), _local("md", "-", "month-day-year")),
)

WHOLE = ValueFormat(
    "whole numbers", f"[+-]?{_INT}", _cast("int64"), certain=True, lenient=_try_cast("int64")
)
DECIMAL = ValueFormat(
    "numbers",
    r"[+-]?(?:(?:0|[1-9][0-9]{0,14})|(?:0|[1-9][0-9]{0,17})?\.[0-9]+|(?:0|[1-9][0-9]{0,17})\.)"
    r"(?:[eE][+-]?[0-9]{1,3})?|[+-]?[Ii][Nn][Ff](?:[Ii][Nn][Ii][Tt][Yy])?",
    _cast("float64"),
    certain=True,
    lenient=lambda text: _without_nan(text.try_cast("float64")),
)
THOUSANDS = ValueFormat(
    "numbers",
    r"[+-]?(?:0|[1-9][0-9]{0,14}|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]+)?",
    lambda text: _number(text, ",", "."),
    certain=True,
    note="Numbers in {columns} were read with commas between thousands.",
)
COMMA = ValueFormat(
    "numbers",
    f"[+-]?(?:0|[1-9][0-9]{{0,14}}|[1-9][0-9]{{0,2}}(?:[{_GROUPING}][0-9]{{3}})+)(?:,[0-9]+)?",
    lambda text: _number(text, _GROUPING, ","),
    certain=True,
    note="Numbers in {columns} were read with a decimal comma.",
)
DOTTED = ValueFormat(
    "numbers", r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[+-]?[0-9]{1,3}", COMMA.convert
)
"""Numbers that are thousands if the comma is decimal, and thousandths if the point is."""
CODE = ValueFormat("identifiers", "0[0-9]+|[0-9]{19,}", _cast("string"), certain=True)
"""Digits that are no number: a number would lose the zero in front, or the last digits."""
TRUTH = ValueFormat(
    "truth values",
    "[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]",
    _cast("boolean"),
    certain=True,
    lenient=_try_cast("boolean"),
)
COMPACT = ValueFormat(
    "dates",
    "(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",
    _try_strptime(("%Y%m%d",), "date"),
    note="Numbers of eight digits in {columns} were read as dates (20240131).",
)
DATE = ValueFormat("dates", _ISO, _try_cast("date"))
MOMENT = ValueFormat("moments", f"{_ISO}(?:[ T]{_TIME})?", _try_cast("timestamp"))
ZONED = ValueFormat(
    "moments with a time zone",
    f"{_ISO}[ T]{_TIME} ?(?:Z|z|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)",
    _try_cast("timestamp('UTC')"),
)
MONTH = ValueFormat(
    "months",
    f"{_YEAR}-(?:0[1-9]|1[0-2])",
    lambda text: (text + "-01").try_cast("date"),
    note="Months in {columns} were read as their first day.",
)
NAMED = ValueFormat(
    "dates",
    f"{_DAY}[- ][A-Za-z]{{3,9}}[- ](?:{_YEAR}|{_YEAR2})|[A-Za-z]{{3,9}} {_DAY},? {_YEAR}",
    _try_strptime(
        (
            "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%d-%B-%Y", "%d %b %y",
            "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y",
        ),
        "date",
    ),
)  # fmt: skip

NUMBERS: tuple[tuple[ValueFormat, ...], ...] = (
    (COMPACT,),
    (WHOLE,),
    (DECIMAL,),
    (THOUSANDS, COMMA),
)
TIMES: tuple[tuple[ValueFormat, ...], ...] = (
    (DATE,),
    (MOMENT,),
    (ZONED,),
    (MONTH,),
    *((form,) for form in _DOTS),
    *(pair for days, months in _RIVALS for pair in zip(days, months, strict=True)),
    (NAMED,),
)
ALL: tuple[tuple[ValueFormat, ...], ...] = (*NUMBERS, (TRUTH,), *TIMES)
"""Groups of rivals, tried in this order. A column has a form if every value fits it and no
rival fits every value too: 03/04/2024 alone is a day in March or in April."""


def looks_like_value(text: str) -> bool:
    """Return whether a text has any form of number or time, so that it is no name.

    Examples
    --------
    >>> looks_like_value("12.5"), looks_like_value("2024-01-31"), looks_like_value("amount")
    (True, True, False)
    """
    stripped = text.strip()
    return any(form.matches(stripped) for group in ALL for form in group)
