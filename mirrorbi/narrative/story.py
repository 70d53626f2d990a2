"""The narrative: sections in order, written by a narrator from facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mirrorbi.errors import WordingError, did_you_mean
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.narrative import rules
from mirrorbi.narrative.cards import Cards
from mirrorbi.narrative.checks.template_lint import require_clean
from mirrorbi.narrative.context import MIME, STYLE, Context
from mirrorbi.narrative.section import Section
from mirrorbi.settings import load_settings
from mirrorbi.wording.numbers import locale_of
from mirrorbi.wording.printable_text import escape
from mirrorbi.wording.sentence import Sentence

if TYPE_CHECKING:
    from mirrorbi.narrative.writer.narrate import Sender

NARRATORS = ("rules", "claude")

_COURSE = ("value", "change", "extreme", "trend", "unusual", "break")
_MEMBERS = ("contribution", "mix", "simpson")


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

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        parts = [STYLE, self.headline.html, self.cards.html]
        parts += [f"<h3>{escape(s.title)}</h3>{s.html}" for s in self if s.name != "headline"]
        sentences = (*self.cards.sentences, *self.sentences)
        payload = self.context.payload("section", "Analysis", sentences)
        payload["headline"] = self.headline.text
        return {"text/plain": self.text, "text/html": "".join(parts), MIME: payload}


def narrate(
    facts: FactSet | Iterable[FactSet],
    locale: str = "en_GB",
    narrator: str | None = None,
    *,
    claude: Sender | None = None,
) -> Narrative:
    """Return a written analysis of facts, every figure in it filled from one of them.

    Parameters
    ----------
    facts
        What ``ds.facts()`` returned. Of several sweeps the first is told; a second
        against last year (``ds.facts(compare="year_ago")``) adds that comparison.
    locale
        Of the number formats, such as ``en_GB`` or ``de_DE``; the words are English.
    narrator
        Who chooses the words: ``rules`` or ``claude``; by default that of the settings.
    claude
        Calls Claude; by default as the settings say.

    Raises
    ------
    WordingError
        If the locale or narrator is not known, or a sentence does not fit its facts.
    RefusedError
        If the policy does not allow Claude to write.
    ClaudeError, PrivacyError
        If a call fails, or may not be made.

    Examples
    --------
    >>> from mirrorbi.facts.fact import Quantity
    >>> sales = Fact("value", "sales", "Sales", quantities={"value": Quantity.of(12, "count")})
    >>> str(narrate(FactSet([sales]), narrator="rules").headline)
    'Sales came to 12.'
    """
    chosen = narrator or ("claude" if claude is not None else load_settings().narrator)
    if chosen not in NARRATORS:
        raise WordingError(
            f"There is no narrator {chosen!r}.",
            hint=did_you_mean(chosen, NARRATORS, noun="narrators"),
        )
    locale_of(locale)
    main, *others = [facts] if isinstance(facts, FactSet) else list(facts)
    if chosen == "claude":
        from mirrorbi.narrative.writer.setup import narrate_with_claude

        return narrate_with_claude(main, others, locale=locale, claude=claude)
    material = rules.Material(main, others)
    sweeps = tuple(group.sweep() for group in (main, *others))
    sql = {name: text for group in (*others, main) for name, text in group.sql.items()}
    context = Context(material.facts_by_id, sweeps, sql, locale, chosen)
    texts = rules.section_texts(material)
    for part in texts.values():
        for sentence in part.sentences:
            require_clean(sentence, context.facts)
    return Narrative(
        sections=sections_of(texts, context),
        cards=Cards.of(material.changes, material.whole("value"), context),
        context=context,
    )


def sections_of(texts: Mapping[str, rules.SectionText], context: Context) -> dict[str, Section]:
    """Return what each section says as sections: nothing is said or drawn twice."""
    drawn: set[tuple[object, ...]] = set()
    seen: set[str] = set()
    sections = {}
    for name, part in texts.items():
        paragraphs = [tuple(s for s in p if _is_new(s, seen)) for p in part.paragraphs]
        sections[name] = Section(
            name=name,
            title=rules.SECTIONS[name][0],
            paragraphs=tuple(paragraph for paragraph in paragraphs if paragraph),
            points=tuple(s for s in part.points if _is_new(s, seen)),
            drawn=tuple(fact for fact in part.drawn if _is_new_chart(fact, drawn)),
            context=context,
        )
    return sections


def _is_new(sentence: Sentence, seen: set[str]) -> bool:
    """Return whether a sentence was not said before, and remember it."""
    key = repr(sentence.to_dict())
    fresh = key not in seen
    seen.add(key)
    return fresh


def _is_new_chart(fact: Fact, drawn: set[tuple[object, ...]]) -> bool:
    """Return whether no chart of the same thing was chosen before, and remember it."""
    key: tuple[object, ...] = (fact.kind, fact.metric, fact.scope, fact.terms.get("by"))
    if fact.kind in _COURSE:
        key = ("course", fact.metric, fact.scope)
    elif fact.kind in _MEMBERS:
        key = ("members", fact.metric, fact.terms.get("by"))
    elif fact.kind == "rank":
        key = ("rank", fact.metric, fact.terms.get("by"))
    elif fact.kind in ("coverage", "late_data", "missing_periods"):
        key = ("rows", fact.terms.get("step"))
    fresh = key not in drawn
    drawn.add(key)
    return fresh
