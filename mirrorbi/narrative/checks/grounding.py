"""Verification of a text: whether each figure still says what its fact says."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal

from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Fact
from mirrorbi.wording.printable_text import capital
from mirrorbi.wording.sentence import Sentence, fill, plain
from mirrorbi.wording.slots import fill_slot

Status = Literal["same", "changed", "gone", "edited", "unproven"]

_OURS = frozenset({"mb-section", "mb-headline", "mb-cards", "mb-chart-title"})
_MARKS = frozenset({"mb-fig", "mb-word"})
_SILENT = frozenset({"svg", "style", "script", "template", "title"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
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
    page = _Page()
    page.feed(html)
    page.close()
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


@dataclass(slots=True)
class _Element:
    tag: str
    ours: bool
    silent: bool
    where: str
    mark: _Mark | None = None


class _Page(HTMLParser):
    """Reads marks and stray numbers in document order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.marks: list[_Mark] = []
        self.blocks: list[list[str]] = [[]]
        self._elements: list[_Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        classes = frozenset(attributes.get("class", "").split())
        parent = (
            self._elements[-1]
            if self._elements
            else _Element("", ours=False, silent=False, where="")
        )
        if tag in _BLOCKS:
            self._end_of_block()
        if tag in _VOID:
            return
        mark = None
        if classes & _MARKS and "data-fact" in attributes and parent.mark is None:
            mark = _Mark("", attributes["data-fact"], attributes.get("data-slot", ""), parent.where)
            self.marks.append(mark)
        where = attributes.get("data-section") or ("chart" if "mb-chart-title" in classes else "")
        self._elements.append(
            _Element(
                tag,
                ours=parent.ours or bool(classes & _OURS),
                silent=parent.silent or tag in _SILENT,
                where=where or parent.where,
                mark=mark or parent.mark,
            )
        )

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._end_of_block()

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_of_block()
        for depth in range(len(self._elements) - 1, -1, -1):
            if self._elements[depth].tag == tag:
                del self._elements[depth:]
                return

    def handle_data(self, data: str) -> None:
        element = (
            self._elements[-1]
            if self._elements
            else _Element("", ours=False, silent=False, where="")
        )
        if element.silent:
            return
        self.blocks[-1].append(data)
        if element.mark is not None:
            element.mark.text += data
        elif element.ours:
            self._strays(data, element.where)

    def close(self) -> None:
        super().close()
        self._end_of_block()

    def _strays(self, data: str, where: str) -> None:
        word = ""
        for character in f"{data} ":
            if character.isspace():
                if any(unicodedata.numeric(c, None) is not None for c in word):
                    self.marks.append(_Mark(word, "", "", where, stray=True))
                word = ""
            else:
                word += character

    def _end_of_block(self) -> None:
        if self.blocks[-1]:
            self.blocks.append([])


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
