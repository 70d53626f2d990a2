"""Names and dates of birth of persons, by their shape and the words beside them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from mirrorbi.privacy.pii.name_lists import characters, folded, script_of, standing

Span = tuple[int, int]

LONGEST = 80
"""Characters of a whole value that may be a name."""

_WORD = r"[^\W\d_a-z][^\W\d_]*(?:['’ʼ-][^\W\d_]+)*"
_PARTICLE = (
    r"(?:v[oa]n|de[rlns]?|d[aeiou]s?|la|le|du|zu|zum|zur|te[rn]?|bin|binti?|ibn|al|el|y|e|i|af|av)"
)
_FAMILY = rf"(?:{_PARTICLE} ){{0,3}}{_WORD}"
_TITLED = re.compile(
    r"(?<!\w)(?:Mrs?|Ms|Miss|Mister|Herrn?|Frau|Mme|Mlle|Monsieur|Madame|Se[ñn]or(?:a|ita)?|Sra?|Srta"
    r"|Signora?|Sig|Sig\.ra|Do[ñn]a)\b\.? (?:(?:Dr|Prof|Ing|Dott)\.? ){0,2}"
    rf"(?:{_WORD}\.? ){{0,2}}{_FAMILY}"
    rf"|(?<!\w)(?:Dr|Prof|Dott)\.(?: (?:Dr|med|phil|Ing)\.){{0,3}} (?:{_WORD}\.? ){{0,2}}{_FAMILY}"
)
_FULL = re.compile(
    rf"(?<![\w'’-])({_WORD})((?: (?:{_WORD}|[^\W\d_a-z]\.)){{0,2}} {_FAMILY}(?!\.\w)"
    r"(?:, [^\W\d_a-z]\w*)?)"
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
    r",? (?:S\.? ?[ACLRP]|& |[Ss]\.[prR]\.|s\.r|d\.o\.o|a\.s\.|Sp\.|E\.I\.R\.L|(?:GmbH|AG|KG|OHG|UG"
    r"|SARL|SAS|SpA|SRL|EIRL|Inc|Ltd|LLC|Corp|PLC|Pty|Pte|Bhd|A/S|ApS|AB|ASA?|Oyj?|Osk|Ky|Tmi|B\.?V"
    r"|N\.?V|Kft|Zrt|Bt|SIA|UAB|OÜ|Stiftung|Group|Gruppe|Holding|Fils|Frères|Hijos|Asociados)\b)"
)
_AND = re.compile(r",|,? (?:and|et|und|och|og|en|y|e|i) ")
# What stands before a given name in the name of a place: Saint Louis, Fort Wayne, Rue Victor Hugo.
_BEFORE_PLACE = re.compile(
    r"(?<!\w)(?:(?i:st|ste|saint|sainte|san|santa|santo|s[ãa]o|sankt|sint|mt|mount|fort|ft|port"
    r"|lake|cape|north|south|east|west|new)\.?[ -]|(?:Rua|R\.|Via|Viale|Plaza|Piazza|Calle|Avenida"
    r"|Avda?\.|Av\.|[Aa]venue|[Rr]ue|[Bb]oulevard|[Cc]hemin|Place|Pasaje|Paseo|Camino|Travessa"
    r"|Alameda|Vila|Strada|Drumul|Aleea|Corso|Largo|Praça|Rúa|Vial)(?: d[aeo]s?)? )$"
)
_WORD_AFTER = re.compile(rf" {_WORD}(?!\.\w)")
_WORD_BEFORE = re.compile(rf"{_WORD} $")
_SMALL = re.compile(rf"{_PARTICLE}|[Vv][oa]n|D[aei]l?|La|Jr\.?|Sr\.?|I{{2,3}}", re.ASCII)
_COMPACT = ("HAN", "HANGUL")
# Titles in other scripts, before a whole value of one to three more words.
_TITLED_ELSEWHERE = re.compile(
    r"(?:นาย|นางสาว|นาง|น\.ส\.|ดร\.|г-н|г-жа|господин|госпожа|пан|пані|κ\.|κα|κος|السيد|السيدة|الدكتور"
    r"|الدكتورة|آقای|خانم|דר|מר|גב|גברת|श्री|श्रीमती|डॉ\.?|জনাব|திரு\.?|திருமதி)['’.]?"
    r"(?:(?<=[\u0e00-\u0eff.])\S+ \S+| \S+(?: \S+){0,2})",
    re.IGNORECASE,
)
# Scripts without capitals: what is a name there shows in a whole value only.
_UNCASED = (
    *("HAN", "HANGUL", "KANA", "ARABIC", "HEBREW", "DEVANAGARI", "BENGALI", "TAMIL", "TELUGU"),
    *("GUJARATI", "ORIYA", "KANNADA", "MALAYALAM", "GURMUKHI", "SINHALA", "THAI", "LAO"),
    *("MYANMAR", "KHMER", "GEORGIAN", "ETHIOPIC"),
)
_UNPARTED = ("THAI", "LAO", "KHMER", "MYANMAR")
# Words that follow a given name in names of firms, places and things.
_THINGS = """
inc ltd llc corp company co gmbh ag kg sa sas srl spa plc group airport street road avenue
square hospital university school college hotel store stores bank air airlines line lines
island islands county city bay beach hall house park center centre station day award cup
prize international foundation trust sales revenue
area metro region district zone territory province state town township village valley heights
springs falls junction crossing harbor harbour borough
ville burgh burg fort port lake drive way loop mall plaza ring grove spurs prairie neck tunnel
passage glade reach terrace path manor mountain mountains summit trail stream unions vista views
locks forks pass gardens coves roads mews oval
"""


def names(text: str) -> Iterator[Span]:
    """Yield where persons are named: by a title, by names that are known, or words that say so."""
    if not text.isascii() and (whole := text.strip()) and _is_name_elsewhere(whole):
        start = text.index(whole)
        yield start, start + len(whole)
    if " " not in text:
        return
    for match in _TITLED.finditer(text):
        yield match.span()
    for match in _SAID.finditer(text):
        yield match.span(1)
    yield from _full(text)
    for match in _COMMA.finditer(text) if "," in text else ():
        alone = not _WORD_BEFORE.search(text[max(0, match.start() - 30) : match.start()])
        if alone and _is_listed(match[1], match[2]) and not _AND.match(text, match.end()):
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
    return standing(word).given >= 2


def is_known(word: str) -> bool:
    """Return whether a word is a given or family name that the lists hold."""
    found = standing(word)
    return bool(found.given or found.family)


def is_thing(value: str) -> bool:
    """Return whether a value ends as names of firms, places and things do.

    Examples
    --------
    >>> is_thing("Muster GmbH"), is_thing("Ada Muster")
    (True, False)
    """
    return folded(re.split(r"[\s,.]+", value.strip(" .,"))[-1]) in _things()


def may_be_name(value: str) -> bool:
    """Return whether a value among others of its column is like a full name.

    Less is asked than of a text by itself: two to five words of which one is a name that is
    known, or characters that stand in names.

    Examples
    --------
    >>> [may_be_name(v) for v in ("Priya Devarajan", "Grace Period", "Red Shoes")]
    [True, False, False]
    """
    value = value.strip()
    if is_name(value):
        return True
    if script_of(value) in (*_COMPACT, "KANA"):
        return _may_be_compact(value)
    words = [w for w in value.replace(",", " ").split() if not _SMALL.fullmatch(w)]
    if not 2 <= len(words) <= 5 or any(map(str.isdigit, value)) or is_thing(value):
        return False
    if _BEFORE_PLACE.fullmatch(f"{words[0]} ") or (
        script_of(value) not in _UNCASED and any(word[0].islower() for word in words)
    ):
        return False
    known = [standing(word) for word in words]
    if any(k.word for k in known):
        return False
    return any(k.given > 1 for k in known) or 2 in (known[0].family, known[-1].family)


def is_parted(value: str) -> bool:
    """Return whether a value is two words of a script that puts no blank between words.

    There a blank parts the given from the family name, and little else that is so short.

    Examples
    --------
    >>> is_parted("สมชาย ใจดี"), is_parted("สมชาย"), is_parted("Ann Smith")
    (True, False, False)
    """
    words = value.split()
    return len(words) == 2 and all(script_of(w) in _UNPARTED and 2 <= len(w) <= 20 for w in words)


def _full(text: str) -> Iterator[Span]:
    """Yield where a given and a family name stand, in scripts that have capitals."""
    place = 0
    while match := _FULL.search(text, place):
        words = [word for word in match[0].split() if not _SMALL.fullmatch(word)]
        if (
            len(words) > 1
            and not _is_other(text, match)
            and (_is_full(words[0], words[-1]) or _is_common(words, text, match))
        ):
            yield match.span()
            place = match.end()
        else:
            # The name may begin with the next word: "Customer John Smith".
            place = match.end(1)


def _is_other(text: str, match: re.Match[str]) -> bool:
    """Return whether what stands around makes a name that of a firm, a place or a thing."""
    last = match[0].split()[-1]
    return (
        last[0].islower()
        or match[0][0].islower()
        or len(last) == 1
        or folded(last) in _things()
        or script_of(last) in _UNCASED
        or _FIRM.match(text, match.end()) is not None
        or _BEFORE_PLACE.search(text[max(0, match.start() - 14) : match.start()]) is not None
    )


def _is_full(first: str, last: str) -> bool:
    """Return whether words are a given and a family name, in one order or the other.

    One of them may be a word or a place as well, not both.
    """
    one, other = standing(first), standing(last)
    if _BEFORE_PLACE.fullmatch(f"{first} "):
        return False
    if one.given and other.family and one.given + other.family > 2:
        return True
    return one.family == 2 and not one.given and other.given >= 2


def _is_common(words: Sequence[str], text: str, match: re.Match[str]) -> bool:
    """Return whether a common given name stands before a family name that is not known.

    Names between them must be known, and nothing in capitals may stand beside them.
    """
    first, *middle, last = words
    return (
        standing(first).given == 3
        and not standing(last).word
        and all(len(word) == 2 or standing(word).given for word in middle)
        and not _WORD_AFTER.match(text, match.end())
        and not _WORD_BEFORE.search(text[max(0, match.start() - 30) : match.start()])
    )


def _is_listed(family: str, given: str) -> bool:
    one, other = standing(given), standing(family.split()[-1])
    return one.given >= 2 and other.given < 2 and (other.family > 0 or one.given == 3)


def _is_name_elsewhere(value: str) -> bool:
    """Return whether a whole value is a name in a script without capitals, or with a title."""
    if len(value) > LONGEST:
        return False
    if _TITLED_ELSEWHERE.fullmatch(value):
        return True
    script = script_of(value)
    if script not in _UNCASED:
        return False
    words = value.split()
    if len(words) == 1:
        return script in _COMPACT and any(
            standing(family).family and len(given) == 2 and standing(given).given > 1
            for family, given in _divided(value)
        )
    if script in (*_COMPACT, "KANA"):
        return (
            len(words) == 2
            and standing(words[0]).family > 0
            and (standing(words[1]).given > 0 or _is_written(words[1]))
        )
    return len(words) <= 4 and _is_full(words[0], words[-1])


def _may_be_compact(value: str) -> bool:
    return any(
        standing(family).family and (standing(given).given or _is_written(given))
        for family, given in _divided(value)
    )


def _divided(value: str) -> Iterator[tuple[str, str]]:
    """Yield a name in which nothing parts family and given name, divided as it may be."""
    if 2 <= len(value) <= 6:
        yield from ((value[:n], value[n:]) for n in (1, 2, 3) if 1 <= len(value) - n <= 3)


def _is_written(given: str) -> bool:
    """Return whether a given name may be one by its characters; in Hangul it has two."""
    script = script_of(given)
    return len(given) in ((2,) if script == "HANGUL" else (1, 2, 3)) and (
        set(given) <= characters(script)
    )


@functools.cache
def _things() -> frozenset[str]:
    return frozenset(_THINGS.split())
