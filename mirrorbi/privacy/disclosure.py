"""The disclosure: the only thing made from data that may reach Claude."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, final

from mirrorbi.errors import RefusedError
from mirrorbi.privacy.preview import Preview
from mirrorbi.privacy.withheld import Withheld

_ONLY = "Pass facts through mirrorbi.privacy.gate: Gate(dataset).disclose(facts)."

Kind = Literal["facts", "vocabulary", "question", "notice"]
"""What a disclosure holds: computed facts; the names of metrics, dimensions and members
that may be asked for; the question that a person typed; or a notice in closed words, such
as the codes of a sentence's errors."""


class _Seal:
    """Says that the gate made a disclosure with exactly this content."""

    __slots__ = ("mac",)

    def __init__(self, mac: bytes) -> None:
        self.mac = mac


_KEY = secrets.token_bytes(32)
"""Of this process: a seal is worth nothing in another one."""


def _sealed(kind: Kind, body: bytes, policy: str) -> _Seal:
    """Return the seal for a content. For `mirrorbi.privacy.gate` alone; a test says so."""
    return _Seal(_mac(kind, body, policy))


def _mac(kind: str, body: bytes, policy: str) -> bytes:
    head = f"{kind}\n{policy}\n".encode()
    return hmac.digest(_KEY, head + body, "sha256")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Disclosure:
    """What the gate let through: canonical JSON, hashed, never changed.

    Only `mirrorbi.privacy.gate` makes one. It cannot be copied, pickled, subclassed or
    altered, and whoever sends it calls `check` first.

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
        self.check()

    def __repr__(self) -> str:
        return f"<Disclosure of {self.kind}: {len(self.body):,} bytes, {self.sha256[:12]}>"

    def __init_subclass__(cls, **kwargs: object) -> None:
        raise RefusedError("A Disclosure has no subclasses.", hint=_ONLY)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise RefusedError("A Disclosure is neither copied nor pickled.", hint=_ONLY)

    def check(self) -> None:
        """Refuse what the gate did not make, or what was changed since.

        Raises
        ------
        RefusedError
            If kind, body or policy are not those that the gate sealed.
        """
        seal = getattr(self, "sealed", None)
        if type(self) is not Disclosure or type(seal) is not _Seal:
            raise RefusedError("A Disclosure is made by the gate alone.", hint=_ONLY)
        if not hmac.compare_digest(seal.mac, _mac(self.kind, self.body, self.policy)):
            raise RefusedError("A Disclosure was changed after the gate made it.", hint=_ONLY)

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

    def preview(self) -> Preview:
        """Return what is sent, as a person reads it and as bytes."""
        return Preview(self.kind, self.body, self.policy, self.withheld)

    def _repr_html_(self) -> str:
        return self.preview()._repr_html_()


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
