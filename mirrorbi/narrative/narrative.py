"""The narrative: sections in order, written by a narrator from facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mirrorbi.data.prompt_line import prompt_line
from mirrorbi.facts.factset import FactSet
from mirrorbi.narrative.cards import Cards
from mirrorbi.narrative.context import STYLE, Context
from mirrorbi.narrative.section import Section
from mirrorbi.wording.mime_types import MIRRORBI
from mirrorbi.wording.printable_text import escape
from mirrorbi.wording.sentence import Sentence


@dataclass(frozen=True)
class Narrative:
    """A written analysis. Each section displays itself; so does the whole.

    Parameters
    ----------
    sections
        By name, in order.
    cards
        The numbers to be seen first.
    context
        The facts and where they came from.
    """

    sections: Mapping[str, Section]
    cards: Cards
    context: Context = field(repr=False)

    @property
    def headline(self) -> Section:
        """The finding in one sentence."""
        return self.sections["headline"]

    @property
    def changed(self) -> Section:
        """What changed, and by how much."""
        return self.sections["changed"]

    @property
    def drivers(self) -> Section:
        """Where the change came from."""
        return self.sections["drivers"]

    @property
    def unusual(self) -> Section:
        """What is out of the ordinary."""
        return self.sections["unusual"]

    @property
    def trend(self) -> Section:
        """Where things are heading."""
        return self.sections["trend"]

    @property
    def checks(self) -> Section:
        """What to check next."""
        return self.sections["checks"]

    @property
    def quality(self) -> Section:
        """What the data covers and lacks."""
        return self.sections["quality"]

    @property
    def checked(self) -> bool:
        """Whether it may be shown to readers; see `reasons`."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it may not; empty if it may."""
        return self.context.reasons

    @property
    def facts(self) -> FactSet:
        """Every fact that is cited, in the order of the text."""
        return self.context.cited((*self.cards.sentences, *self.sentences))

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Every sentence, in order; the lines of the cards are not among them."""
        return tuple(s for section in self for s in section.sentences)

    def __iter__(self) -> Iterator[Section]:
        return iter(self.sections.values())

    @property
    def text(self) -> str:
        """The whole as plain text."""
        parts = [self.headline.text, self.cards.text]
        parts += [f"{s.title}\n{s.text}" for s in self if s.name != "headline"]
        return "\n\n".join(part for part in parts if part)

    def __repr__(self) -> str:
        count = f"{len(self.sections)} sections, {len(self.sentences)} sentences"
        state = "" if self.checked else ", not checked"
        return prompt_line(
            f"Narrative by {self.context.narrator}, {count}{state}: {self.headline.text}"
        )

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        parts = [STYLE, self.headline.html, self.cards.html]
        parts += [f"<h3>{escape(s.title)}</h3>{s.html}" for s in self if s.name != "headline"]
        sentences = (*self.cards.sentences, *self.sentences)
        payload = self.context.payload("section", "Analysis", sentences)
        payload["headline"] = self.headline.text
        return {"text/plain": self.text, "text/html": "".join(parts), MIRRORBI: payload}
