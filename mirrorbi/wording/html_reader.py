"""HTML read from top to bottom, as a browser nests it: what pages of ours are checked with."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Generic, Self, TypeVar

State = TypeVar("State")

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
     "track", "wbr"]
)  # fmt: skip
"""Elements without an end: https://html.spec.whatwg.org/multipage/syntax.html#void-elements"""

RAW = ("script", "style")
"""Elements whose content is text without elements, whatever it looks like."""


class HtmlReader(HTMLParser, Generic[State]):
    """Reads HTML with a state that elements hand to what is within them.

    A reader says what it does by `start`, `end`, `text`, `raw` and `handle_comment`; all do
    nothing here. An end tag closes the nearest element of its name with all within it; one
    without a beginning closes nothing.

    Parameters
    ----------
    state
        That outside of every element.

    Examples
    --------
    >>> class Depth(HtmlReader[int]):
    ...     def start(self, tag, attributes, state):
    ...         return state + 1
    ...     def text(self, data, state):
    ...         print(state, data)
    >>> reader = Depth(0).read("a<p>b<br><i>c</p>d")
    0 a
    1 b
    2 c
    0 d
    """

    def __init__(self, state: State) -> None:
        super().__init__(convert_charrefs=True)
        self._states: list[tuple[str, State]] = [("", state)]
        self._raw: tuple[str, dict[str, str], list[str]] | None = None

    def read(self, html: str) -> Self:
        """Read a page, or a part of one, to its end."""
        self.feed(html)
        unread = self.rawdata
        self.close()
        if self._raw is not None:
            # The parser drops what follows a script that is never closed.
            self._raw[2].append(unread)
            self.handle_endtag(self._raw[0])
        return self

    # -- what a reader says ------------------------------------------------------------

    def start(self, tag: str, attributes: Mapping[str, str], state: State) -> State:
        """Begin an element and return the state of what is within it."""
        return state

    def end(self, tag: str) -> None:
        """End an element: for each end tag, also one that closes nothing."""

    def text(self, data: str, state: State) -> None:
        """Read text that is none of a script or style."""

    def raw(self, tag: str, attributes: Mapping[str, str], text: str, state: State) -> None:
        """Read the whole text of a script or style."""

    # -- what the parser says ----------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Hand on the beginning of an element."""
        attributes = {name: value or "" for name, value in attrs}
        state = self.start(tag, attributes, self._states[-1][1])
        if tag not in VOID:
            self._states.append((tag, state))
        if tag in RAW:
            self._raw = (tag, attributes, [])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Hand on ``<tag/>``: the slash means something within pictures and formulas alone."""
        self.handle_starttag(tag, attrs)
        if any(name in ("svg", "math") for name, _ in self._states):
            self.handle_endtag(tag)
        elif tag in RAW:
            self.set_cdata_mode(tag)

    def handle_endtag(self, tag: str) -> None:
        """Hand on the end of an element, and of all that is open within it."""
        if self._raw is not None and self._raw[0] == tag:
            name, attributes, parts = self._raw
            self._raw = None
            self.raw(name, attributes, "".join(parts), self._states[-1][1])
        for depth in range(len(self._states) - 1, 0, -1):
            if self._states[depth][0] == tag:
                del self._states[depth:]
                break
        self.end(tag)

    def handle_data(self, data: str) -> None:
        """Hand on text."""
        if self._raw is not None:
            self._raw[2].append(data)
        else:
            self.text(data, self._states[-1][1])
