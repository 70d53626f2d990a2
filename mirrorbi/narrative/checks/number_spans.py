"""Spans: an independent pass over a rendered text, from each number back to its fact.

Nothing of the renderer is used here: the text is read as a reader has it, its numeric
characters are found by their own, and each must lie within the mark of a fact that gives
just that text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Fact
from mirrorbi.wording.printable_text import capital
from mirrorbi.wording.slots import fill_slot

_OURS = {"mb-section", "mb-headline", "mb-cards", "mb-chart-title"}
_BLOCKS = {"p", "li", "figcaption", "h2", "h3", "h4", "section", "ul", "div"}
_SILENT = {"script", "style", "svg", "template", "title"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"}


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
    reader = _Reader()
    start, end = html.find("<main"), html.rfind("</main>")
    reader.feed(html[start:end] if 0 <= start < end else html)
    reader.close()
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


@dataclass
class _Open:
    tag: str
    ours: bool
    silent: bool
    section: str
    mark: _Mark | None = None


class _Reader(HTMLParser):
    """Reads blocks of text with the places of their marks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[_Block] = []
        self._open: list[_Open] = [_Open("", ours=False, silent=False, section="")]
        self._fresh = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._fresh = True
        if tag in _VOID:
            return
        given = {name: value or "" for name, value in attrs}
        classes = set(given.get("class", "").split())
        above = self._open[-1]
        section = given.get("data-section") or above.section
        ours = above.ours or bool(classes & _OURS)
        here = _Open(tag, ours, above.silent or tag in _SILENT, section, above.mark)
        if given.get("data-fact") and above.mark is None and ours:
            block = self._block(section)
            at = len(block.text)
            here.mark = _Mark(at, at, given["data-fact"], given.get("data-slot", ""))
            block.marks.append(here.mark)
        self._open.append(here)

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag == tag:
                del self._open[depth:]
                break
        if tag in _BLOCKS:
            self._fresh = True

    def handle_data(self, data: str) -> None:
        here = self._open[-1]
        if not here.ours or here.silent:
            return
        block = self._block(here.section)
        block.text += data
        if here.mark is not None:
            here.mark.end = len(block.text)

    def _block(self, section: str) -> _Block:
        if self._fresh or not self.blocks:
            self.blocks.append(_Block(section))
            self._fresh = False
        return self.blocks[-1]


def _numbers(place: int, block: _Block, facts: Mapping[str, Fact], locale: str) -> Iterator[Span]:
    """Yield the marks that hold a number, and runs of numeric characters outside any."""
    at = 0
    text = block.text
    while at < len(text):
        if not _is_numeric(text[at]):
            at += 1
            continue
        mark = next((m for m in block.marks if m.start <= at < m.end), None)
        if mark is not None:
            yield _proven(place, block, mark, facts, locale)
            at = mark.end
            continue
        end = at
        while end < len(text) and (_is_numeric(text[end]) or text[end] in ".,"):
            end += 1
        stray = text[at:end].rstrip(".,")
        yield Span(stray, block.section, place, at, at + len(stray))
        at = end


def _proven(place: int, block: _Block, mark: _Mark, facts: Mapping[str, Fact], locale: str) -> Span:
    text = block.text[mark.start : mark.end]
    fact = facts.get(mark.fact)
    same = False
    if fact is not None:
        try:
            given = fill_slot(fact, mark.slot, locale)
            same = text in (given, capital(given))
        except WordingError:
            same = False
    return Span(text, block.section, place, mark.start, mark.end, mark.fact, mark.slot, same)


def _is_numeric(character: str) -> bool:
    return unicodedata.numeric(character, None) is not None
