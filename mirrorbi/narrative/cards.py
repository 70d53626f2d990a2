"""Cards: the few numbers that a reader wants before any sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mirrorbi.data.prompt_line import prompt_line
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.narrative.context import QUIET, STYLE, Context
from mirrorbi.narrative.rules.phrasing import by_percent, sentence_of
from mirrorbi.wording.mime_types import MIRRORBI
from mirrorbi.wording.printable_text import capital
from mirrorbi.wording.sentence import Sentence, markup, plain
from mirrorbi.wording.slots import fill_slot

MOST = 4
"""Cards shown: a row on a screen and on paper."""


@dataclass(frozen=True)
class Cards:
    """One card per metric: its value, its change, the period and its course.

    Displays itself in a notebook; ``str`` gives its text.

    Parameters
    ----------
    shown
        One fact per card, a ``change`` or a ``value``.
    context
        The facts and where they came from.
    """

    shown: tuple[Fact, ...]
    context: Context = field(repr=False)

    @classmethod
    def of(cls, changes: Sequence[Fact], values: Sequence[Fact], context: Context) -> Cards:
        """Return the cards of the changes, filled up with values of metrics without one."""
        metrics = {fact.metric for fact in changes}
        others = [fact for fact in values if fact.metric not in metrics]
        return cls((*changes, *others)[:MOST], context)

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """What stands on the cards: up to four short lines each."""
        return tuple(line for fact in self.shown for line in _lines(fact).values())

    @property
    def facts(self) -> FactSet:
        """The facts that the cards cite."""
        return self.context.set_of(self.shown)

    @property
    def text(self) -> str:
        """The cards as plain text, one line each."""
        rows = []
        for fact in self.shown:
            words = {name: plain(self.context.fill(line)) for name, line in _lines(fact).items()}
            change = f", {words['change']}" if "change" in words else ""
            period = f" ({words['period']})" if "period" in words else ""
            rows.append(f"{words['label']}: {words['value']}{change}{period}")
        return "\n".join(rows)

    def __repr__(self) -> str:
        return prompt_line(f"Cards, {len(self.shown)}: {self.text.replace(chr(10), '; ')}")

    def __str__(self) -> str:
        return self.text

    @property
    def html(self) -> str:
        """The cards as HTML: everything escaped, every slot marked with its fact."""
        items = "".join(self._card(fact) for fact in self.shown)
        return f'<ul class="mb-cards {QUIET}" data-section="cards">{items}</ul>'

    def payload(self) -> dict[str, Any]:
        """Return what a report needs to prove the figures of the cards."""
        return self.context.payload("cards", "In numbers", self.sentences)

    def _card(self, fact: Fact) -> str:
        parts = []
        for name, line in _lines(fact).items():
            tone = ""
            if name == "change" and fact.good is not None:
                tone = " mb-better" if fact.good else " mb-worse"
            text = markup(self.context.fill(line))
            parts.append(f'<p class="mb-card-{name}{tone}">{text}</p>')
        return f'<li class="mb-card">{"".join(parts)}{self._course(fact)}</li>'

    def _course(self, fact: Fact) -> str:
        from mirrorbi.charts import sparkline

        if fact.table is None or "complete" not in dict(fact.table.columns):
            return ""
        values = [_number(value) for value in fact.table.column("value")]
        label = f"Course of {fill_slot(fact, 'metric', self.context.locale)}"
        complete = [bool(is_complete) for is_complete in fact.table.column("complete")]
        return sparkline(values, complete, width=180, height=36, label=capital(label))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": self.text, "text/html": STYLE + self.html, MIRRORBI: self.payload()}


def _lines(fact: Fact) -> dict[str, Sentence]:
    lines = {
        "label": sentence_of("card", "{{f.metric}}", f=fact),
        "value": sentence_of("card", "{{f.value}}", f=fact),
    }
    if fact.kind == "change":
        size = "pct" if by_percent(fact) else "delta"
        change = f"{{{{f.{size}.signed}}}} against {{{{f.baseline}}}}"
        if fact.direction == "flat":
            change = "{{f.direction}} against {{f.baseline}}"
        lines["change"] = sentence_of("card", change, f=fact)
    if fact.period is not None:
        lines["period"] = sentence_of("card", "{{f.period}}", f=fact)
    return lines


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, Decimal) else None
