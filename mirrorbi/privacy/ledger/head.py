"""The head: where the ledger ended when it was last written."""

from __future__ import annotations

import json
from typing import NamedTuple

from mirrorbi.privacy.disclosure import canonical
from mirrorbi.privacy.ledger.chain import Link


class Head(NamedTuple):
    """What the ledger ended with when it was last written.

    Parameters
    ----------
    link
        The last entry.
    start, end
        Where its line begins and ends in the file, in bytes; 0 in a bucket.
    """

    link: Link
    start: int = 0
    end: int = 0

    def line(self) -> bytes:
        """Return the head as it is kept."""
        where = {"start": self.start, "end": self.end} if self.end else {}
        return canonical({**self.link._asdict(), **where}) + b"\n"


def head_of(line: bytes) -> Head | None:
    """Return the head that a line says, or ``None`` if it is none, byte for byte.

    Examples
    --------
    >>> head = Head(Link(7, "ab"), 100, 200)
    >>> head_of(head.line()) == head, head_of(b"{}") is None
    (True, True)
    """
    try:
        parts = json.loads(line)
        head = Head(Link(parts["seq"], parts["hash"]), parts.get("start", 0), parts.get("end", 0))
        same = head.line() == line
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    numbers = (head.link.seq, head.start, head.end)
    return head if same and all(type(number) is int for number in numbers) else None
