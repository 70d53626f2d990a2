"""Spans: an independent pass over a rendered text, from each number back to its fact.

Nothing of the renderer is used here: the text is read as a reader has it, its numeric
characters are found by their own, and each must lie within the mark of a fact that gives
just that text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Fact
from mirrorbi.wording.html_reader import HtmlReader
from mirrorbi.wording.printable_text import capital
from mirrorbi.wording.slots import fill_slot

_OURS = {"mb-section", "mb-headline", "mb-cards", "mb-chart-title"}
_BLOCKS = {"p", "li", "figcaption", "h2", "h3", "h4", "section", "ul", "div"}
_SILENT = {"script", "style", "svg", "template", "title"}


@dataclass(frozen=True, slots=True)
class Span:
    """One number of a text, and where it comes from.

    Parameters
    ----------
    text
        What is read.
    section
        Where: ``headline``, ``changed`` ...
    block, start, end
        Which paragraph or line of the page, from 0, and the offsets of its characters there.
    fact, slot
        What gives it; empty where nothing does.
    proven
        Whether that fact, asked anew, gives this text.
    """

    text: str
    section: str
    block: int
    start: int
    end: int
    fact: str = ""
    slot: str = ""
    proven: bool = False


def spans_of(html: str, facts: Mapping[str, Fact], locale: str = "en_GB") -> tuple[Span, ...]:
    """Return every number in the narrative of a page, in order.

    Parameters
    ----------
    html
        A report or a part of it.
    facts
        Those that it cites, by id.
    locale
        Of the number formats.

    Examples
    --------
    >>> from mirrorbi.facts.fact import Quantity
    >>> f = Fact("value", "sales", "Sales", quantities={"value": Quantity.of(12, "count")})
    >>> mark = f'<span class="mb-fig" data-fact="{f.id}" data-slot="value">12</span>'
    >>> found = spans_of(f'<p class="mb-headline">{mark} of 20.</p>', {f.id: f})
    >>> [(span.text, span.start, span.proven) for span in found]
    [('12', 0, True), ('20', 6, False)]
    """
    start, end = html.find("<main"), html.rfind("</main>")
    reader = _Reader(_State()).read(html[start:end] if 0 <= start < end else html)
    return tuple(
        span
        for place, block in enumerate(reader.blocks)
        for span in _numbers(place, block, facts, locale)
    )


@dataclass
class _Mark:
    start: int
    end: int
    fact: str
    slot: str


@dataclass
class _Block:
    section: str
    text: str = ""
    marks: list[_Mark] = field(default_factory=list)


@dataclass(frozen=True)
class _State:
    ours: bool = False
    silent: bool = False
    section: str = ""
    mark: _Mark | None = None


class _Reader(HtmlReader[_State]):
    """Reads blocks of text with the places of their marks."""

    def __init__(self, state: _State) -> None:
        super().__init__(state)
        self.blocks: list[_Block] = []
        self._fresh = True

    def start(self, tag: str, attributes: Mapping[str, str], state: _State) -> _State:
        self._fresh = self._fresh or tag in _BLOCKS
        classes = set(attributes.get("class", "").split())
        section = attributes.get("data-section") or state.section
        ours = state.ours or bool(classes & _OURS)
        mark = state.mark
        if attributes.get("data-fact") and mark is None and ours:
            block = self._block(section)
            offset = len(block.text)
            mark = _Mark(offset, offset, attributes["data-fact"], attributes.get("data-slot", ""))
            block.marks.append(mark)
        return _State(ours, state.silent or tag in _SILENT, section, mark)

    def end(self, tag: str) -> None:
        self._fresh = self._fresh or tag in _BLOCKS

    def text(self, data: str, state: _State) -> None:
        if not state.ours or state.silent:
            return
        block = self._block(state.section)
        block.text += data
        if state.mark is not None:
            state.mark.end = len(block.text)

    def _block(self, section: str) -> _Block:
        if self._fresh or not self.blocks:
            self.blocks.append(_Block(section))
            self._fresh = False
        return self.blocks[-1]


def _numbers(place: int, block: _Block, facts: Mapping[str, Fact], locale: str) -> Iterator[Span]:
    """Yield the marks that hold a number, and runs of numeric characters outside any."""
    offset = 0
    text = block.text
    while offset < len(text):
        if not _is_numeric(text[offset]):
            offset += 1
            continue
        mark = next((m for m in block.marks if m.start <= offset < m.end), None)
        if mark is not None:
            yield _marked_span(place, block, mark, facts, locale)
            offset = mark.end
            continue
        end = offset
        while end < len(text) and (_is_numeric(text[end]) or text[end] in ".,"):
            end += 1
        stray = text[offset:end].rstrip(".,")
        yield Span(stray, block.section, place, offset, offset + len(stray))
        offset = end


def _marked_span(
    place: int, block: _Block, mark: _Mark, facts: Mapping[str, Fact], locale: str
) -> Span:
    text = block.text[mark.start : mark.end]
    fact = facts.get(mark.fact)
    is_proven = False
    if fact is not None:
        try:
            expected = fill_slot(fact, mark.slot, locale)
            is_proven = text in (expected, capital(expected))
        except WordingError:
            is_proven = False
    return Span(text, block.section, place, mark.start, mark.end, mark.fact, mark.slot, is_proven)


def _is_numeric(character: str) -> bool:
    return unicodedata.numeric(character, None) is not None
