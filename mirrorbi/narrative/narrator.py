"""Narrating: who writes an analysis, by the settings or as asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mirrorbi.errors import WordingError, did_you_mean
from mirrorbi.facts.factset import FactSet
from mirrorbi.narrative import rules
from mirrorbi.narrative.cards import Cards
from mirrorbi.narrative.checks.template_lint import require_clean
from mirrorbi.narrative.context import Context
from mirrorbi.narrative.narrative import Narrative
from mirrorbi.narrative.repetition import sections_of
from mirrorbi.privacy.released import released_sweep
from mirrorbi.settings import load_settings
from mirrorbi.wording.numbers import locale_of

if TYPE_CHECKING:
    from mirrorbi.narrative.writer.narrate import Sender

NARRATORS = ("rules", "claude")


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
    >>> from mirrorbi.facts.fact import Fact, Quantity
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
    sweeps = tuple(released_sweep(group) for group in (main, *others))
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
