"""Names: members, metrics and dimensions typed as plain words instead of slots."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.checks.template_lint import Problem
from mirrorbi.narrative.writer.clauses import Token, role_of
from mirrorbi.narrative.writer.lexicon import lexicon

if TYPE_CHECKING:
    from mirrorbi.data.dataset import Dataset

MOST = 20_000
"""Members per dimension that are looked for."""

LONGEST = 8
"""Words of a name that are compared."""

_HINTS = {
    "member": "Use a slot such as {{f1.entity}}.",
    "label": "Use a slot such as {{f1.metric}} or {{f1.dimension}}.",
    "name": "Name things with slots only: {{f1.entity}}, {{f1.metric}}.",
    "opener": "Begin with a slot or a plain opening word such as By, The, Within or Also.",
}

Words = tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """The names of a data set, as runs of words.

    Parameters
    ----------
    members
        Names of members; one that is also an ordinary word is in ``exact`` instead.
    exact
        Single words that are members only as they are written: ``US``, not ``us``.
    labels
        Metric or dimension by its label.
    """

    members: frozenset[Words] = frozenset()
    exact: frozenset[str] = frozenset()
    labels: Mapping[Words, str] = field(default_factory=dict)

    @cached_property
    def nouns(self) -> frozenset[str]:
        """The words of the labels: nouns of the trade."""
        return frozenset(word for run in self.labels for word in run)

    @classmethod
    def of(cls, dataset: Dataset | None, facts: Iterable[Fact] = ()) -> Names:
        """Return the names of a data set and of the scopes of facts."""
        members: set[str] = set()
        labels: dict[Words, str] = {}
        for fact in facts:
            members |= {member for _, member in fact.scope}
            labels[words_of(fact.label or fact.metric)] = fact.metric
            labels |= {words_of(label): name for name, label in fact.labels}
        if dataset is not None:
            for dimension in dataset.model.dimensions:
                members |= set(dataset.members(dimension)[:MOST])
                labels[words_of(dataset.label(dimension))] = dimension
            for metric in dataset.model.metrics:
                labels[words_of(dataset.label(metric))] = metric
        ordinary = lexicon().single_words
        runs = {member: words_of(member) for member in members}
        exact = {
            m for m, run in runs.items() if len(run) == 1 and (run[0] in ordinary or len(m) < 4)
        }
        return cls(
            frozenset(run for m, run in runs.items() if run and m not in exact),
            frozenset(exact),
            {run: name for run, name in labels.items() if run},
        )


def words_of(text: str) -> Words:
    """Return the words of a name in small letters.

    Examples
    --------
    >>> words_of("United Air Lines Inc.")
    ('united', 'air', 'lines', 'inc')
    """
    return tuple(re.findall(r"[^\W\d_]+", text.lower()))[:LONGEST]


def lint_names(
    tokens: tuple[Token, ...], names: Names, facts: Mapping[str, Fact]
) -> Iterator[Problem]:
    """Yield names that are typed: members, labels of what is not cited, and capitals.

    Parameters
    ----------
    tokens
        Of the template.
    names
        Those of the data set.
    facts
        Those that the sentence cites, by their names in the template.
    """
    cited = {f.metric for f in facts.values()}
    cited |= {name for f in facts.values() for name, _ in f.scope}
    cited |= {f.terms[key] for f in facts.values() for key in ("by", "other") if key in f.terms}
    words = [(i, t) for i, t in enumerate(tokens) if t.kind == "word"]
    lows = [t.low for _, t in words]
    for at, (place, token) in enumerate(words):
        for size in range(LONGEST, 0, -1):
            run = tuple(lows[at : at + size])
            if len(run) < size:
                continue
            if run in names.members or (size == 1 and _is_exact(token, names, tokens, place)):
                yield Problem("member", " ".join(run), _HINTS["member"])
                break
            name = names.labels.get(run) or names.labels.get((*run[:-1], _singular(run[-1])))
            if (
                name is not None
                and name not in cited
                and (size > 1 or _clause_has_figure(token, tokens, facts))
            ):
                yield Problem("label", " ".join(run), _HINTS["label"])
                break
        if token.text[:1].isupper() and token.text != "I":
            if not _is_sentence_start(tokens, place):
                yield Problem("name", token.text, _HINTS["name"])
            elif not _is_opener(token, names):
                yield Problem("opener", token.text, _HINTS["opener"])


def _is_exact(token: Token, names: Names, tokens: tuple[Token, ...], place: int) -> bool:
    if token.text not in names.exact:
        return False
    return not (_is_sentence_start(tokens, place) and token.low in lexicon().single_words)


def _is_sentence_start(tokens: tuple[Token, ...], place: int) -> bool:
    before = [t for t in tokens[:place] if t.text not in "\"“”'’("]
    return not before or before[-1].text in ".?:"


def _is_opener(token: Token, names: Names) -> bool:
    if token.text[1:] != token.text[1:].lower():
        return False
    is_opening_word = token.low in lexicon().openers or token.low.endswith("ly")
    return is_opening_word or token.low in names.nouns or _singular(token.low) in names.nouns


def _clause_has_figure(token: Token, tokens: tuple[Token, ...], facts: Mapping[str, Fact]) -> bool:
    """Return whether the clause of a word gives a figure or a direction."""
    return any(
        t.clause == token.clause
        and t.kind == "slot"
        and role_of(t, facts.get(t.name)) in ("figure", "direction")
        for t in tokens
    )


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
