"""Presentations: how each kind of fact is drawn, titled and described."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mirrorbi.charts import bars, flows, lines, pairs, spreads
from mirrorbi.charts import period_columns as columns
from mirrorbi.charts.drawing import Drawing
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.facts.kinds import Without

Draw = Callable[[Fact, Table, str], Drawing]
Title = str | Callable[[Fact], str]


@dataclass(frozen=True, slots=True)
class Presentation:
    """How facts of one kind are shown.

    Parameters
    ----------
    title
        The finding as a template in which ``f`` is the fact and ``{metric}`` stands for the
        metric with its scope; or what gives it for a fact.
    form
        What the figure is, in words: ``Line chart``.
    draw
        Makes the figure; ``None`` for kinds without a table.
    described
        The column of a table of members or columns that the words for those who do not see
        the figure describe.
    subject
        The beginning of the subtitle; ``{name}`` stands for the metric with a small letter.
        Empty for the metric itself.
    unit
        The unit in the subtitle: that of a column of the table, or of the ``estimate``.
    """

    title: Title
    form: str = ""
    draw: Draw | None = None
    described: str = "value"
    subject: str = ""
    unit: str = "value"

    def template(self, fact: Fact) -> str:
        """Return the template of a fact's title."""
        return self.title(fact) if callable(self.title) else self.title


def _of_value(fact: Fact) -> str:
    return "{metric}: {{f.value}} {{f.when}}" if fact.period else "{metric}: {{f.value}}"


def _of_change(fact: Fact) -> str:
    if fact.direction == "flat":
        return "{metric} {{f.direction}} at {{f.value}}"
    return "{metric} {{f.direction}} by {{f.delta.abs}} to {{f.value}}"


def _of_rank(fact: Fact) -> str:
    if "some_hidden" in fact.caveats:
        superlative = "{{f.highest}} {{f.metric}} of the {{f.dimensions}} shown"
        return f"{{{{f.entity}}}} has the {superlative}: {{{{f.value}}}}"
    return "{{f.entity}} has the {{f.highest}} {{f.metric}}: {{f.value}}"


def _of_contribution(fact: Fact) -> str:
    if "share" in fact.quantities and 0 < fact["share"].value <= 1:
        return (
            "{{f.entity}} accounts for {{f.delta.abs}} of the {{f.total_delta.gain}} "
            "of {{f.total_delta.abs}}"
        )
    return "{{f.entity}} changed by {{f.delta.signed}}, the total by {{f.total_delta.signed}}"


def _of_correlation(fact: Fact) -> str:
    together = "with" if fact["rho"].value > 0 else "against"
    return f"{{{{f.metric}}}} moved {together} {{{{f.other_label}}}}"


def _of_distribution(fact: Fact) -> str:
    each = "{{f.dimensions}}" if "by" in fact.terms else "{{f.over}}"
    return (
        f"{{metric}}: half of the {{{{f.members}}}} {each} lie between "
        "{{f.lower.bare}} and {{f.upper}}"
    )


def _of_duration(fact: Fact) -> str:
    p90 = ", {{f.within}} within {{f.p90}}" if "p90" in fact.quantities else ""
    return f"{{metric}}: a median of {{{{f.median}}}}{p90}"


def _of_completeness(fact: Fact) -> str:
    return "{{f.share}} of all cells are filled" if fact["with_nulls"].value else "No cell is empty"


def _of_coverage(fact: Fact) -> str:
    over = ""
    if "periods" in fact.quantities:
        plural = "s" * (fact["periods"].value != 1)
        over = f" over {{{{f.periods}}}} {_step(fact)}{plural}"
    return "{{f.rows}} {{f.rows:row|rows}}" + over


def _of_missing_periods(fact: Fact) -> str:
    return f"{{{{f.missing}}}} of {{{{f.of}}}} {_step(fact)}s {{{{f.missing:has|have}}}} no rows"


def _step(fact: Fact) -> str:
    return "{{f.step}}" if "step" in fact.terms else "period"


_IN_TEXT = Without("it is told in a sentence, beside the facts that it is made of")

PRESENTATIONS: Mapping[str, Presentation | Without] = {
    "value": Presentation(_of_value, "Line chart", lines.value),
    "change": Presentation(_of_change, "Line chart", lines.change),
    "extreme": Presentation(
        "{metric}: {{f.highest}} of {{f.of}} {{f.grain}}s at {{f.value}}",
        "Line chart",
        lines.extreme,
    ),
    "trend": Presentation(
        "{metric} {{f.direction}} by {{f.total.abs}} over {{f.periods}} {{f.step}}s",
        "Line chart",
        lines.trend,
    ),
    "unusual": Presentation(
        "{metric} {{f.when}}: {{f.delta.abs}} {{f.side}} what was expected",
        "Line chart",
        lines.unusual,
    ),
    "break": Presentation(
        "{metric} moved from {{f.before}} to {{f.after}} {{f.when}}",
        "Line chart",
        lines.level_break,
    ),
    "forecast": Presentation(
        "{metric} is expected at {{f.value}} {{f.when}}", "Line chart", lines.forecast
    ),
    "distribution": Presentation(_of_distribution, "Chart of a distribution", spreads.distribution),
    "duration": Presentation(_of_duration, "Chart of durations", spreads.duration),
    "share": Presentation(
        "{{f.entity}} makes up {{f.share}} of {{f.metric}}",
        "Bar chart",
        bars.share,
        described="share",
        subject="Share of {name}",
        unit="share",
    ),
    "rank": Presentation(_of_rank, "Bar chart", bars.rank),
    "concentration": Presentation(
        "The top {{f.k}} of {{f.members}} by {{f.dimension}} hold {{f.share}} of {{f.metric}}",
        "Bar chart",
        bars.concentration,
        described="share",
    ),
    "completeness": Presentation(
        _of_completeness,
        "Bar chart",
        bars.completeness,
        described="share",
        subject="Share of filled cells per column",
    ),
    "contribution": Presentation(
        _of_contribution,
        "Waterfall chart",
        flows.contribution,
        described="delta",
        subject="Change in {name}",
        unit="estimate",
    ),
    "mix": Presentation(
        "By {{f.dimension}}, the rates account for {{f.rate.signed}} of the change, "
        "the mix for {{f.mix.signed}}",
        "Bar chart",
        flows.mix,
        described="rate",
        subject="Change in {name}",
        unit="estimate",
    ),
    "simpson": Presentation(
        "{{f.metric}} {{f.direction}} overall; by {{f.dimension}}, {{f.opposite}} of "
        "{{f.members}} went the other way",
        "Chart of two periods",
        flows.simpson,
        described="delta",
    ),
    "correlation": Presentation(_of_correlation, "Two line charts", pairs.correlation),
    "coverage": Presentation(_of_coverage, "Column chart", columns.coverage, subject="Rows"),
    "missing_periods": Presentation(
        _of_missing_periods, "Column chart", columns.missing_periods, subject="Rows"
    ),
    "late_data": Presentation(
        "{{f.rows}} of about {{f.expected}} expected rows are in",
        "Column chart",
        columns.late_data,
        subject="Rows",
    ),
    "cell": Presentation(_of_value),
    "mix_part": Presentation(
        "{{f.entity}} accounts for {{f.effect.signed}} of the {{f.delta.signed}} in {{f.metric}}"
    ),
    "incomplete": Presentation("{{f.period}} is incomplete: {{f.days}} of {{f.of}} days are in"),
    "duplicates": Presentation("{{f.duplicates}} of {{f.rows}} rows repeat another"),
    "nulls": Presentation("{{f.share}} of {{f.metric}} is empty"),
    "constant": Presentation("{{f.metric}} has the same value in all {{f.rows}} rows"),
    "infinite": Presentation("{{f.infinite}} of {{f.rows}} values of {{f.metric}} are infinite"),
    "withheld": Presentation("{{f.cells}} {{f.cells:cell is|cells are}} not shown"),
    "derived": Without("what it says depends on the question that asked for it"),
    "sweep": _IN_TEXT,
    "extent": _IN_TEXT,
    "vanished": _IN_TEXT,
    "appeared": _IN_TEXT,
    "breadth": _IN_TEXT,
}
"""By kind of fact."""


def presentation_of(fact: Fact) -> Presentation | None:
    """Return how a fact is shown; ``None`` where its kind is not."""
    presentation = PRESENTATIONS.get(fact.kind)
    return presentation if isinstance(presentation, Presentation) else None


DRAWN = tuple(
    name
    for name, presentation in PRESENTATIONS.items()
    if isinstance(presentation, Presentation) and presentation.draw is not None
)
"""The kinds of fact that can be drawn."""
