"""Secrets: handed to the kernel through its environment, masked in all it prints."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from mirrorbi.errors import ParameterError

MASK = "•••"
_PREFIX = "MIRRORBI_SECRET_"


def environment_of(secrets: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that carry secrets into a kernel."""
    return {_PREFIX + name.upper(): value for name, value in secrets.items()}


def from_environment(names: Iterable[str]) -> dict[str, str]:
    """Return the secrets that the caller's own environment holds, by parameter.

    A secret typed on a command line can be read by every process of the machine, so
    ``MIRRORBI_SECRET_TOKEN`` serves for the parameter ``token``.
    """
    return {
        n: os.environ[_PREFIX + n.upper()] for n in names if os.environ.get(_PREFIX + n.upper())
    }


def reveal(name: str) -> str:
    """Return a secret inside the kernel, once: it leaves the environment with that.

    Raises
    ------
    ParameterError
        If the run was given no such secret, or it was taken already.
    """
    try:
        return os.environ.pop(_PREFIX + name.upper())
    except KeyError:
        raise ParameterError(
            f"The secret {name!r} is not in this kernel's environment.",
            hint="Cells tagged 'injected-secrets' are for one run by mirrorbi; delete the cell "
            "to work by hand.",
        ) from None


def cell_for(names: Iterable[str]) -> str:
    """Return the code of the cell that gives a notebook its secrets."""
    lines = [f"{name} = reveal({name!r})" for name in names]
    return "\n".join(["from mirrorbi.reports.parameters.secret import reveal", "", *lines])


class Mask:
    """Takes secrets out of text and of nested plain values.

    A value is found as it is and as it looks escaped for JSON, HTML, a URL or Python,
    and in Base64. What a notebook computes from a secret cannot be found.

    Examples
    --------
    >>> Mask(["hunter22"])("token=hunter22")
    'token=•••'
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        encodings = sorted(
            {encoding for secret in secrets for encoding in _encodings(secret)}, key=len
        )
        self._pattern = (
            re.compile("|".join(map(re.escape, reversed(encodings)))) if encodings else None
        )

    def __bool__(self) -> bool:
        return self._pattern is not None

    def __call__(self, text: str) -> str:
        """Return a text without the secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def matches(self, text: str) -> bool:
        """Return whether a text holds a secret."""
        return bool(self._pattern and self._pattern.search(text))

    def clean(self, value: Any) -> Any:
        """Mask every string in nested dicts and lists, keys too, in place; return it."""
        if not self._pattern:
            return value
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list):
            value[:] = [self.clean(part) for part in value]
        elif isinstance(value, dict):
            for key in list(value):
                part = self.clean(value.pop(key))
                value[self(key) if isinstance(key, str) else key] = part
        return value


def _encodings(secret: str) -> set[str]:
    raw = secret.encode()
    plain = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        html.escape(secret),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
    }
    return {form for form in plain if form}
