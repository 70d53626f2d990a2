"""The disclosure: the only thing made from data that may reach Claude."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from mirrorbi.errors import RefusedError

Kind = Literal["facts", "vocabulary", "question", "notice"]
"""What a disclosure holds: computed facts; the names of metrics, dimensions and members
that may be asked for; the question that a person typed; or a notice in closed words, such
as the codes of a sentence's errors."""


class Withheld(NamedTuple):
    """One thing that disclosure control kept back.

    Parameters
    ----------
    rule
        ``min_entities``, ``dominance``, ``p_ratio``, ``complement``, ``few`` (an extreme
        or median of few), ``class`` (a personal or blocked column), ``difference`` (it
        would follow from something disclosed before) or ``text`` (a name that holds
        personal data).
    what
        What was kept back, for the analyst: never sent.
    cells
        How many cells.
    """

    rule: str
    what: str
    cells: int = 1


class _Seal:
    """Held by the gate alone: without it no `Disclosure` is made."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What the gate let through: canonical JSON, hashed, never changed.

    Only `mirrorbi.privacy.gate` makes one.

    Parameters
    ----------
    kind
        What it holds.
    body
        Canonical JSON (RFC 8785 order, UTF-8): the exact bytes that are sent.
    policy
        SHA-256 of the policy under which it was let through.
    handles
        Fact id by the name under which Claude sees the fact: ``f1``. Never sent.
    withheld
        What was kept back. Never sent.
    sealed
        Proof that the gate made it.

    Raises
    ------
    RefusedError
        If anyone but the gate tries to make one.
    """

    kind: Kind
    body: bytes
    policy: str
    handles: Mapping[str, str] = field(default_factory=dict)
    withheld: tuple[Withheld, ...] = ()
    sealed: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if type(self.sealed) is not _Seal:
            raise RefusedError(
                "A Disclosure is made by the gate alone.",
                hint="Pass facts through mirrorbi.privacy.gate: Gate(dataset).disclose(facts).",
            )

    @property
    def sha256(self) -> str:
        """Hash of the bytes that are sent."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def value(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


def canonical(value: Any) -> bytes:
    """Return plain values as canonical JSON: sorted keys, no blanks, UTF-8.

    Numbers are kept as decimal text by those who call this, so that no float is printed
    in two ways.

    Examples
    --------
    >>> canonical({"b": "1.50", "a": [True, None]})
    b'{"a":[true,null],"b":"1.50"}'
    """
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode()
