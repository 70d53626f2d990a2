"""What the values of a column are, taken together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from mirrorbi.privacy.pii.check_digits import is_card, is_ip, is_vat
from mirrorbi.privacy.pii.free_text import scan_text
from mirrorbi.privacy.pii.hit import Kind
from mirrorbi.privacy.pii.national_ids import SCHEMES, is_of
from mirrorbi.privacy.pii.persons import (
    is_given,
    is_known,
    is_name,
    is_parted,
    is_thing,
    may_be_name,
)
from mirrorbi.privacy.pii.phones import is_phone, is_written
from mirrorbi.privacy.pii.secrets import is_secret
from mirrorbi.privacy.pii.visible_text import plain
from mirrorbi.privacy.pii.web_addresses import emails, urls

FEW = 10
"""Values below which a weak check digit proves nothing."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What most values are, how many of them, and out of how many."""

    kind: Kind
    count: int
    total: int

    @property
    def share(self) -> float:
        """Part of the values looked at."""
        return self.count / self.total


@dataclass(frozen=True, slots=True)
class _Test:
    """A kind, how a value is tested for it, and which share of values makes the column one.

    ``named_share`` is the share where the column's name says so too: a column of invented or old
    telephone numbers is still one.
    """

    kind: Kind
    holds: Callable[[str], bool]
    share: float
    named_share: float
    least: int = 1


def judge_values(values: Sequence[str], named_kind: str | None = None) -> Judgement | None:
    """Return what the values of a column are, or ``None`` if they are nothing of the kind.

    Parameters
    ----------
    values
        Different values of the column.
    named_kind
        The kind of which its name speaks.

    Examples
    --------
    >>> judge_values(["jane@example.com", "joe@example.org", "-"])
    Judgement(kind='email', count=2, total=3)
    """
    shown = [text for value in values if (text := plain(value)[0].strip())]
    if not shown:
        return None
    for test in _tests(shown, named_kind):
        count = sum(map(test.holds, shown))
        least_share = test.named_share if named_kind == test.kind else test.share
        if count >= max(test.least, least_share * len(shown)):
            return Judgement(test.kind, count, len(shown))
    return None


def kinds_in_texts(values: Sequence[str]) -> tuple[Counter[Kind], int]:
    """Return which kinds of personal data are within longer texts, and in how many of them.

    Examples
    --------
    >>> kinds_in_texts(["please call jane@example.com today", "all fine"])
    (Counter({'email': 1}), 1)
    """
    kinds: Counter[Kind] = Counter()
    texts = 0
    for value in values:
        if len(value.split()) < 2 and "@" not in value:
            continue
        text_kinds = {hit.kind for hit in scan_text(value)}
        kinds.update(text_kinds)
        texts += bool(text_kinds)
    return kinds, texts


def is_prose(values: Sequence[str]) -> bool:
    """Return whether values are words rather than codes.

    Examples
    --------
    >>> is_prose(["paid late, again"]), is_prose(["INV-2024-0012"])
    (True, False)
    """
    spoken = sum(
        len(re.findall(r"[^\W\d_]{2,}", value)) >= 2 or not re.search(r"\d", value)
        for value in values
    )
    return spoken >= 0.3 * len(values)


def has_shape(values: Sequence[str], kind: str) -> bool:
    """Return whether any value could be of a kind at all, going by its characters."""
    shape = _SHAPES.get(kind)
    return shape is None or any(shape.search(value) for value in values)


def looks_like(values: Sequence[str], kind: str) -> bool:
    """Return whether nearly all values have the form of a kind, as far as it has one.

    Examples
    --------
    >>> looks_like(["Ada Muster", "Bo Vzorek"], "person_name"), looks_like(["A1"], "phone")
    (True, False)
    """
    shown = [text for value in values if (text := plain(value)[0].strip())]
    if kind == "person_name":
        # Clients are often firms.
        return bool(shown) and _look_named(shown) and sum(map(is_thing, shown)) < 0.1 * len(shown)
    shape = _SHAPES.get(kind)
    return shape is not None and sum(map(bool, map(shape.search, shown))) > 0.9 * len(shown)


_SHAPES = {
    "email": re.compile(r"@|[0-9a-fA-F]{32}"),
    "phone": re.compile(r"(?:\d\D{0,3}){6}|[0-9a-fA-F]{32}"),
    "ip": re.compile(r"\d+\.\d+\.\d+|:.*:|[0-9a-fA-F]{32}"),
    "iban": re.compile(r"[A-Za-z0-9]{8}|\d{5}"),
    "card": re.compile(r"[\d*xX•]{4}"),
    "national_id": re.compile(r"(?:\d\D{0,2}){5}"),
    "vat": re.compile(r"(?:\d\D{0,2}){5}"),
    "date_of_birth": re.compile(r"\d"),
}
_STREET = re.compile(
    r"(?:str(?:\.|a(?:ß|ss)e)|platz|allee|gasse|weg|damm|ring|ufer)\s+\d{1,4}\s?[a-z]?\b"
    r"|\b(?:via|viale|piazza|piazzale|corso|vicolo|contrada|strada|borgo|largo|rotonda|canale|incrocio"
    r"|stretto|lungomare|rue|avenue|boulevard|bd|chemin|all[ée]e|impasse|calle"
    r"|avenida|avda\.?|paseo|plaza|pasaje|pasadizo|ronda|camino|callej[óo]n|rambla|glorieta|vial|cuesta"
    r"|urbanizaci[óo]n|acceso|alameda|c[./])\s+.*\d"
    r"|\b\d{1,5}[a-z]?,?\s+(?:rue|avenue|boulevard|bd|chemin|all[ée]e|impasse|place|quai)\b"
    r"|\b\d{1,6}\s+[^\W\d].*\b(?:st|street|ave|avenue|rd|road|blvd|boulevard|lane|ln|drive|dr|court|ct"
    r"|way|place|pl|square|sq|terrace|crescent|close|parkway|pkwy|highway|hwy|suite|apt|trail"
    r"|circle|extension|expressway|locks|greens?|groves?|hills?|mews|ridges?|shores?|station"
    r"|fields?|walks?|islands?|junctions?|throughway|turnpike|vista|viaduct|manors?|meadows?"
    r"|mountains?|overpass|parks?|passage|pines?|plains?|ports?|rapids?|rest|river|springs?"
    r"|summit|track|tunnel|union|valleys?|views?|village|ville|well|forges?|forks?|gardens?)\b",
    re.IGNORECASE,
)
_CAPITALS = re.compile(
    r"(?:[^\W\d_]{1,6}\.? )?"
    # Vowels of many scripts are signs, no letters. Words are taken whole: no long way back.
    r"(?:[^\W\d_a-z][\w'’.\u064b-\u065f\u0900-\u17ff-]*+,? ?"
    r"|(?:v[oa]n|de[nrl]?|d[aiou]s?|l[ae]|y|te[nr]?|['’]t|het|in|op|aan|bin|ibn|al|el) ){1,6}"
    r"(?:, [\w. ]{2,6})?"
)


def _tests(shown: Sequence[str], named_kind: str | None) -> Iterator[_Test]:
    """Yield the tests in the order of what they prove."""
    iban = import_module("stdnum.iban")
    yield _Test("secret", is_secret, 0.3, 0.1)
    yield _Test("email", lambda v: _whole(v, emails), 0.3, 0.05)
    yield _Test("url", lambda v: _whole(v, urls), 0.3, 0.3)
    yield _Test("iban", lambda v: bool(iban.is_valid(v)), 0.3, 0.05)
    yield _Test("card", is_card, 0.5, 0.1)
    yield _Test("ip", is_ip, 0.8, 0.3)
    yield _Test("vat", is_vat, 0.5, 0.1)
    for scheme in SCHEMES:
        # A check digit holds by chance in one number of ten or so.
        share, least = (0.5, 1) if scheme.sure else (0.8, FEW)
        yield _Test("national_id", partial(is_of, scheme), share, 0.3, least)
    loose = named_kind == "phone"
    yield _Test("phone", lambda v: is_phone(v) and (loose or is_written(v)), 0.4, 0.05, 3)
    yield _Test("address", lambda v: bool(_STREET.search(v)), 0.4, 0.1, 3)
    yield from _name_tests(shown)


def _name_tests(shown: Sequence[str]) -> Iterator[_Test]:
    """Yield the tests for names of persons: many are not known, so that a part is enough."""
    small = not any(char.isupper() for value in shown for char in value)
    written = {value: value.title() if small else value for value in shown}
    look_named = _look_named(list(written.values()))
    yield _Test("person_name", lambda v: is_name(written[v]), 0.3 if look_named else 0.5, 0.1, 2)
    if look_named:
        forms = _repeated(v.split()[0] for v in shown) | _repeated(v.split()[-1] for v in shown)
        share = 0.5 if any(map(is_name, written.values())) else 0.75

        def may_be(value: str) -> bool:
            ends = {value.split()[0], value.split()[-1]}
            return may_be_name(written[value]) and not ends & forms

        yield _Test("person_name", may_be, share, 0.5, 3)
    yield _Test("person_name", lambda v: " " not in v and is_given(written[v]), 0.6, 0.2, 3)
    given = sum(is_parted(value) and is_given(value.split()[0]) for value in shown)
    if given >= max(2, 0.05 * len(shown)):
        yield _Test("person_name", is_parted, 0.75, 0.5, 3)


def _repeated(words: Iterable[str]) -> frozenset[str]:
    """Return words that are no names and stand in a tenth of the values: Calle, Grupo, AB."""
    counts = Counter(words)
    least = max(3, 0.1 * counts.total())
    return frozenset(w for w, count in counts.items() if count >= least and not is_known(w))


def _look_named(values: Sequence[str]) -> bool:
    """Return whether nearly all values are one to six words, each begun with a capital."""
    return sum(_CAPITALS.fullmatch(value) is not None for value in values) > 0.9 * len(values)


def _whole(value: str, search: Callable[[str], Iterator[tuple[int, int]]]) -> bool:
    return any(span == (0, len(value)) for span in search(value))
