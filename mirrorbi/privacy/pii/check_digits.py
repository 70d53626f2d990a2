"""Numbers with check digits: accounts, cards, tax numbers, and addresses of machines."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from importlib import import_module

Span = tuple[int, int]

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_CARD = re.compile(r"(?<![\w.,-])[1-6](?:[ -]?\d){11,18}(?![\w]|[.,]\d|-\d)")
_VAT = re.compile(
    r"(?<![A-Za-z0-9])(?:AT|BE|BG|CHE|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|NO"
    r"|PL|PT|RO|SE|SI|SK|XI)[ -]?[A-Z0-9][A-Z0-9. -]{5,15}[A-Z0-9](?![A-Za-z0-9])"
)
_IPV4 = re.compile(r"(?<![\w.])(?<!v )(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{2,40}(?:\.\d{1,3}){0,3}(?![\w:])")

# Issuers by leading digits, with the lengths that they give out (ISO/IEC 7812; the ranges
# of Visa, Mastercard, American Express, Discover, JCB, Diners Club, Maestro, UnionPay).
_ISSUERS = (
    (re.compile(r"4"), (16, 19)),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"6011|64[4-9]|65"), (16, 19)),
    (re.compile(r"352[89]|35[3-8]"), (16, 19)),
    (re.compile(r"30[0-5]|3[689]"), (14, 16)),
    (re.compile(r"5018|5020|5038|5893|6304|6759|676[1-3]"), (12, 13, 14, 15, 16, 17, 18, 19)),
    (re.compile(r"5[678]"), (16, 18, 19)),
    (re.compile(r"2131|1800"), (15,)),
    (re.compile(r"62"), (16, 17, 18, 19)),
)


def ibans(text: str) -> Iterator[Span]:
    """Yield where bank account numbers are: IBANs whose check digits hold."""
    iban = import_module("stdnum.iban")
    for match in _IBAN.finditer(text):
        # Words may follow the number within the same run: the country says how long it is.
        yield from _longest(text, match, lambda part: bool(iban.is_valid(part)))


def cards(text: str) -> Iterator[Span]:
    """Yield where card numbers are: an issuer's range and length, and the Luhn digit."""
    for match in _CARD.finditer(text):
        if is_card(match.group()):
            yield match.span()


def is_card(number: str) -> bool:
    """Return whether a number is that of a payment card.

    Examples
    --------
    >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112")
    (True, False)
    """
    digits = re.sub(r"[ -]", "", number)
    if not digits.isdecimal() or (len(set(digits)) < 3 and digits[0] != "4"):
        return False
    if not any(p.match(digits) and len(digits) in lengths for p, lengths in _ISSUERS):
        return False
    return bool(import_module("stdnum.luhn").is_valid(digits))


def vats(text: str) -> Iterator[Span]:
    """Yield where VAT numbers are: with the letters of a country, and valid there."""
    for match in _VAT.finditer(text):
        yield from _longest(text, match, is_vat)


def is_vat(number: str) -> bool:
    """Return whether a number is a VAT number of Europe, with its country's letters.

    Examples
    --------
    >>> is_vat("DE 136 695 976"), is_vat("DE 136 695 977")
    (True, False)
    """
    compact = re.sub(r"[ .-]", "", number).upper()
    if compact.startswith("CHE"):
        return bool(import_module("stdnum.ch.uid").is_valid(compact[:12]))
    if compact.startswith("NO"):
        return bool(import_module("stdnum.no.mva").is_valid(compact))
    if compact.startswith("GB"):
        return bool(import_module("stdnum.gb.vat").is_valid(compact))
    return bool(import_module("stdnum.eu.vat").is_valid(compact))


def ips(text: str) -> Iterator[Span]:
    """Yield where addresses of machines are, IPv4 and IPv6.

    Addresses that no person has are none: unspecified, loopback, and what reads like the
    number of a version, by the word before it or since its four numbers are small.
    """
    for match in _IPV4.finditer(text):
        before = text[max(0, match.start() - 10) : match.start()].casefold()
        if re.search(r"(?:version|ver\.?|release|v)\s*$", before):
            continue
        if is_ip(match.group(), small=re.search(r"\bip\b", before) is not None):
            yield match.span()
    for match in _IPV6.finditer(text):
        value = match.group()
        if value.endswith(":") and not value.endswith("::"):
            value = value[:-1]
        if value.count(":") >= 2 and is_ip(value):
            yield match.start(), match.start() + len(value)


def is_ip(value: str, *, small: bool = False) -> bool:
    """Return whether text is the address of a machine that may be a person's.

    Four numbers below 20 are the number of a version, unless ``small`` ones count.

    Examples
    --------
    >>> is_ip("203.0.113.9"), is_ip("2001:db8::1"), is_ip("127.0.0.1"), is_ip("256.1.1.1")
    (True, True, False, False)
    """
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    if address.version == 4 and not small and max(address.packed) < 20:
        return False
    return not (address.is_unspecified or address.is_loopback)


def _longest(text: str, match: re.Match[str], is_valid: object) -> Iterator[Span]:
    """Yield the longest part of a match, cut at blanks from its end, that is valid."""
    assert callable(is_valid)  # noqa: S101 (for the type checker)
    start, end = match.span()
    for _ in range(8):
        if is_valid(text[start:end]):
            yield start, end
            return
        cut = max(text.rfind(" ", start, end), text.rfind("-", start, end))
        if cut <= start:
            return
        end = cut
