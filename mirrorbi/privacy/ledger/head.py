"""The head: where the ledger ended when it was last written."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from mirrorbi.privacy.disclosure import canonical
from mirrorbi.privacy.ledger.chain import Link

SIZE = 256
"""Bytes of a head: always the same, and less than a disk writes at once."""
_CHECK = 16


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
        """Return the head as it is kept: with a sum of its own, so that half of one is seen."""
        parts = {**self.link._asdict(), "start": self.start, "end": self.end}
        check = hashlib.sha256(canonical(parts)).hexdigest()[:_CHECK]
        return canonical({**parts, "check": check}).ljust(SIZE - 1) + b"\n"


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
        head = Head(Link(parts["seq"], parts["hash"]), parts["start"], parts["end"])
        same = head.line() == line
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    numbers = (head.link.seq, head.start, head.end)
    return head if same and all(type(number) is int for number in numbers) else None
