"""What plain text exposes: personal data, secrets, paths and addresses."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from mirrorbi.privacy.exposure.exposure import Exposure, examples_of
from mirrorbi.privacy.pii.column_classes import NOUNS
from mirrorbi.privacy.pii.free_text import scan_text
from mirrorbi.privacy.pii.hit import masked
from mirrorbi.privacy.pii.secrets import secrets

_PATH = re.compile(
    r"(?<![\w/.:\\-])/(?:home|Users|root|mnt|tmp|var|opt|srv|private|workspace|work|efs|dbfs|usr"
    r"|Volumes|content)/[^\s\"'<>:,;)\\]+"
    r"|(?<!\w)[A-Za-z]:\\{1,2}(?:[\w .-]+\\{1,2})+[\w.-]*"
    r"|(?<![\\\w])\\\\[\w.-]+\\[\w$.-]+(?:\\[\w .-]+)*"
    r"|\bfile:///[^\s\"'<>]+"
)
_ADDRESS = re.compile(
    r"(?:https?:)?//[A-Za-z0-9][\w.-]*\.[A-Za-z]{2,}[^\s\"'<>)\\]*|\bs3a?://[^\s\"'<>)]+"
)
_NO_PLACE = re.compile(r"https?://www\.w3\.org/|https?://(?:localhost|127\.0\.0\.1)\b")
CHUNK = 200_000
"""Characters that are scanned at once."""


def texts_expose(
    texts: Iterable[str], where: str, *, addresses: bool = False, persons: bool = True
) -> Iterator[Exposure]:
    """Yield what texts expose, gathered by kind.

    Parameters
    ----------
    texts
        Any texts.
    where
        Where they stand in the file.
    addresses
        Whether addresses on the web count: in code they do, in prose they are words.
    persons
        Whether personal data is looked for.
    """
    by_kind: dict[tuple[str, str], list[str]] = defaultdict(list)
    for text in texts:
        for start in range(0, len(text), CHUNK):
            part = text[start : start + CHUNK]
            _gather(part, by_kind, addresses=addresses, persons=persons)
    for (what, detail), shown in by_kind.items():
        yield Exposure(what, detail, where, len(shown), examples_of(shown))  # type: ignore[arg-type]


def _gather(
    text: str, by_kind: dict[tuple[str, str], list[str]], *, addresses: bool, persons: bool
) -> None:
    for name, start, end in secrets(text):
        by_kind["secret", name].append(masked(text[start:end]))
    for match in _PATH.finditer(text):
        by_kind["path", "paths of a machine"].append(_short(match.group()))
    if addresses:
        for address in addresses_in(text):
            by_kind["address", "addresses outside the file"].append(address)
    if persons:
        for hit in scan_text(text):
            by_kind["personal_data", NOUNS[hit.kind]].append(masked(text[hit.start : hit.end]))


def addresses_in(text: str) -> Iterator[str]:
    """Yield the addresses on the web in a text, without what only names a vocabulary."""
    for match in _ADDRESS.finditer(text):
        if not _NO_PLACE.match(match.group()):
            yield _short(match.group())


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"
