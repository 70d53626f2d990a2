"""Telephone numbers, judged by the numbering plans that phonenumbers brings along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Span = tuple[int, int]

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "CH", "AT", "NL", "BE")
"""Countries whose numbers are known without the code of the country."""

_INTERNATIONAL = re.compile(r"(?<![\w+.,])(?:\+|00)[ ]?\(?[1-9][\d ().\/-]{5,24}\d(?!\d|[.,]\d)")
_NATIONAL = re.compile(
    r"(?<![\w+.,:/-])(?:\(0?\d{1,5}\)[ ./-]{0,3}|0\d{1,5}[ ./-]{1,3}"
    r"|\d{3}(?=[-. ]\d{3}[-. ]\d{4}(?!\d))[ ./-]{1,3})"
    r"\d[\d ./-]{3,16}\d(?:\s?(?:x|ext\.?)\s?\d{1,6})?(?![\w]|[.,/-]\d)"
)
_BARE = re.compile(r"(?<![\w+.,-])\(?\d[\d ().\/-]{5,20}\d(?![\w]|[.,]\d)")
_BESIDE = re.compile(
    r"\b(?:phone|telephone|tel|mobile|mob|cell|call|fax|sms|whatsapp|telefon|handy|mobil|fon"
    r"|t[ée]l[ée]phone|portable|tel[ée]fono|m[óo]vil|celular|cellulare)\b[^\d\n]{0,20}$",
    re.IGNORECASE,
)
_NO_PHONE = re.compile(r"\d+\.\d+|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:[ T]\d{1,2}.*)?")


def phones(text: str) -> Iterator[Span]:
    """Yield where telephone numbers are.

    With the code of a country, every number that its plan allows. Without, numbers that
    are written as people write them (``0171 234567``, ``(212) 736-5000``) and that a plan
    of `REGIONS` allows; plain digits only after a word such as "phone".
    """
    for match in _INTERNATIONAL.finditer(text):
        number = re.sub(r"^00", "+", match.group().strip())
        if _allowed(number, None) or (_BESIDE.search(_before(text, match)) and _possible(number)):
            yield match.span()
    for match in _NATIONAL.finditer(text):
        value = match.group()
        if _NO_PHONE.fullmatch(value) is None and any(
            _allowed(value, region) for region in REGIONS
        ):
            yield match.span()
    for match in _BARE.finditer(text):
        if _BESIDE.search(_before(text, match)) and len(re.sub(r"\D", "", match.group())) >= 7:
            yield match.span()


def is_phone(value: str, regions: tuple[str, ...] = REGIONS) -> bool:
    """Return whether a whole value is a telephone number that some plan allows.

    Examples
    --------
    >>> is_phone("+41 44 668 18 00"), is_phone("030 2270"), is_phone("2024-01-31")
    (True, True, False)
    """
    value = value.strip()
    if _NO_PHONE.fullmatch(value) or not re.fullmatch(r"[+(]?\d[\d ().\/x-]{4,26}\d", value):
        return False
    value = re.sub(r"\s*x\d{1,6}$", "", value)
    number = re.sub(r"^00", "+", value)
    if number.startswith("+"):
        return _allowed(number, None)
    return any(_allowed(number, region) for region in regions)


def is_written(value: str) -> bool:
    """Return whether digits are set out as those of a telephone number are, not as a code's.

    Examples
    --------
    >>> is_written("030 2270-0"), is_written("0302270999"), is_written("0-306-40615-2")
    (True, False, False)
    """
    value = value.strip()
    if re.fullmatch(r"\d+[.]\d+|(?:\d{1,3}\.){3}\d{1,3}|[\d-]+-[\dX]", value):
        return False
    if value.startswith(("+", "00", "(")):
        return True
    if re.match(r"\d{3}[-. ]\d{3}[-. ]\d{4}", value):
        return True
    groups = len(re.findall(r"[ ().\/-]+", value))
    return (value[0] == "0" and groups >= 1) or (value[0] in "3679" and groups >= 2)


def _before(text: str, match: re.Match[str]) -> str:
    return text[max(0, match.start() - 40) : match.start()]


def _parsed(number: str, region: str | None) -> Any:
    import phonenumbers

    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None


def _allowed(number: str, region: str | None) -> bool:
    import phonenumbers

    parsed = _parsed(number, region)
    return parsed is not None and bool(phonenumbers.is_valid_number(parsed))


def _possible(number: str) -> bool:
    import phonenumbers

    parsed = _parsed(number, None)
    return parsed is not None and bool(phonenumbers.is_possible_number(parsed))
