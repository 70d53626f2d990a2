"""Personal data in free text."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator

from mirrorbi.privacy.pii.check_digits import cards, ibans, ips, vats
from mirrorbi.privacy.pii.hit import Hit, Kind, masked
from mirrorbi.privacy.pii.national_ids import national_ids
from mirrorbi.privacy.pii.persons import births, names
from mirrorbi.privacy.pii.phones import phones
from mirrorbi.privacy.pii.visible_text import plain
from mirrorbi.privacy.pii.web_addresses import emails, urls

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
_MANY_DIGITS = frozenset({"iban", "card", "national_id", "vat", "phone"})
_MANY = re.compile(r"\d(?:\D{0,3}\d){4}")
_ANY = re.compile(r"\d")
_MACHINE = re.compile(r"\d\.\d+\.\d+\.\d|:[^:]*:")
_SHORT = 200


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
    # The same few names are asked for again and again: a member stands in many facts.
    return list(_scanned_once(text) if len(text) <= _SHORT else _scanned(text))


def without_personal(text: str) -> str:
    """Return a text in which each hit of `scan_text` is masked: for logs and tracebacks.

    Examples
    --------
    >>> without_personal("KeyError: 'jane@example.com'")
    "KeyError: '••••@•••••••.•••'"
    """
    parts, at = [], 0
    for hit in scan_text(text):
        parts += [text[at : hit.start], masked(text[hit.start : hit.end])]
        at = hit.end
    return "".join([*parts, text[at:]])


def _scanned(text: str) -> tuple[Hit, ...]:
    shown, places = plain(text)
    worth = _worth(shown)
    claimed: list[tuple[int, int]] = []
    hits: list[Hit] = []
    for kind, search in _SEARCHES:
        if not worth(kind):
            continue
        fresh = [
            (start, end)
            for start, end in search(shown)
            if not any(start < other_end and other < end for other, other_end in claimed)
        ]
        for start, end in _apart(fresh):
            claimed.append((start, end))
            hits.append(Hit(kind, places[start], places[end - 1] + 1))
    return tuple(sorted(hits, key=lambda hit: hit.start))


_scanned_once = functools.lru_cache(maxsize=4096)(_scanned)


def _worth(text: str) -> Callable[[Kind], bool]:
    """Return which kinds are worth searching for, by characters that each must have."""
    any_digit = _ANY.search(text) is not None
    many = any_digit and _MANY.search(text) is not None
    machine = _MACHINE.search(text) is not None

    def worth(kind: Kind) -> bool:
        if kind in _MANY_DIGITS:
            return many
        if kind == "date_of_birth":
            return any_digit
        return machine if kind == "ip" else True

    return worth


def _apart(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans that do not overlap, the longest first of those that begin together."""
    reached = -1
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= reached:
            yield start, end
            reached = end
