"""The answer to a question: its text, charts, what was computed, and what it cost."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from mirrorbi.bedrock.budget import dollars
from mirrorbi.bedrock.request import Usage
from mirrorbi.data.prompt_line import prompt_line
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.narrative.chat.reproduction_code import code_of
from mirrorbi.narrative.context import QUIET, STYLE, Context
from mirrorbi.wording.mime_types import MIRRORBI
from mirrorbi.wording.printable_text import clean, escape
from mirrorbi.wording.sentence import Sentence, markup, plain

if TYPE_CHECKING:
    from mirrorbi.charts import Charts

REASONS: Mapping[str, str] = {
    "no_metric": "The data cannot answer this: no metric of it measures what was asked.",
    "no_dimension": "The data cannot answer this: it is not split by what was asked.",
    "no_period": "The data cannot answer this: it does not cover the time that was asked about.",
    "too_few": "The data cannot answer this: too little stands behind it to be shown or judged.",
    "no_forecast": "Where no forecast is given, repeating the last value does as well.",
    "no_cause": "The data shows what changed and where, not why.",
    "not_about_data": "The question is not about this data.",
    "unclear": "The question can be read in several ways. Name the metric, the period and, "
    "where you mean a part, the member.",
    "turns": "No answer was reached within the calls that a question may make.",
    "tokens": "No answer was reached within the tokens that a question may use.",
    "time": "No answer was reached within the time that a question may take.",
    "unproven": "No sentence of the answer passed its checks, so none is shown.",
}
"""Why there is no answer, or not a whole one: the words that the reader gets."""

OURS = ("turns", "tokens", "time", "unproven")
"""Reasons that are not the data's: asking again may help."""


@dataclass(frozen=True, slots=True)
class Computed:
    """One call of a tool, with real names.

    Parameters
    ----------
    tool
        Its name.
    request
        What was asked of the data: arguments of `Analysis.facts`, or of `derive`.
    facts
        Ids of the facts that came of it.
    """

    tool: str
    request: Mapping[str, Any]
    facts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The call in one line."""
        arguments = {
            key: value
            for key, value in self.request.items()
            if value not in (None, [], {}, "previous") and key not in ("kinds", "seed", "control")
        }
        parts = ", ".join(f"{key}={_short(value)}" for key, value in arguments.items())
        count = f"{len(self.facts)} {'fact' if len(self.facts) == 1 else 'facts'}"
        return f"{self.tool}({parts}): {count}"


class Asker(Protocol):
    """Whoever answers a further question: `mirrorbi.narrative.chat.Conversation`."""

    def ask(self, question: str) -> Answer:
        """Answer a question."""


@dataclass(frozen=True)
class Answer:
    """The answer to a question. Displays itself; ``str`` gives its text.

    Parameters
    ----------
    question
        As it was asked.
    sentences
        Checked, in order.
    reason
        Why there is no answer, or not a whole one: a key of `REASONS`; empty if there is.
    drawn
        Facts worth a chart.
    computed
        What was asked of the data.
    usage, calls
        Tokens and cost of all calls to Claude, and how many those were.
    model
        Which model answered.
    replaced
        How many sentences are our own, in place of ones that failed their checks.
    context
        The facts and where they came from.
    conversation
        In which a further question can be asked: its facts stay.
    """

    question: str
    sentences: tuple[Sentence, ...] = ()
    reason: str = ""
    drawn: tuple[Fact, ...] = ()
    computed: tuple[Computed, ...] = ()
    usage: Usage = field(default_factory=Usage)
    calls: int = 0
    model: str = ""
    replaced: int = 0
    context: Context = field(default_factory=lambda: Context({}), repr=False)
    conversation: Asker | None = field(default=None, repr=False, compare=False)

    @property
    def answered(self) -> bool:
        """Whether something was found that answers the question."""
        return not self.reason

    @property
    def facts(self) -> FactSet:
        """The facts that the answer cites, in their order."""
        return self.context.cited(self.sentences)

    @cached_property
    def charts(self) -> Charts:
        """The charts of the answer."""
        from mirrorbi.charts import charts

        return charts(self.context.set_of(self.drawn), self.context.locale)

    @property
    def code(self) -> str:
        """Python that finds the same facts without Claude."""
        return code_of(self.context, self._cited())

    @property
    def text(self) -> str:
        """The answer as plain text."""
        prose = " ".join(plain(self.context.fill(sentence)) for sentence in self.sentences)
        return "\n".join(self._ordered(prose, REASONS.get(self.reason, "")))

    def __repr__(self) -> str:
        return prompt_line(f"Answer to {self.question!r}: {self.text}")

    def __str__(self) -> str:
        return self.text

    @property
    def html(self) -> str:
        """The answer as HTML: everything escaped, every slot marked with its fact."""
        prose = " ".join(markup(self.context.fill(sentence)) for sentence in self.sentences)
        parts = self._ordered(prose, escape(REASONS.get(self.reason, "")))
        body = "".join(f"<p>{part}</p>" for part in parts)
        return (
            f'<section class="mb-section mb-answer {QUIET}" data-section="answer">{body}</section>'
        )

    @property
    def cost_text(self) -> str:
        """Calls, tokens and cost in one line."""
        used = self.usage
        read = used.input + used.cache_read + used.cache_write
        cost = "cost not known" if used.cost is None else dollars(used.cost)
        calls = f"{self.calls} {'call' if self.calls == 1 else 'calls'}"
        by = f" ({self.model})" if self.model else ""
        return f"Claude{by}: {calls}, {read:,} tokens in, {used.output:,} out, {cost}."

    @property
    def how_html(self) -> str:
        """What was computed, what it cost and the code that repeats it, folded."""
        items = "".join(f"<li>{escape(clean_line(part.text))}</li>" for part in self.computed)
        return (
            '<details class="mb-how"><summary>How this was answered</summary>'
            f"<ul>{items}</ul><p>{escape(self.cost_text)}</p>"
            f"<pre><code>{html.escape(self.code)}</code></pre></details>"
        )

    def payload(self) -> dict[str, Any]:
        """Return what a report needs to prove the figures of the answer."""
        return self.context.payload("section", "Answer", self.sentences)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain values, ready for JSON."""
        used = self.usage
        return {
            "question": self.question,
            "answered": self.answered,
            "reason": self.reason,
            "text": self.text,
            "sentences": [
                {**s.to_dict(), "text": plain(self.context.fill(s))} for s in self.sentences
            ],
            "charts": [chart.title_text for chart in self.charts],
            "computed": [
                {"tool": part.tool, "request": dict(part.request), "facts": list(part.facts)}
                for part in self.computed
            ],
            "facts": [fact.to_dict() for fact in self.facts],
            "replaced": self.replaced,
            "model": self.model,
            "calls": self.calls,
            "tokens": {
                "input": used.input,
                "output": used.output,
                "cache_read": used.cache_read,
                "cache_write": used.cache_write,
            },
            "cost": None if used.cost is None else str(used.cost),
            "code": self.code,
        }

    def _ordered(self, prose: str, reason: str) -> list[str]:
        """Return what was found and why it is not the whole answer, the finding first."""
        parts = [reason, prose] if self.reason in OURS else [prose, reason]
        return [part for part in parts if part]

    def _cited(self) -> tuple[str, ...]:
        ids = [fact for sentence in self.sentences for fact in sentence.facts.values()]
        return tuple(dict.fromkeys([*ids, *(fact.id for fact in self.drawn)]))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        heading = f"<h3>{escape(clean_line(self.question))}</h3>"
        return {
            "text/plain": self.text,
            "text/html": STYLE + heading + self.html + self.how_html,
            MIRRORBI: self.payload(),
        }

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]
        for chart in self.charts:
            display(chart)  # type: ignore[no-untyped-call]


def clean_line(text: str) -> str:
    """Return a text as one line of visible characters, of any length."""
    words = text.split()
    return " ".join(clean(word) for word in words)


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_short(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return " ".join(_short(part) for part in value)
    return clean_line(str(value))
