"""Names and dates of birth of persons, by their shape and the words beside them."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from importlib.resources import files

Span = tuple[int, int]

_WORD = r"[^\W\d_a-z][^\W\d_]*(?:['’-][^\W\d_]+)*"
_PARTICLE = r"(?:v[oa]n|de[rlns]?|d[aeiou]s?|la|le|du|zu|zum|zur|ter|ten|bin|al|el|y|e)"
_FAMILY = rf"(?:{_PARTICLE} ){{0,3}}{_WORD}"
_TITLED = re.compile(
    r"(?<!\w)(?:Mrs?|Ms|Miss|Mister|Herrn?|Frau|Mme|Mlle|Monsieur|Madame|Se[ñn]or(?:a|ita)?|Sra?|Srta"
    r"|Signora?|Sig|Sig\.ra|Do[ñn]a)\b\.? (?:(?:Dr|Prof|Ing|Dott)\.? ){0,2}"
    rf"(?:{_WORD}\.? ){{0,2}}{_FAMILY}"
    rf"|(?<!\w)(?:Dr|Prof|Dott)\.(?: (?:Dr|med|phil|Ing)\.){{0,3}} (?:{_WORD}\.? ){{0,2}}{_FAMILY}"
)
_FULL = re.compile(
    rf"(?<![\w'’-])({_WORD})((?: (?:{_WORD}|[^\W\d_a-z]\.)){{0,2}} {_FAMILY}(?:, [^\W\d_a-z]\w*)?)"
)
_COMMA = re.compile(rf"(?<![\w'’-])({_FAMILY}), ({_WORD})(?![\w'’-])")
_SAID = re.compile(
    r"(?:(?:my|his|her|their)\s+name\s+is|\bnamed|\bcalled|\bnames?\s*[:=]|\bName\s*:"
    r"|je m'appelle|me llamo|mi chiamo|ich hei(?:ß|ss)e|mein Name ist)\s+"
    rf"({_WORD}(?: {_FAMILY})?)"
)
_BORN = re.compile(
    r"(?:\bborn(?:\s+on)?|\bd\.?o\.?b\.?|\b(?:date\s+of\s+)?birth(?:\s*date|day)?|\bgeb(?:oren)?\b"
    r"|\bgeburts(?:datum|tag)|\bn[ée]e?\s+le|date\s+de\s+naissance|\bnacid[oa]|fecha\s+de\s+nacimiento"
    r"|\bnat[oa]\s+il|data\s+di\s+nascita)[\s:.,=(|\"'*]{0,6}(?:is|was|am|el|le|il)?\s{0,2}"
    r"(\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}(?:st|nd|rd|th|\.|er)?\s+(?:de\s+)?[^\W\d_]{3,10}\.?,?"
    r"\s+(?:de\s+)?\d{4}|[^\W\d_]{3,10}\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4})",
    re.IGNORECASE,
)
# What follows the name of a person that is the name of a firm.
_FIRM = re.compile(
    r",? (?:GmbH|AG|KG|OHG|UG|S\.? ?[ACLRP]|SARL|SAS|Inc|Ltd|LLC|Corp|PLC|& |Stiftung|Group|Gruppe)"
)
# What stands before a given name in the name of a place: Saint Louis, San José, Fort Wayne.
_SAINT = re.compile(
    r"(?<!\w)(?:st|ste|saint|sainte|san|santa|santo|s[ãa]o|sankt|sint|mt|mount|fort|ft|port|lake|cape)"
    r"\.?[ -]$",
    re.IGNORECASE,
)
# Words that follow a given name in names of firms, places and things.
_THINGS = """
inc ltd llc corp company co gmbh ag kg sa sas srl spa plc group airport street road avenue
square hospital university school college hotel store stores bank air airlines line lines
island islands county city bay beach hall house park center centre station day award cup
prize international foundation trust sales revenue
area metro region district zone territory province state town township village valley heights
springs falls junction crossing harbor harbour borough
"""


def names(text: str) -> Iterator[Span]:
    """Yield where persons are named: by a title, a given name, or words that say so."""
    if " " not in text:
        return
    for match in _TITLED.finditer(text):
        yield match.span()
    for match in _SAID.finditer(text):
        yield match.span(1)
    yield from _full(text)
    for match in _COMMA.finditer(text) if "," in text else ():
        if is_given(match[2]) and not is_given(match[1]):
            yield match.span()


def births(text: str) -> Iterator[Span]:
    """Yield where dates of birth are: dates beside a word that says so."""
    for match in _BORN.finditer(text):
        yield match.span(1)


def is_name(value: str) -> bool:
    """Return whether a whole value is the name of a person, as far as its shape tells.

    Examples
    --------
    >>> is_name("Maria García"), is_name("SMITH, John"), is_name("Red shoes")
    (True, True, False)
    """
    value = value.strip()
    return any(start == 0 and end == len(value) for start, end in names(value))


def is_given(word: str) -> bool:
    """Return whether a word is a common given name.

    Examples
    --------
    >>> is_given("Jürgen"), is_given("Jean-Pierre"), is_given("Table")
    (True, True, False)
    """
    known = _given()
    return any(_folded(part) in known for part in re.split(r"['’-]", word))


def is_thing(value: str) -> bool:
    """Return whether a value ends as names of firms, places and things do.

    Examples
    --------
    >>> is_thing("Muster GmbH"), is_thing("Ada Muster")
    (True, False)
    """
    return _folded(re.split(r"[\s,.]+", value.strip(" .,"))[-1]) in _things()


def _full(text: str) -> Iterator[Span]:
    place = 0
    while match := _FULL.search(text, place):
        first, rest = match[1], match[2]
        last = rest.split()[-1]
        firm = _FIRM.match(text, match.end()) or len(last) == 1
        other = firm or _SAINT.search(text[max(0, match.start() - 8) : match.start()])
        if is_given(first) and _folded(last) not in _things() and not other:
            yield match.span()
            place = match.end()
        else:
            # The name may begin with the next word: "Customer John Smith".
            place = match.end(1)


def _folded(word: str) -> str:
    loose = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in loose if not unicodedata.combining(char)).replace("ß", "ss")


@functools.cache
def _things() -> frozenset[str]:
    return frozenset(_THINGS.split())


@functools.cache
def _given() -> frozenset[str]:
    lines = files("mirrorbi.privacy.pii").joinpath("given_names.txt").read_text("utf-8")
    return frozenset(
        name for line in lines.splitlines() if not line.startswith("#") for name in line.split()
    )
