"""What messages and notes may say of a source: lists cut short, forms instead of values."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SHOWN = 5


def listed(words: Iterable[object], shown: int = _SHOWN) -> str:
    """Return words as one list for people, cut where it is long.

    Examples
    --------
    >>> listed("abcdefg")
    'a, b, c, d, e and 2 more'
    """
    every = [str(word) for word in words]
    rest = len(every) - shown
    return ", ".join(every[:shown]) + (f" and {rest:,} more" if rest > 0 else "")


def form_of(value: str, width: int = 24) -> str:
    """Return the form of a value for a message: what it looks like, not what it is.

    Messages and notes go into reports and logs, in which no cell of the data may stand.

    Examples
    --------
    >>> form_of("12.05.2024"), form_of("Ada Muster, 4812.50"), form_of("né")
    ("'99.99.9999'", "'Xxx Xxxxxx, 9999.99'", "'xx'")
    """
    shown = "".join(
        "9" if c.isdigit() else "X" if c.isupper() else "x" if c.isalpha() else c
        for c in value[:width]
    )
    return repr(shown + "…" if len(value) > width else shown)


def reason_of(error: BaseException) -> str:
    """Return the first line of an engine's error, without what it quotes: it may be a value."""
    return re.sub(
        r'"[^"]*"|\'[^\']*\'', "'…'", (str(error) or type(error).__name__).splitlines()[0]
    )
