"""Fact tables: facts and data sets as plain tables of HTML, every text escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mirrorbi.analysis.table import STYLE, table_html
from mirrorbi.charts.alt_text import table_html as figures_html
from mirrorbi.charts.titles import title
from mirrorbi.data.dataset import Dataset
from mirrorbi.errors import MirrorBIError
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.facts.factset import FactSet
from mirrorbi.privacy.released import release_of
from mirrorbi.privacy.withheld import WHY
from mirrorbi.wording.numbers import format_quantity
from mirrorbi.wording.periods import format_period
from mirrorbi.wording.printable_text import capital, clean, escape
from mirrorbi.wording.sentence import fill, plain
from mirrorbi.wording.slots import fill_slot

FACTS = 40
"""Facts of a set that are shown."""

LINES = 13
"""Lines of a fact's own table that are shown: a year, and the same month before."""

UNRELEASED = "Not released: for your eyes alone. A report and Claude take released facts only."
"""What stands below facts that disclosure control has not let through."""


def fact_html(fact: Fact, locale: str = "en_GB") -> str:
    """Return a fact as HTML: the finding, its figures, its table, and how it was computed.

    Examples
    --------
    >>> from mirrorbi.facts.fact import Quantity
    >>> fact = Fact("value", "sales", "Sales <b>", quantities={"value": Quantity.of(5)})
    >>> "Sales &lt;b&gt;: 5" in fact_html(fact)
    True
    """
    finding = _finding(fact, locale)
    parts = [table_html(finding, ("Fact", ""), list(_details(fact, locale)), 2)]
    notes = [] if release_of(fact) else [UNRELEASED]
    if fact.table is not None and fact.table.rows:
        shown = Table(fact.table.columns, fact.table.rows[:LINES])
        parts.append(f'<div class="mb-wide">{figures_html(fact, shown, locale)}</div>')
        if len(fact.table.rows) > LINES:
            notes.append(f"The first {LINES} of {len(fact.table.rows):,} lines.")
    return _page(finding, parts, notes)


def facts_html(facts: FactSet, locale: str = "en_GB") -> str:
    """Return a set of facts as HTML: a line for each, best first, and what is withheld."""
    heading = f"{len(facts):,} facts" if len(facts) != 1 else "1 fact"
    heads = ("Finding", "Kind", "Period", "Fact", "Rows", "Score")
    lines = [
        (
            _finding(fact, locale),
            fact.kind.replace("_", " "),
            format_period(fact.period, locale, "short") if fact.period else "",
            fact.id,
            f"{fact.n:,}",
            f"{fact.score:.2f}",
        )
        for fact in facts[:FACTS]
    ]
    notes = [f"The first {FACTS} of {len(facts):,} facts."] if len(facts) > FACTS else []
    notes += [_withheld(facts)] if facts.withheld else []
    if not facts.policy or any(release_of(fact) is None for fact in facts[:FACTS]):
        notes.append(UNRELEASED)
    return _page(heading, [table_html(heading, heads, lines, 4)] if lines else [], notes)


def dataset_html(dataset: Dataset) -> str:
    """Return what a data set has as HTML: its metrics and dimensions, and no value of it."""
    model = dataset.model
    metrics = [
        (name, clean(dataset.label(name)), dataset.unit(name), clean(dataset.definition(name)))
        for name in model.metrics
    ]
    dimensions = [
        (name, clean(dataset.label(name)), part.column or name, str(part.privacy))
        for name, part in model.dimensions.items()
    ]
    parts = [table_html("Metrics", ("Metric", "Label", "Unit", "Definition"), metrics, 4)]
    if dimensions:
        heads = ("Dimension", "Label", "Column", "Privacy")
        parts.append(table_html("Dimensions", heads, dimensions, 4))
    days = (dataset.first, dataset.last)
    span = " to ".join(f"{day:%Y-%m-%d}" for day in days if day is not None)
    described = f"{dataset.rows:,} rows{', ' if span else ''}{span}. Model: {dataset.model_name}."
    return _page(clean(dataset.title), parts, [described])


def _page(heading: str, parts: Sequence[str], notes: Sequence[str]) -> str:
    below = "".join(f'<p class="mb-muted mb-note">{escape(note)}</p>' for note in notes)
    return (
        f'{STYLE}<div class="mb-result tex2jax_ignore mathjax_ignore">'
        f'<p class="mb-caption">{escape(heading)}</p>{"".join(parts)}{below}</div>'
    )


def _finding(fact: Fact, locale: str) -> str:
    """Return the finding in a few words; metric and estimate where it has no other."""
    try:
        sentence = title(fact)
        if sentence is not None:
            return plain(fill(sentence, [fact], locale))
    except MirrorBIError:
        pass  # a fact built by hand need not have what its kind has
    name = capital(clean(fact.label or fact.metric))
    estimate = fact.quantities.get(fact.estimate)
    return f"{name}: {format_quantity(estimate, locale)}" if estimate else name


def _details(fact: Fact, locale: str) -> Iterator[tuple[str, str]]:
    yield "Kind", fact.kind.replace("_", " ")
    yield "Metric", clean(fact.label or fact.metric)
    for dimension, member in fact.scope:
        yield clean(fact.label_of(dimension)), clean(member)
    for name, period in (("Period", fact.period), ("Compared with", fact.baseline)):
        if period is not None:
            yield name, format_period(period, locale)
    for name in fact.quantities:
        # As `fact[name]` takes it.
        yield name, fill_slot(fact, name, locale)
    if fact.interval is not None and fact.estimate in fact.quantities:
        yield "Interval", fill_slot(fact, "interval", locale)
    for name in ("p", "q"):
        if getattr(fact, name) is not None:
            yield name, fill_slot(fact, name, locale)
    yield "Rows", f"{fact.n:,}"
    rest = (("Definition", fact.definition), ("Method", fact.method))
    # A method may be longer than a name, which `clean` would cut.
    yield from ((name, " ".join(map(clean, text.split()))) for name, text in rest if text)
    if fact.caveats:
        yield "Caveats", ", ".join(code.replace("_", " ") for code in fact.caveats)
    yield "Id", fact.id


def _withheld(facts: FactSet) -> str:
    cells: dict[str, int] = {}
    for part in facts.withheld:
        cells[part.rule] = cells.get(part.rule, 0) + max(part.cells, 1)
    parts = [f"{n:,} cells ({WHY.get(rule, rule)})" for rule, n in cells.items()]
    return f"Withheld: {'; '.join(parts)}."
