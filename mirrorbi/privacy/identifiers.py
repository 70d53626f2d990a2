"""Identifiers: words of a text that are values of columns which may not be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mirrorbi.data.model.semantic_model import Privacy
from mirrorbi.privacy.untrusted_text import spaced
from mirrorbi.privacy.vocabulary import is_safe

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset
    from mirrorbi.privacy.policy import Policy

_WORD = re.compile(r"\w+")
_NAME_LIKE = 4
"""Words of a value that may be a name, so that one of them is enough to know it."""
_VALUES = 5000
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
        persons = _PERSONS.search(column) is not None
        for value, count in _values(dataset, column, distinctive):
            if count >= policy.min_entities:
                continue
            parts = [word.casefold() for word in _WORD.findall(value)]
            whole = f" {' '.join(parts)} " in f" {phrase} "
            part = persons and len(parts) <= _NAME_LIKE and capital.intersection(parts)
            if (whole and any(_is_distinctive(word) for word in parts)) or part:
                columns.append(column)
                break
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
        persons = _PERSONS.search(column) is not None
        for value, count in _values(dataset, column, words):
            if count >= policy.min_entities:
                continue
            parts = [word.casefold() for word in _WORD.findall(value)]
            distinctive = {word for word in parts if _is_distinctive(word)}
            short = persons and len(parts) <= _NAME_LIKE
            for text, text_words in named.items():
                whole = distinctive and f" {' '.join(parts)} " in f" {' '.join(text_words)} "
                if whole or (short and distinctive.intersection(text_words)):
                    personal.add(text)
    return frozenset(personal)


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
    for name, kind in dataset.table.schema().items():
        guarded = policy.class_of(name) is not Privacy.SAFE or name == model.dataset.entity
        if (kind.is_string() and name not in safe) or (guarded and kind.is_integer()):
            columns.append(name)
    return columns


def _values(dataset: Dataset, column: str, words: set[str]) -> list[tuple[str, int]]:
    """Return the values that hold one of the words, with how many entities have each."""
    table = dataset.table
    values: Any = table[column].cast("string")
    pattern = "|".join(sorted(re.escape(word.casefold()) for word in words))
    entity = dataset.model.dataset.entity
    count = table[entity].nunique() if entity else table.count()
    grouped = table.group_by(values.name("mb_value")).agg(mb_count=count)
    # Matched after grouping: a pattern is dear, and values repeat.
    matches = grouped.filter(grouped["mb_value"].lower().re_search(f"(?:{pattern})"))
    counted = matches.limit(_VALUES).to_pyarrow()
    return [
        (str(row["mb_value"]), int(row["mb_count"]))
        for row in counted.to_pylist()
        if row["mb_value"] is not None
    ]
