"""What stands above a chart: the finding, and below it metric, unit and time."""

from __future__ import annotations

from mirrorbi.charts.scale import format_value
from mirrorbi.data.periods import Period
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.wording.periods import format_period
from mirrorbi.wording.printable_text import capital, clean, lower_first
from mirrorbi.wording.sentence import Sentence
from mirrorbi.wording.slots import fill_slot

_TITLES = {
    "value": "{metric}: {{f.value}} {{f.when}}",
    "cell": "{metric}: {{f.value}} {{f.when}}",
    "change": "{metric} {{f.direction}} by {{f.delta.abs}} to {{f.value}}",
    "share": "{{f.entity}} makes up {{f.share}} of {{f.metric}}",
    "rank": "{{f.entity}} has the {{f.highest}} {{f.metric}}: {{f.value}}",
    "extreme": "{metric}: {{f.highest}} of {{f.of}} {{f.grain}}s at {{f.value}}",
    "mix": "By {{f.dimension}}, the rates account for {{f.rate.signed}} of the change, "
    "the mix for {{f.mix.signed}}",
    "simpson": "{{f.metric}} {{f.direction}} overall; by {{f.dimension}}, {{f.opposite}} of "
    "{{f.members}} went the other way",
    "trend": "{metric} {{f.direction}} by {{f.total.abs}} over {{f.periods}} {{f.step}}s",
    "unusual": "{metric} {{f.when}}: {{f.delta.abs}} {{f.side}} what was expected",
    "break": "{metric} moved from {{f.before}} to {{f.after}} {{f.when}}",
    "forecast": "{metric} is expected at {{f.value}} {{f.when}}",
    "concentration": "The top {{f.k}} of {{f.members}} by {{f.dimension}} hold {{f.share}} of "
    "{{f.metric}}",
    "completeness": "{{f.share}} of all cells are filled",
    "late_data": "{{f.rows}} of about {{f.expected}} expected rows are in",
    "mix_part": "{{f.entity}} accounts for {{f.effect.signed}} of the {{f.delta.signed}} in "
    "{{f.metric}}",
    "incomplete": "{{f.period}} is incomplete: {{f.days}} of {{f.of}} days are in",
    "duplicates": "{{f.duplicates}} of {{f.rows}} rows repeat another",
    "nulls": "{{f.share}} of {{f.metric}} is empty",
    "constant": "{{f.metric}} has the same value in all {{f.rows}} rows",
    "infinite": "{{f.infinite}} of {{f.rows}} values of {{f.metric}} are infinite",
    "withheld": "{{f.cells}} {{f.cells:cell is|cells are}} not shown",
}

_UNITS = {
    "percent": "%",
    "pp": "percentage points",
    "count": "",
    "number": "",
    "": "",
}


def title(fact: Fact) -> Sentence | None:
    """Return the finding in a few words, ``None`` for a kind that is not known."""
    template = _template(fact)
    if template is None:
        return None
    metric = "{{f.metric}} {{f.scope}}" if fact.scope else "{{f.metric}}"
    text = template.replace("{metric}", metric) if "{metric}" in template else template
    return Sentence(text, {"f": fact.id}, "title")


def subtitle(fact: Fact, figures: Table, locale: str) -> str:
    """Return metric, unit, and the time that the chart shows, as text."""
    time = _time(fact, figures, locale)
    name = capital(clean(fact.label or fact.metric))
    if fact.kind in ("completeness", "coverage", "missing_periods", "late_data"):
        head = "Share of filled cells per column" if fact.kind == "completeness" else "Rows"
        return _joined(head, "", time)
    if fact.kind == "correlation":
        rho = format_value(fact["rho"].value, "number", locale, 2)
        other = lower_first(clean(fact.terms.get("other_label", fact.terms.get("other", ""))))
        return _joined(f"{name} and {other}", f"rank correlation {rho}", time)
    if fact.kind in ("mix", "contribution"):
        name = f"Change in {lower_first(name)}"
    if fact.kind == "share":
        name = f"Share of {lower_first(name)}"
    return _joined(name + _by(fact) + _scope(fact, locale), _unit(fact, figures), time)


def _template(fact: Fact) -> str | None:
    if fact.kind == "contribution":
        if "share" in fact.quantities and 0 < fact["share"].value <= 1:
            return (
                "{{f.entity}} accounts for {{f.delta.abs}} of the {{f.total_delta.gain}} "
                "of {{f.total_delta.abs}}"
            )
        return "{{f.entity}} changed by {{f.delta.signed}}, the total by {{f.total_delta.signed}}"
    if fact.kind == "change" and fact.direction == "flat":
        return "{metric} {{f.direction}} at {{f.value}}"
    if fact.kind == "correlation":
        together = "with" if fact["rho"].value > 0 else "against"
        return f"{{{{f.metric}}}} moved {together} {{{{f.other_label}}}}"
    if fact.kind == "completeness" and not fact["with_nulls"].value:
        return "No cell is empty"
    if fact.kind == "missing_periods":
        return (
            f"{{{{f.missing}}}} of {{{{f.of}}}} {_step(fact)}s {{{{f.missing:has|have}}}} no rows"
        )
    if fact.kind == "coverage":
        return "{{f.rows}} {{f.rows:row|rows}}" + _over(fact)
    if fact.kind == "rank" and "some_hidden" in fact.caveats:
        superlative = "{{f.highest}} {{f.metric}} of the {{f.dimensions}} shown"
        return f"{{{{f.entity}}}} has the {superlative}: {{{{f.value}}}}"
    if fact.kind == "distribution":
        each = "{{f.dimensions}}" if "by" in fact.terms else "{{f.over}}"
        return (
            f"{{metric}}: half of the {{{{f.members}}}} {each} lie between "
            "{{f.lower.bare}} and {{f.upper}}"
        )
    if fact.kind in ("value", "cell") and fact.period is None:
        return "{metric}: {{f.value}}"
    return _TITLES.get(fact.kind)


def _over(fact: Fact) -> str:
    if "periods" not in fact.quantities:
        return ""
    return f" over {{{{f.periods}}}} {_step(fact)}{'s' * (fact['periods'].value != 1)}"


def _step(fact: Fact) -> str:
    return "{{f.step}}" if "step" in fact.terms else "period"


def _by(fact: Fact) -> str:
    by = fact.terms.get("by")
    return f" by {lower_first(clean(fact.label_of(by)))}" if by else ""


def _scope(fact: Fact, locale: str) -> str:
    rest = tuple(pair for pair in fact.scope if pair[0] != fact.terms.get("by"))
    if not rest:
        return ""
    return " " + fill_slot(fact.replace(scope=rest), "scope", locale)


def _unit(fact: Fact, figures: Table) -> str:
    if fact.kind in ("mix", "contribution"):
        unit = fact[fact.estimate].unit
    else:
        unit = "percent" if fact.kind == "share" else dict(figures.columns).get("value", "")
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
