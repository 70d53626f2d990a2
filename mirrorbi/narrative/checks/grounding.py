"""Verification of a text: whether each figure still says what its fact says."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Fact
from mirrorbi.wording.html_reader import HtmlReader
from mirrorbi.wording.printable_text import capital
from mirrorbi.wording.sentence import Sentence, fill, plain
from mirrorbi.wording.slots import fill_slot

Status = Literal["same", "changed", "gone", "edited", "unproven"]

_OURS = frozenset({"mb-section", "mb-headline", "mb-cards", "mb-chart-title"})
_MARKS = frozenset({"mb-fig", "mb-word"})
_SILENT = frozenset({"svg", "style", "script", "template", "title"})
_BLOCKS = frozenset({"p", "li", "section", "ul", "div", "figcaption", "h1", "h2", "h3", "h4"})


@dataclass(frozen=True, slots=True)
class Check:
    """What became of one figure or word of a text.

    Parameters
    ----------
    text
        What the reader sees.
    fact, slot
        Where it says it came from; empty for a number without a mark.
    status
        ``same``: as computed, then and now. ``changed``: the data gives another figure
        now. ``gone``: the data no longer gives the fact. ``edited``: the text is not what
        its fact gave when it was written. ``unproven``: a number that names no fact.
    expected
        What should be read there; empty for ``unproven``.
    where
        The section.
    """

    text: str
    fact: str
    slot: str
    status: Status
    expected: str = ""
    where: str = ""


def verify_text(
    html: str,
    facts: Mapping[str, Fact] | Iterable[Fact],
    recomputed: Mapping[str, Fact] | Iterable[Fact] | None = None,
    locale: str = "en_GB",
    sentences: Iterable[Sentence] = (),
) -> list[Check]:
    """Return one check per marked figure and word of a page, in order, and per stray number.

    Parameters
    ----------
    html
        A report or a part of it. Marks are looked at wherever they are, stray numbers
        only inside narrative, cards and chart titles.
    facts
        Those that the text was written from, as the manifest carries them.
    recomputed
        The same facts from today's data; without them nothing is ``changed`` or ``gone``.
        Facts about the review itself come from `facts_with_summary`.
    locale
        In which the text was written.
    sentences
        Those that the text should hold word for word; one that is not there is
        ``edited``.

    Examples
    --------
    >>> from mirrorbi.facts.fact import Quantity
    >>> f = Fact("value", "sales", "Sales", quantities={"value": Quantity.of(12, "count")})
    >>> mark = f'<p class="mb-headline"><span class="mb-fig" data-fact="{f.id}" data-slot="value">'
    >>> [check.status for check in verify_text(mark + "13</span> of 20</p>", [f])]
    ['edited', 'unproven']
    """
    written = _by_id(facts)
    current = None if recomputed is None else _by_id(recomputed)
    page = _Page(_State()).read(html)
    checks = [_check(mark, written, current, locale) for mark in page.marks]
    texts = [_folded("".join(parts)) for parts in page.blocks]
    for sentence in sentences:
        expected = _expected_sentence(sentence, written, locale)
        if expected is not None and not any(_folded(expected) in text for text in texts):
            checks.append(Check("", "", "", "edited", expected, sentence.kind))
    return checks


@dataclass(slots=True)
class _Mark:
    text: str
    fact: str
    slot: str
    where: str
    stray: bool = False


@dataclass(frozen=True, slots=True)
class _State:
    ours: bool = False
    silent: bool = False
    where: str = ""
    mark: _Mark | None = None


class _Page(HtmlReader[_State]):
    """Reads marks and stray numbers in document order."""

    def __init__(self, state: _State) -> None:
        super().__init__(state)
        self.marks: list[_Mark] = []
        self.blocks: list[list[str]] = [[]]

    def start(self, tag: str, attributes: Mapping[str, str], state: _State) -> _State:
        classes = frozenset(attributes.get("class", "").split())
        self.end(tag)
        mark = state.mark
        if classes & _MARKS and "data-fact" in attributes and mark is None:
            mark = _Mark("", attributes["data-fact"], attributes.get("data-slot", ""), state.where)
            self.marks.append(mark)
        where = attributes.get("data-section") or ("chart" if "mb-chart-title" in classes else "")
        return _State(
            ours=state.ours or bool(classes & _OURS),
            silent=state.silent or tag in _SILENT,
            where=where or state.where,
            mark=mark,
        )

    def end(self, tag: str) -> None:
        if tag in _BLOCKS and self.blocks[-1]:
            self.blocks.append([])

    def text(self, data: str, state: _State) -> None:
        if state.silent:
            return
        self.blocks[-1].append(data)
        if state.mark is not None:
            state.mark.text += data
        elif state.ours:
            self._strays(data, state.where)

    def _strays(self, data: str, where: str) -> None:
        self.marks += [
            _Mark(word, "", "", where, stray=True)
            for word in data.split()
            if any(unicodedata.numeric(character, None) is not None for character in word)
        ]


def _check(
    mark: _Mark, written: Mapping[str, Fact], recomputed: Mapping[str, Fact] | None, locale: str
) -> Check:
    if mark.stray:
        return Check(mark.text, "", "", "unproven", "", mark.where)

    def result(status: Status, expected: str = "") -> Check:
        return Check(mark.text, mark.fact, mark.slot, status, expected, mark.where)

    fact = written.get(mark.fact)
    if fact is None:
        return result("unproven")
    try:
        expected = fill_slot(fact, mark.slot, locale)
    except WordingError:
        return result("unproven")
    if not _matches(mark.text, expected):
        return result("edited", expected)
    if recomputed is None:
        return result("same", expected)
    recomputed_fact = recomputed.get(mark.fact)
    if recomputed_fact is None:
        return result("gone", expected)
    try:
        current = fill_slot(recomputed_fact, mark.slot, locale)
    except WordingError:
        return result("gone", expected)
    return result("same" if current == expected else "changed", current)


def _matches(text: str, expected: str) -> bool:
    return text in (expected, capital(expected))


def _expected_sentence(sentence: Sentence, facts: Mapping[str, Fact], locale: str) -> str | None:
    try:
        return plain(fill(sentence, facts, locale))
    except WordingError:
        return None


def _folded(text: str) -> str:
    return " ".join(text.split())


def _by_id(facts: Mapping[str, Fact] | Iterable[Fact]) -> Mapping[str, Fact]:
    return facts if isinstance(facts, Mapping) else {fact.id: fact for fact in facts}
