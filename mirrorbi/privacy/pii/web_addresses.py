"""E-mail addresses, and addresses on the web that name a person."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

Span = tuple[int, int]

# The local part is bounded as RFC 5321 bounds it, so that no text takes long to search.
_EMAIL = re.compile(
    r"(?<![\w.!#$%&'*+/=?^`{|}~-])"
    r"([\w!#$%&'*+/=?^`{|}~-][\w.!#$%&'*+/=?^`{|}~-]{0,63})"
    r"(?:@|\s?[\[({]\s?(?:at|AT|@)\s?[\])}]\s?)"
    r"((?:[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.|\s?[\[({]\s?(?:dot|DOT|\.)\s?[\])}]\s?)){1,8}"
    r"(?:xn--[\w-]{2,59}|[^\W\d_]{2,63}))"
)
_URL = re.compile(r"\b(?:https?|ftp|postgres(?:ql)?|mysql|mongodb|redis|sftp)://[^\s<>\"']{1,2000}")
_USER = re.compile(r"^[a-z]+://[^/@\s:]+(?::[^/@\s]*)?@")
_PROFILE = re.compile(
    r"^https?://(?:[\w-]{1,20}\.)?"
    r"(?:linkedin\.com/in/|xing\.com/profile/|facebook\.com/[\w.]+/?$|instagram\.com/[\w.]+/?$"
    r"|(?:twitter|x)\.com/\w+/?$|github\.com/[\w-]+/?$|orcid\.org/\d)",
    re.IGNORECASE,
)


def emails(text: str) -> Iterator[Span]:
    """Yield where e-mail addresses are, also as ``name (at) example (dot) com``.

    The domain must end in a public suffix: of the list that tldextract brings along,
    nothing is fetched.
    """
    if "@" not in text and not re.search(r"[\[({]\s?at\s?[\])}]", text, re.IGNORECASE):
        return
    for match in _EMAIL.finditer(text):
        domain = re.sub(r"\s?[\[({]\s?(?:dot|\.)\s?[\])}]\s?", ".", match[2], flags=re.IGNORECASE)
        if has_suffix(domain):
            yield match.span()


def urls(text: str) -> Iterator[Span]:
    """Yield where addresses on the web are that name a person or hold credentials."""
    if "://" not in text:
        return
    for match in _URL.finditer(text):
        if _USER.match(match.group()) or _PROFILE.match(match.group()):
            yield match.span()


def has_suffix(domain: str) -> bool:
    """Return whether a domain ends in a public suffix and has a name before it.

    Examples
    --------
    >>> has_suffix("example.co.uk"), has_suffix("co.uk"), has_suffix("local.host1")
    (True, False, False)
    """
    parts = _suffixes()(domain)
    return bool(parts.suffix and parts.domain)


@functools.cache
def _suffixes() -> Callable[..., Any]:
    from tldextract import TLDExtract

    # No addresses to fetch from and no folder to cache in: the list in the wheel alone.
    return TLDExtract(suffix_list_urls=(), cache_dir=None)
