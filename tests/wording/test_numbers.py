import re
from decimal import ROUND_HALF_UP, Decimal

import pytest
from babel.numbers import parse_decimal
from hypothesis import example, given
from hypothesis import strategies as st

from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Quantity
from mirrorbi.wording.numbers import (
    format_quantity,
    is_one,
    ordinal,
)

Q = Quantity.of
N, S = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("quantity", "british", "american", "german", "french"),
    [
        (Q(0.8174, "percent"), "81.7%", "81.7%", f"81,7{N}%", f"81,7{N}%"),
        (Q(-0.1703, "pp"), f"−17.0{N}pp", f"−17.0{N}pp", f"−17,0{N}pp", f"−17,0{N}pp"),
        (Q(28135, "count"), "28,135", "28,135", "28.135", f"28{N}135"),
        (Q(-28135, "count"), "−28,135", "−28,135", "−28.135", f"−28{N}135"),
        (Q(12, "minutes"), f"12{S}minutes", f"12{S}minutes", f"12{S}minutes", f"12{S}minutes"),
        (Q(1, "minutes"), f"1{S}minute", f"1{S}minute", f"1{S}minute", f"1{S}minute"),
        (Q(1.5, "hours"), f"1.5{S}hours", f"1.5{S}hours", f"1,5{S}hours", f"1,5{S}hours"),
        (
            Q(1234567, "currency:GBP"),
            "£1.23m",
            "£1.23M",
            f"1,23{N}Mio.{N}£",
            f"1,23{N}M{N}£GB",
        ),
        (Q(123456, "currency:USD"), "US$123k", "$123K", f"123.456{N}$", f"123{N}k{N}$US"),
        (Q(999_999, "currency:EUR"), "€1m", "€1M", f"1{N}Mio.{N}€", f"1{N}M{N}€"),
        (Q(2.5e9, "currency:EUR"), "€2.5bn", "€2.5B", f"2,5{N}Mrd.{N}€", f"2,5{N}Md{N}€"),
        (Q(-12.5, "currency:EUR"), "−€12.50", "−€12.50", f"−12,50{N}€", f"−12,50{N}€"),
        (Q(1234.56, "currency:EUR"), "€1,235", "€1,235", f"1.235{N}€", f"1{N}235{N}€"),
        (Q(500, "currency:JPY", 0), "JP¥500", "¥500", f"500{N}¥", f"500{N}JPY"),
        (Q(3, "rank"), "3rd", "3rd", "3rd", "3rd"),
        (Q(12.44, "km"), f"12.4{N}km", f"12.4{N}km", f"12,4{N}km", f"12,4{N}km"),
        (Q(0.62), "0.62", "0.62", "0,62", "0,62"),
        (Q(0.00001, "p"), "<0.001", "<0.001", "<0,001", "<0,001"),
        (Q(0.0123, "p"), "0.012", "0.012", "0,012", "0,012"),
    ],
)
def test_each_unit_reads_as_its_locale_writes_it(quantity, british, american, german, french):
    shown = [format_quantity(quantity, loc) for loc in ("en_GB", "en_US", "de_DE", "fr_FR")]
    assert shown == [british, american, german, french]


def test_decimals_of_the_quantity_are_kept_even_where_money_would_be_shortened():
    assert format_quantity(Q(1234567, "currency:GBP", 0)) == "£1,234,567"
    assert format_quantity(Q(1234567.891, "currency:GBP", 2)) == "£1,234,567.89"
    assert format_quantity(Q(0.81748, "percent", 2)) == "81.75%"
    assert format_quantity(Q(3, "count", 2)) == "3.00"


def test_a_sign_is_shown_on_request_and_never_on_what_reads_as_zero():
    assert format_quantity(Q(0.17, "pp"), signed=True) == f"+17.0{N}pp"
    assert format_quantity(Q(-0.00001, "percent", 1)) == "0.0%"
    assert format_quantity(Q(0.00001, "percent", 1), signed=True) == "0.0%"
    assert format_quantity(Q(0, "count"), signed=True) == "0"


def test_small_shares_keep_a_digit_that_says_something():
    shown = [format_quantity(Q(v, "percent")) for v in (0.002, 0.0004, 0.00002, 12.5)]
    assert shown == ["0.2%", "0.04%", "0.002%", "1,250%"]


def test_halves_are_rounded_away_from_zero():
    assert format_quantity(Q(0.25, "number", 1)) == "0.3"
    assert format_quantity(Q(-2.5, "number", 0)) == "−3"


def test_singular_follows_what_is_shown():
    assert is_one(Q(1, "count"))
    assert not is_one(Q(1.0, "hours", 1))
    assert not is_one(Q(0, "count"))


def test_ordinals_are_english():
    shown = " ".join(ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112))
    assert shown == "1st 2nd 3rd 4th 11th 12th 13th 21st 112th"


def test_percent_without_decimals_has_none():
    assert format_quantity(Q(0.95, "percent", 0)) == "95%"
    assert format_quantity(Q(0.95, "percent", 0), "de_DE") == f"95{N}%"


def test_an_unknown_locale_is_named():
    with pytest.raises(WordingError, match="klingon"):
        format_quantity(Q(1), "klingon")


def test_an_unknown_currency_and_a_hostile_unit_stay_readable():
    assert format_quantity(Q(12.5, "currency:XYZ")) == f"XYZ{N}12.50"
    assert format_quantity(Q(12, "currency:points")) == f"12{N}points"
    assert "\u202e" not in format_quantity(Q(12, "k\u202em"))


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=6),
    st.integers(0, 4),
    st.sampled_from(["en_GB", "en_US", "de_DE", "fr_FR", "de_CH", "sv_SE"]),
)
def test_a_shown_number_reads_back_as_the_number_rounded(value, decimals, locale):
    shown = format_quantity(Quantity(value, "number", decimals), locale)
    assert "-" not in shown
    # babel reads the separators of the locale; ours are the narrow forms of its spaces.
    plain = shown.replace("−", "-")
    plain = plain.replace(N, S) if locale == "sv_SE" else plain
    read = parse_decimal(plain, locale=locale)
    assert read == value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


@given(st.integers(100_000, 10**13))
@example(999_500_000_000)
@example(10**13)
def test_shortened_money_keeps_three_significant_digits(value):
    shown = format_quantity(Quantity(Decimal(value), "currency:GBP"))
    number, suffix = re.fullmatch(r"£([\d.]+)(k|m|bn|tn)", shown).groups()
    size = Decimal(number) * {"k": 10**3, "m": 10**6, "bn": 10**9, "tn": 10**12}[suffix]
    assert abs(size - value) * 200 <= value
