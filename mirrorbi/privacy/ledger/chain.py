"""One line of the ledger: canonical JSON that carries its number and the hash before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from mirrorbi.privacy.disclosure import canonical

GENESIS = "0" * 64
"""The hash before the first entry."""
_SHORT = 12


class Link(NamedTuple):
    """A place in the chain: the number of an entry and its hash."""

    seq: int
    hash: str

    @property
    def id(self) -> str:
        """The entry's name, with enough of its hash to know it again: ``12-3fa9c1d20b77``."""
        return f"{self.seq}-{self.hash[:_SHORT]}"


START = Link(0, GENESIS)
"""What the first entry follows."""


def seal(content: Mapping[str, Any], after: Link) -> tuple[bytes, Link]:
    """Return an entry as a line that follows another, and its place.

    Parameters
    ----------
    content
        Plain values; no floats.
    after
        The entry before.

    Examples
    --------
    >>> line, link = seal({"kind": "start"}, START)
    >>> link.seq, flaw(line, START)
    (1, '')
    >>> flaw(line.replace(b"start", b"stop!"), START)
    'was changed: its hash does not fit'
    """
    body = {**content, "seq": after.seq + 1, "previous": after.hash}
    own = _hash(body)
    return canonical({**body, "hash": own}) + b"\n", Link(after.seq + 1, own)


def flaw(line: bytes, after: Link | None = None) -> str:
    """Return what is wrong with a line, as the rest of a sentence; empty if nothing is.

    Parameters
    ----------
    line
        As it stands in the file: every byte counts.
    after
        The entry that it must follow; ``None`` where it is looked at alone.
    """
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return "was changed: it is no JSON"
    if not isinstance(entry, dict) or type(entry.get("seq")) is not int:
        return "was changed: it is no entry"
    body = {key: value for key, value in entry.items() if key != "hash"}
    try:
        own, again = _hash(body), canonical(entry) + b"\n"
    except (ValueError, RecursionError):  # a number that is none, half a character
        return "was changed: it is no entry"
    if entry.get("hash") != own or again != line:
        return "was changed: its hash does not fit"
    if after is not None and entry["seq"] != after.seq + 1:
        return f"stands where entry {after.seq + 1} should"
    if after is not None and entry["previous"] != after.hash:
        return f"does not follow entry {after.seq}"
    return ""


def link_of(line: bytes) -> Link:
    """Return the place that an intact line has."""
    entry = json.loads(line)
    return Link(entry["seq"], entry["hash"])


def _hash(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(body)).hexdigest()
