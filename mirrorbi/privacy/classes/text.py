"""Personal data in free text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from mirrorbi.privacy.classes.hit import Hit, Kind
from mirrorbi.privacy.classes.national import national_ids
from mirrorbi.privacy.classes.numbers import cards, ibans, ips, vats
from mirrorbi.privacy.classes.persons import births, names
from mirrorbi.privacy.classes.phones import phones
from mirrorbi.privacy.classes.plain import plain
from mirrorbi.privacy.classes.web import emails, urls

_Search = Callable[[str], Iterator[tuple[int, int]]]

# Where two kinds claim the same place, the one named first has it.
_SEARCHES: tuple[tuple[Kind, _Search], ...] = (
    ("url", urls),
    ("email", emails),
    ("iban", ibans),
    ("card", cards),
    ("date_of_birth", births),
    ("national_id", national_ids),
    ("vat", vats),
    ("ip", ips),
    ("phone", phones),
    ("person_name", names),
)
_DIGITS = frozenset({"iban", "card", "national_id", "vat", "phone"})
_DIGIT = re.compile(r"\d(?:\D{0,3}\d){4}")


def scan_text(text: str) -> list[Hit]:
    """Return where personal data is in a text, in the order of its places.

    What is found is what has a form of its own: numbers with check digits, addresses,
    telephone numbers, and names by title, given name or the words before them. Text that
    tells of a person without any of these is not found.

    Parameters
    ----------
    text
        Any text: a question, the name of a column or member, the text of a page.

    Examples
    --------
    >>> scan_text("Why did jane@example.com cancel?")
    [Hit(kind='email', start=8, end=24)]
    >>> scan_text("Why did the on-time rate fall in December 2013?")
    []
    """
    if not text:
        return []
    shown, places = plain(text)
    digits = _DIGIT.search(shown) is not None
    taken: list[tuple[int, int]] = []
    hits: list[Hit] = []
    for kind, search in _SEARCHES:
        if kind in _DIGITS and not digits:
            continue
        fresh = [
            (start, end)
            for start, end in search(shown)
            if not any(start < other_end and other < end for other, other_end in taken)
        ]
        for start, end in _apart(fresh):
            taken.append((start, end))
            hits.append(Hit(kind, places[start], places[end - 1] + 1))
    return sorted(hits, key=lambda hit: hit.start)


def _apart(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans that do not overlap, the longest first of those that begin together."""
    reached = -1
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= reached:
            yield start, end
            reached = end
