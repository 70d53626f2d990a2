"""Identifiers: words of a text that are values of columns which may not be shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from mirrorbi.data.engine.profile import is_text, is_whole
from mirrorbi.data.model.semantic_model import Privacy
from mirrorbi.privacy.untrusted_text import spaced
from mirrorbi.privacy.vocabulary import is_safe

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.privacy.policy import Policy

_WORD = re.compile(r"\w+")
_NAME_LIKE = 4
"""Words of a value that may be a name, so that one of them is enough to know it."""
_HELD = "held"
"""What a verdict says: of how many values the text speaks."""
_PERSONS = re.compile(
    r"name|person|employee|customer|client|patient|member|manager|owner|agent|contact|user|staff"
    r"|driver|teacher|student|author|buyer|rep\b|worker|tenant|guest|mitarbeiter|kunde|nom\b",
    re.IGNORECASE,
)
_COMMON_WORDS = (
    "about after again against also amount and any april are august average because been before "
    "below best between bottom by can cause change changed closed compare compared could data "
    "december decrease did difference does down drive driven drop each even every explain fall "
    "fallen false february fell female figure find first for from gain general give good grow "
    "growth had has have high higher how increase into january july june kind largest last less "
    "like list low lower make male many march may mean medium month months more most much need "
    "new next none not november now number october off old only open other our out over overall "
    "part per period please quarter rate reason rise rose same september share shift show since "
    "small some split such tell than that the their them then there these they this those time "
    "top total trend true unknown unusual value values very was week weeks went were what when "
    "where whether which while who whole why will with without worst would year years yes you "
    "your "
)
_COMMON = frozenset(_COMMON_WORDS.split())


def identifiers_in(text: str, dataset: Dataset, policy: Policy) -> list[str]:
    """Return the columns of which the text holds a value that belongs to few.

    Looked at are text columns that are no safe dimension, whether the model names them or
    not, and columns of any type that are personal or blocked or name the entity. A value
    counts if all of its words stand together in the text; in a column of persons one word
    of a name is enough, if it begins with a capital. Values that many share, and common
    words, are nobody's.

    Parameters
    ----------
    text
        A question.
    dataset
        Whose values are looked up: one query for each column.
    policy
        How many are few.
    """
    words = [match.group() for match in _WORD.finditer(text)]
    distinctive = {word for word in words if _is_distinctive(word)}
    if not distinctive:
        return []
    phrase = " ".join(word.casefold() for word in words)
    capital = {word.casefold() for word in distinctive if word[:1].isupper()}
    columns = []
    for column in _columns(dataset, policy):
        is_held = partial(
            _is_held, phrase=phrase, capital=capital, persons=_PERSONS.search(column) is not None
        )
        verdict = dataset.judge_rare_values(
            column,
            partial(_held, is_held=is_held),
            [_HELD],
            holding=distinctive,
            fewer_than=policy.min_entities,
        )
        if verdict[_HELD]:
            columns.append(column)
    return columns


def of_persons(texts: Iterable[str], dataset: Dataset, policy: Policy) -> frozenset[str]:
    """Return the names that hold a value of a column which may not be shown.

    The same as `identifiers_in`, for names of metrics, dimensions and members: a column
    may be called after the person whose salary it holds.
    """
    named = {text: [word.casefold() for word in _WORD.findall(spaced(text))] for text in texts}
    words = {word for part in named.values() for word in part if _is_distinctive(word)}
    if not words:
        return frozenset()
    personal: set[str] = set()
    for column in _columns(dataset, policy):
        judge = partial(_holding, named=named, persons=_PERSONS.search(column) is not None)
        personal.update(
            dataset.judge_rare_values(
                column, judge, named, holding=words, fewer_than=policy.min_entities
            )
        )
    return frozenset(personal)


def _held(values: Sequence[str], is_held: Callable[[str], bool]) -> dict[str, int]:
    return {_HELD: sum(map(is_held, values))}


def _is_held(value: str, phrase: str, capital: set[str], persons: bool) -> bool:
    """Return whether a text speaks of a value: of all its words, or of a part of a name."""
    parts = [word.casefold() for word in _WORD.findall(value)]
    whole = f" {' '.join(parts)} " in f" {phrase} "
    part = persons and len(parts) <= _NAME_LIKE and capital.intersection(parts)
    return bool((whole and any(_is_distinctive(word) for word in parts)) or part)


def _holding(
    values: Sequence[str], named: Mapping[str, Sequence[str]], persons: bool
) -> Counter[str]:
    """Return of how many values each name holds all words, or a part of a person's name."""
    holding: Counter[str] = Counter()
    for value in values:
        parts = [word.casefold() for word in _WORD.findall(value)]
        distinctive = {word for word in parts if _is_distinctive(word)}
        short = persons and len(parts) <= _NAME_LIKE
        for name, words in named.items():
            whole = distinctive and f" {' '.join(parts)} " in f" {' '.join(words)} "
            if whole or (short and distinctive.intersection(words)):
                holding[name] += 1
    return holding


def _is_distinctive(word: str) -> bool:
    """Return whether a word can tell one from others."""
    if word.isdigit():
        return len(word) >= 5
    return len(word) >= 3 and word.casefold() not in _COMMON


def _columns(dataset: Dataset, policy: Policy) -> list[str]:
    model = dataset.model
    safe = {
        part.column or name
        for name, part in model.dimensions.items()
        if is_safe(dataset, policy, name)
    }
    columns = []
    for name, kind in dataset.column_types.items():
        guarded = policy.class_of(name) is not Privacy.SAFE or name == model.dataset.entity
        if (is_text(kind) and name not in safe) or (guarded and is_whole(kind)):
            columns.append(name)
    return columns
