"""What was found, and where."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal[
    "email",
    "url",
    "iban",
    "card",
    "national_id",
    "vat",
    "phone",
    "ip",
    "date_of_birth",
    "person_name",
    "address",
    "secret",
    "free_text",
    "identifier",
    "declared",
]
"""Kinds of personal data. ``url`` is an address on the web that names a person or carries
credentials. The last five are said of columns alone: ``free_text`` and ``identifier`` of
prose and of codes that hardly repeat, ``declared`` where the model gives the class."""


class Hit(NamedTuple):
    """Personal data at a place of a text: ``text[start:end]``."""

    kind: Kind
    start: int
    end: int


def masked(text: str) -> str:
    """Return text that shows what it was like, not what it was.

    The first character stays, marks stay, every other letter and digit is a dot; no more
    than 24 characters are shown.

    Examples
    --------
    >>> masked("jane.doe@example.com")
    'j•••.•••@•••••••.•••'
    """
    shown = text[:24]
    dots = "".join("•" if char.isalnum() else char for char in shown[1:])
    return shown[:1] + dots + ("…" if len(text) > 24 else "")
