"""A section of a narrative: what it says, and how it shows itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mirrorbi.data.prompt_line import prompt_line
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.narrative.context import QUIET, STYLE, Context
from mirrorbi.wording.mime_types import MIRRORBI
from mirrorbi.wording.printable_text import escape
from mirrorbi.wording.sentence import Sentence, markup, plain

if TYPE_CHECKING:
    from mirrorbi.charts import Charts


@dataclass(frozen=True)
class Section:
    """One part of a narrative, such as what changed.

    Displays itself in a notebook; ``str`` gives its text.

    Parameters
    ----------
    name
        ``headline``, ``changed``, ``drivers``, ``unusual``, ``trend``, ``checks`` or
        ``quality``.
    title
        Its heading.
    paragraphs
        Sentences that stand together.
    points
        Sentences that stand in a list, after the paragraphs.
    drawn
        Facts worth a chart, best first.
    context
        The facts and where they came from.
    """

    name: str
    title: str
    paragraphs: tuple[tuple[Sentence, ...], ...]
    points: tuple[Sentence, ...] = ()
    drawn: tuple[Fact, ...] = ()
    context: Context = field(default_factory=lambda: Context({}), repr=False)

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All sentences, in order."""
        return (*(s for paragraph in self.paragraphs for s in paragraph), *self.points)

    @property
    def facts(self) -> FactSet:
        """The facts that the section cites, in their order."""
        return self.context.cited(self.sentences)

    def charts(self, top: int = 3) -> Charts:
        """Return charts of what the section says, at most ``top``; each shows something else."""
        from mirrorbi.charts import KINDS, charts

        facts = [fact for fact in self.drawn if fact.kind in KINDS and fact.table is not None]
        return charts(self.context.set_of(facts), self.context.locale, top=top)

    @property
    def text(self) -> str:
        """The section as plain text: a line per paragraph and per point."""
        lines = [" ".join(self._plain(s) for s in paragraph) for paragraph in self.paragraphs]
        return "\n".join([*lines, *(f"- {self._plain(s)}" for s in self.points)])

    def __repr__(self) -> str:
        return prompt_line(f"Section {self.name}: {self.text}")

    def __str__(self) -> str:
        return self.text

    @property
    def html(self) -> str:
        """The section as HTML: everything escaped, every slot marked with its fact."""
        texts = [" ".join(self._markup(s) for s in paragraph) for paragraph in self.paragraphs]
        if self.name == "headline":
            return self._warning + (
                f'<p class="mb-headline {QUIET}" data-section="headline">{" ".join(texts)}</p>'
            )
        body = "".join(f"<p>{text}</p>" for text in texts)
        if self.points:
            items = "".join(f"<li>{self._markup(s)}</li>" for s in self.points)
            body += f'<ul class="mb-points">{items}</ul>'
        return (
            f'<section class="mb-section mb-{self.name} {QUIET}" data-section="{self.name}">'
            f"{body}</section>"
        )

    def payload(self) -> dict[str, Any]:
        """Return what a report needs to prove the figures of the section."""
        kind = "headline" if self.name == "headline" else "section"
        contents = self.context.payload(kind, self.title, self.sentences)
        return {**contents, "headline": self.text} if kind == "headline" else contents

    @property
    def _warning(self) -> str:
        """What stands above the headline of a narrative that may not be shipped."""
        if not self.context.reasons:
            return ""
        reasons = escape("; ".join(self.context.reasons))
        return f'<p class="mb-unchecked">Not checked, not for readers: {reasons}.</p>'

    def _plain(self, sentence: Sentence) -> str:
        return plain(self.context.fill(sentence))

    def _markup(self, sentence: Sentence) -> str:
        return markup(self.context.fill(sentence))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": self.text, "text/html": STYLE + self.html, MIRRORBI: self.payload()}
