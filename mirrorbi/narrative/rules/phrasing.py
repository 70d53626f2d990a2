"""Small builders of sentences: one fact, and lists of facts in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mirrorbi.facts.fact import Fact
from mirrorbi.wording.numbers import format_quantity
from mirrorbi.wording.sentence import Sentence


@dataclass(frozen=True, slots=True)
class SectionText:
    """What a section says.

    Parameters
    ----------
    paragraphs
        Sentences that stand together.
    points
        Sentences that stand in a list, after the paragraphs.
    drawn
        Facts worth a chart, best first.
    """

    paragraphs: tuple[tuple[Sentence, ...], ...] = ()
    points: tuple[Sentence, ...] = ()
    drawn: tuple[Fact, ...] = ()

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All sentences, in order."""
        return (*(s for paragraph in self.paragraphs for s in paragraph), *self.points)


def sentence_of(kind: str, template: str, **facts: Fact) -> Sentence:
    """Return a sentence about named facts; those that the template does not use are left out.

    Examples
    --------
    >>> sentence_of("quality", "The data is empty.").facts
    {}
    """
    sentence = Sentence(template, {}, kind)
    used = {name for name, _ in sentence.slots}
    return Sentence(template, {n: f.id for n, f in facts.items() if n in used}, kind)


def listing(facts: Sequence[Fact], pattern: str, *, name: str = "f") -> tuple[str, dict[str, Fact]]:
    """Return "A, B and C" as a piece of template, and the facts that it names.

    Parameters
    ----------
    facts
        One per part of the list.
    pattern
        What is said of each, with ``@`` for its name: ``{{@.entity}} ({{@.delta}})``.
    name
        Begin of the names.
    """
    names = {f"{name}{i + 1}": fact for i, fact in enumerate(facts)}
    parts = [pattern.replace("@", each) for each in names]
    return joined(parts), names


def joined(parts: Sequence[str]) -> str:
    """Return "A", "A and B" or "A, B and C"; "A; B; and C" where parts hold commas.

    Examples
    --------
    >>> joined(["A", "B", "C"])
    'A, B and C'
    """
    if len(parts) < 2:
        return "".join(parts)
    if any("," in part for part in parts):
        return "; ".join(parts[:-1]) + "; and " + parts[-1]
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def paragraphs(*groups: Iterable[Sentence | None]) -> tuple[tuple[Sentence, ...], ...]:
    """Return the paragraphs that hold a sentence."""
    filled = (tuple(sentence for sentence in group if sentence is not None) for group in groups)
    return tuple(group for group in filled if group)


def by_percent(fact: Fact) -> bool:
    """Return whether a change reads best in percent: an amount that did not double."""
    unit = fact["delta"].unit
    amount = unit == "count" or unit.startswith("currency:")
    return amount and "pct" in fact.quantities and abs(fact["pct"].value) < 1


def movement(fact: Fact, name: str = "f", *, verb: bool = True) -> str:
    """Return "rose from 5.4 to 16.6 minutes" or the like as a piece of template.

    Parameters
    ----------
    fact
        A change, or anything with a direction, a base and a value.
    name
        Of the fact in the template.
    verb
        Whether the verb is said; in a list, the one before may serve.
    """
    if is_unchanged(fact):
        return f"stayed at {{{{{name}.value}}}}"
    head = f"{{{{{name}.direction}}}} " if verb else ""
    if "delta" in fact.quantities and by_percent(fact):
        return f"{head}by {{{{{name}.pct.abs}}}} to {{{{{name}.value}}}}"
    return f"{head}from {{{{{name}.base.bare}}}} to {{{{{name}.value}}}}"


def is_unchanged(fact: Fact) -> bool:
    """Return whether before and after, or their difference, read as no change."""
    base, value = (format_quantity(fact[name]) for name in ("base", "value"))
    return fact.direction == "flat" or base == value


def filtered(fact: Fact) -> str:
    """Return the filter of the review as a piece of template, if there is one."""
    return " ({{f.where}})" if "where" in fact.terms else ""
