"""What stands above a chart: the finding, and below it metric, unit and time."""

from __future__ import annotations

from mirrorbi.charts.presentations import Presentation, presentation_of
from mirrorbi.charts.scale import format_value
from mirrorbi.data.periods import Period
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.facts.kinds import kind_of
from mirrorbi.wording.periods import format_period
from mirrorbi.wording.printable_text import capital, clean, lower_first
from mirrorbi.wording.sentence import Sentence
from mirrorbi.wording.slots import fill_slot

_UNITS = {
    "percent": "%",
    "pp": "percentage points",
    "count": "",
    "number": "",
    "": "",
}


def title(fact: Fact) -> Sentence | None:
    """Return the finding in a few words, ``None`` for a kind that is not known."""
    presentation = presentation_of(fact)
    if presentation is None:
        return None
    template = presentation.template(fact)
    metric = "{{f.metric}} {{f.scope}}" if fact.scope else "{{f.metric}}"
    text = template.replace("{metric}", metric) if "{metric}" in template else template
    return Sentence(text, {"f": fact.id}, "title")


def subtitle(fact: Fact, presentation: Presentation, figures: Table, locale: str) -> str:
    """Return metric, unit, and the time that the chart shows, as text."""
    time = _time(fact, figures, locale)
    name = clean(fact.label or fact.metric)
    if kind_of(fact.kind).subject == "data":
        return _joined(presentation.subject, "", time)
    if "rho" in fact.quantities:
        rho = format_value(fact["rho"].value, "number", locale, 2)
        other = lower_first(clean(fact.terms.get("other_label", fact.terms.get("other", ""))))
        return _joined(f"{capital(name)} and {other}", f"rank correlation {rho}", time)
    head = presentation.subject.replace("{name}", lower_first(capital(name))) or capital(name)
    return _joined(
        head + _by(fact) + _scope(fact, locale), _unit(fact, presentation.unit, figures), time
    )


def _by(fact: Fact) -> str:
    by = fact.terms.get("by")
    return f" by {lower_first(clean(fact.label_of(by)))}" if by else ""


def _scope(fact: Fact, locale: str) -> str:
    rest = tuple(pair for pair in fact.scope if pair[0] != fact.terms.get("by"))
    if not rest:
        return ""
    return " " + fill_slot(fact.replace(scope=rest), "scope", locale)


def _unit(fact: Fact, column: str, figures: Table) -> str:
    unit = (
        fact[fact.estimate].unit if column == "estimate" else dict(figures.columns).get(column, "")
    )
    if unit.startswith("currency:"):
        return unit.partition(":")[2]
    return _UNITS.get(unit, clean(unit))


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _time(fact: Fact, figures: Table, locale: str) -> str:
    if any(name == "period" for name, _ in figures.columns):
        return _span(fact, [str(text) for text in figures.column("period")], locale)
    if fact.period is None:
        return ""
    period = format_period(fact.period, locale)
    if fact.baseline is None:
        return period
    return f"{period} against {fill_slot(fact, 'baseline', locale)}"


def _span(fact: Fact, texts: list[str], locale: str) -> str:
    calendar = fact.period.calendar if fact.period else Period.parse("2000").calendar
    if not texts:
        return ""
    first, last = (Period.parse(text, calendar) for text in (texts[0], texts[-1]))
    if first == last:
        return format_period(last, locale)
    span = format_period(Period.span(first.start, last.last_day, calendar), locale)
    return f"by {first.grain}, {span}" if first.grain else span
