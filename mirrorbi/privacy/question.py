"""The question that a person typed, checked before it goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from mirrorbi.errors import RefusedError
from mirrorbi.privacy.identifiers import identifiers_in
from mirrorbi.privacy.pii import scan_text
from mirrorbi.privacy.untrusted_text import visible
from mirrorbi.privacy.vocabulary import is_safe, members_of

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.privacy.names import Names
    from mirrorbi.privacy.policy import Policy

LONGEST = 2000
"""Characters of a question."""

_WORD = re.compile(r"\w+")
_WORDS_OF_A_NAME = 8
_SHORT = 3


class _Place(NamedTuple):
    start: int
    end: int
    shown: str


def checked_question(text: str, dataset: Dataset, policy: Policy, names: Names) -> str:
    """Return the question as it may be sent.

    Names that Claude does not see are replaced by their aliases: every name where the
    policy says so, otherwise those that did not pass the rules for text and those of
    members with too few entities.

    Raises
    ------
    RefusedError
        If it is empty or too long, holds personal data, or a value of a column that may
        not be shown.
    """
    if len(text) > LONGEST:
        raise RefusedError(
            f"The question has {len(text):,} characters; {LONGEST:,} are allowed.",
            hint="Ask in a few sentences. Data belongs in the source, not in the question.",
        )
    question = visible(text)
    if not question:
        raise RefusedError("The question is empty.", hint="Ask for example: why did sales fall?")
    places = list(_named(question, dataset, policy, names))
    hidden = [place for place in places if place.shown != question[place.start : place.end]]
    # Scanned without the names that will be replaced, and without those that may be shown.
    for start, end in _between(places, len(question)):
        for hit in scan_text(question[start:end]):
            raise RefusedError(
                f"The question holds personal data ({hit.kind.replace('_', ' ')}).",
                hint="Ask without it: about groups, not persons. Nothing was sent.",
            )
    rest = " \n ".join(question[start:end] for start, end in _between(places, len(question)))
    for column in identifiers_in(rest, dataset, policy):
        raise RefusedError(
            f"The question holds a value of the column {column!r}, which names one of few.",
            hint="Ask without it: about groups, not persons. Nothing was sent.",
        )
    for place in sorted(hidden, reverse=True):
        question = question[: place.start] + place.shown + question[place.end :]
    return question


def _named(text: str, dataset: Dataset, policy: Policy, names: Names) -> Iterator[_Place]:
    """Yield where metrics, dimensions and members are named, longest names first."""
    targets = _targets(dataset, policy)
    words = list(_WORD.finditer(text))
    at = 0
    while at < len(words):
        for length in range(min(_WORDS_OF_A_NAME, len(words) - at), 0, -1):
            part = words[at : at + length]
            target = targets.get(tuple(word.group().casefold() for word in part))
            phrase = text[part[0].start() : part[-1].end()]
            if target is None or (len(phrase) <= _SHORT and phrase != target[2]):
                continue
            shown = _shown(target, names, phrase)
            yield _Place(part[0].start(), part[-1].end(), shown)
            at += length - 1
            break
        at += 1


def _shown(target: tuple[str, str, str, bool], names: Names, phrase: str) -> str:
    kind, of, name, small = target
    if kind == "metric":
        shown = names.metric(name)
    elif kind == "dimension":
        shown = names.dimension(name)
    elif small:
        return names.hide(of, name)
    else:
        shown = names.member(of, name)
    return shown if names.is_alias(shown) else phrase


def _targets(dataset: Dataset, policy: Policy) -> dict[tuple[str, ...], tuple[str, str, str, bool]]:
    """Return what can be named, by its words: kind, dimension, name, whether it is of few."""
    targets: dict[tuple[str, ...], tuple[str, str, str, bool]] = {}

    def add(text: str, kind: str, of: str, name: str, small: bool = False) -> None:
        words = tuple(word.casefold() for word in _WORD.findall(visible(text)))
        if words and len(words) <= _WORDS_OF_A_NAME:
            targets.setdefault(words, (kind, of, name, small))

    for name, metric in dataset.model.metrics.items():
        add(name, "metric", "", name)
        add(metric.label, "metric", "", name)
    for name, part in dataset.model.dimensions.items():
        if is_safe(dataset, policy, name):
            add(name, "dimension", "", name)
            add(part.label, "dimension", "", name)
    for name in dataset.model.dimensions:
        if is_safe(dataset, policy, name):
            large = set(members_of(dataset, policy, name)[0])
            for member in dataset.members(name):
                add(member, "member", name, member, member not in large)
    return targets


def _between(places: list[_Place], length: int) -> Iterator[tuple[int, int]]:
    at = 0
    for place in sorted(places):
        if place.start > at:
            yield at, place.start
        at = max(at, place.end)
    if at < length:
        yield at, length
