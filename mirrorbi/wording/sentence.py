"""Sentences: templates whose figures, names, periods and direction words are slots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mirrorbi.errors import WordingError, did_you_mean
from mirrorbi.facts.fact import Fact, Quantity
from mirrorbi.wording.direction_words import BY_DIRECTION
from mirrorbi.wording.numbers import format_quantity
from mirrorbi.wording.periods import format_period
from mirrorbi.wording.printable_text import capital, clean, escape, is_right_to_left
from mirrorbi.wording.slots import PLACEHOLDER, fill_slot, is_figure

_NAMES_OF_DATA = ("entity",)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A template and the facts that fill it.

    Parameters
    ----------
    template
        Plain words with ``{{name.slot}}`` in them; no figure, name, period or direction
        word of its own.
    facts
        Fact id by the name it has in the template.
    kind
        What the sentence does: ``headline``, ``change``, ``driver`` ...

    Examples
    --------
    >>> Sentence("{{f.metric}} {{f.direction}} to {{f.value}}.", {"f": "f0123456789"}).slots
    (('f', 'metric'), ('f', 'direction'), ('f', 'value'))
    """

    template: str
    facts: Mapping[str, str] = field(default_factory=dict)
    kind: str = "finding"

    @property
    def slots(self) -> tuple[tuple[str, str], ...]:
        """The (name, slot) pairs of the template, in order."""
        return tuple((m.group(1), m.group(2)) for m in PLACEHOLDER.finditer(self.template))

    def to_dict(self) -> dict[str, Any]:
        """Return the sentence as plain values, ready for JSON."""
        return {"template": self.template, "facts": dict(self.facts), "kind": self.kind}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Sentence:
        """Return the sentence that `to_dict` described."""
        return cls(values["template"], dict(values["facts"]), values.get("kind", "finding"))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a filled sentence.

    Parameters
    ----------
    text
        What is read.
    fact, slot
        The fact id and slot that it came from; empty for the template's own words.
    figure
        Whether it is a number, whose proof can be opened.
    title
        Definition, period, number of rows and method: shown on hover.
    """

    text: str
    fact: str = ""
    slot: str = ""
    figure: bool = False
    title: str = ""


def fill(
    sentence: Sentence, facts: Mapping[str, Fact] | Iterable[Fact], locale: str = "en_GB"
) -> tuple[Span, ...]:
    """Return the sentence with its slots filled.

    Parameters
    ----------
    sentence
        The template.
    facts
        The facts, by id or as a collection such as a `FactSet`.
    locale
        Of the number formats.

    Raises
    ------
    WordingError
        If a fact is not there or cannot fill its slot.

    Examples
    --------
    >>> f = Fact("value", "flights", "Flights", quantities={"value": Quantity.of(5, "count")})
    >>> plain(fill(Sentence("{{f.metric}}: {{f.value}}.", {"f": f.id}), [f]))
    'Flights: 5.'
    """
    facts_by_id = facts if isinstance(facts, Mapping) else {fact.id: fact for fact in facts}
    spans: list[Span] = []
    at = 0
    for match in PLACEHOLDER.finditer(sentence.template):
        if match.start() > at:
            spans.append(Span(_after(spans, sentence.template[at : match.start()])))
        opens = not spans or sentence.template[: match.start()].endswith((". ", "? "))
        spans.append(_span(sentence, match.group(1), match.group(2), facts_by_id, locale, opens))
        at = match.end()
    if at < len(sentence.template):
        spans.append(Span(_after(spans, sentence.template[at:])))
    return tuple(span for span in spans if span.text)


def _after(spans: list[Span], words: str) -> str:
    """Return the template's words after what was filled: one full stop, not two ("Inc.")."""
    stopped = bool(spans) and spans[-1].text.endswith(".")
    return words[1:] if stopped and words.startswith(".") else words


def plain(spans: Iterable[Span]) -> str:
    """Return filled spans as text."""
    return "".join(span.text for span in spans)


def markup(spans: Iterable[Span]) -> str:
    """Return filled spans as HTML: everything escaped, each slot marked with its fact."""
    return "".join(_mark(span) for span in spans)


def proof_line(fact: Fact, locale: str = "en_GB") -> str:
    """Return definition, period, rows and method of a fact in one line, for a tool tip."""
    parts = [clean(fact.definition) if fact.definition else clean(fact.label or fact.metric)]
    if fact.period:
        parts.append(format_period(fact.period, locale))
    if fact.n:
        rows = format_quantity(Quantity(Decimal(fact.n), "count"), locale)
        parts.append(f"{rows} {'row' if fact.n == 1 else 'rows'}")
    if fact.method:
        parts.append(clean(fact.method))
    return " · ".join(parts)


def _span(
    sentence: Sentence,
    name: str,
    slot: str,
    facts_by_id: Mapping[str, Fact],
    locale: str,
    opens: bool,
) -> Span:
    if name not in sentence.facts:
        raise WordingError(
            f"The template names {name!r}, which is no fact of the sentence: {sentence.template}",
            hint=did_you_mean(name, sentence.facts, noun="facts"),
        )
    fact = facts_by_id.get(sentence.facts[name])
    if fact is None:
        raise WordingError(
            f"There is no fact {sentence.facts[name]!r} for {name!r} of: {sentence.template}",
            hint="Pass the facts that the sentence was written from.",
        )
    text = fill_slot(fact, slot, locale)
    if opens and not _is_from_data(fact, slot):
        text = capital(text)
    # Facts are known by their ids, which take a hash to make again.
    return Span(text, sentence.facts[name], slot, is_figure(fact, slot), proof_line(fact, locale))


def _is_from_data(fact: Fact, slot: str) -> bool:
    """Return whether the slot is a member's name, whose letters nobody may change."""
    term = slot in fact.terms and slot not in BY_DIRECTION and not slot.endswith("_label")
    return slot in _NAMES_OF_DATA or term


def _mark(span: Span) -> str:
    if not span.fact:
        return escape(span.text)
    where = f'data-fact="{escape(span.fact)}" data-slot="{escape(span.slot)}"'
    turn = ' dir="auto"' if is_right_to_left(span.text) else ""
    if not span.figure:
        return f'<span class="mb-word" {where}{turn}>{escape(span.text)}</span>'
    return (
        f'<span class="mb-fig" {where}{turn} tabindex="0" role="button" '
        f'title="{escape(span.title)}">{escape(span.text)}</span>'
    )
