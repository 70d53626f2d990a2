"""Progress: what of a narrative is on paper while it streams, and what of it has passed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Fact
from mirrorbi.wording.printable_text import escape
from mirrorbi.wording.sentence import Sentence, fill, plain

State = Literal["unverified", "passed", "replaced"]

_TEMPLATE = re.compile(r'"template"\s*:\s*("(?:[^"\\]|\\.)*")')


class Display(Protocol):
    """What shows progress: it is given every sentence so far, with its state."""

    def __call__(self, lines: list[tuple[str, State]], /) -> None:
        """Show the lines, in place of those shown before."""


@dataclass
class Progress:
    """Follows a stream and tells a display what became of each sentence.

    A sentence is ``unverified`` from the moment it is whole until it has passed the lint;
    it is never shown as checked before.

    Parameters
    ----------
    display
        Given all lines at each change.
    facts
        Those that were disclosed, by name, so that figures can be read.

    Examples
    --------
    >>> seen = []
    >>> progress = Progress(seen.append, {})
    >>> progress.text('{"sentences": [{"template": "So it')
    >>> progress.text(' is."}')
    >>> seen[-1]
    [('So it is.', 'unverified')]
    """

    display: Display | Callable[[list[tuple[str, State]]], None]
    facts: Mapping[str, Fact]
    locale: str = "en_GB"
    _text: str = ""
    _template_count: int = 0
    _lines: dict[str, State] = field(default_factory=dict)

    def text(self, piece: str) -> None:
        """Take the next piece of the stream."""
        self._text += piece
        templates = _TEMPLATE.findall(self._text)
        for quoted in templates[self._template_count :]:
            self._lines.setdefault(self._read(json.loads(quoted, strict=False)), "unverified")
        if len(templates) > self._template_count:
            self._template_count = len(templates)
            self._show()

    def again(self) -> None:
        """Begin to follow another stream."""
        self._text, self._template_count = "", 0

    def settle(self, passed: Mapping[str, bool]) -> None:
        """Say of each template whether it passed."""
        for template, good in passed.items():
            self._lines[self._read(template)] = "passed" if good else "replaced"
        self._show()

    def _read(self, template: str) -> str:
        fact_ids = {
            name: self.facts[name].id for name, _ in Sentence(template).slots if name in self.facts
        }
        try:
            facts_by_id = {fact.id: fact for fact in self.facts.values()}
            return plain(fill(Sentence(template, fact_ids), facts_by_id, self.locale))
        except WordingError:
            return template

    def _show(self) -> None:
        self.display(list(self._lines.items()))


def default_display() -> Callable[[list[tuple[str, State]]], None] | None:
    """Return how progress is shown here: in the notebook, on the terminal, or not at all."""
    shell = _shell()
    if shell is not None and hasattr(shell, "kernel"):
        return _Notebook()
    return _line if sys.stderr.isatty() else None


def _shell() -> Any:
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def _line(lines: list[tuple[str, State]]) -> None:
    waiting = sum(1 for _, state in lines if state == "unverified")
    text = f"{len(lines)} sentences, {waiting} unverified" if waiting else f"{len(lines)} checked"
    sys.stderr.write(f"\r\x1b[K{text}" if waiting else "\r\x1b[K")
    sys.stderr.flush()


class _Notebook:
    """A display of its own in the output of the cell, emptied when all is checked."""

    def __init__(self) -> None:
        from importlib import import_module

        display = import_module("IPython.display")
        self._html = display.HTML
        self._handle = display.display(self._html(""), display_id=True)

    def __call__(self, lines: list[tuple[str, State]]) -> None:
        waiting = any(state == "unverified" for _, state in lines)
        rows = "".join(
            f'<li style="opacity:{0.55 if state == "unverified" else 1}">{escape(text)} '
            f"<small>{state}</small></li>"
            for text, state in lines
        )
        body = f"<ul>{rows}</ul>" if waiting else ""
        if self._handle is not None:
            content: Any = self._html(body)
            self._handle.update(content)
