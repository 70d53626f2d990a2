"""A chart: one fact drawn, with its words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from mirrorbi.charts.alt_text import describe, table_html
from mirrorbi.charts.figure_text import bold, coloured, plot_text
from mirrorbi.charts.presentations import DRAWN, presentation_of
from mirrorbi.charts.theme import LIGHT
from mirrorbi.charts.titles import subtitle, title
from mirrorbi.data.prompt_line import prompt_line
from mirrorbi.errors import ChartError, did_you_mean
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.facts.factset import FactSet
from mirrorbi.privacy.released import policy_of, release_of
from mirrorbi.wording.mime_types import MIRRORBI, PLOTLY
from mirrorbi.wording.printable_text import escape
from mirrorbi.wording.sentence import Sentence, fill, markup, plain

KINDS = DRAWN

_TITLE_HEIGHT = 64


@dataclass(frozen=True, slots=True)
class Chart:
    """One fact drawn.

    Displays itself in a notebook. In a report its title and subtitle are set in HTML.

    Parameters
    ----------
    fact
        What is drawn.
    locale
        Of numbers and dates.
    title
        The finding.
    subtitle
        Metric, unit and time.
    alt
        The chart in words.
    spec
        The figure as plotly takes it, without its title: ``data`` and ``layout``.
    figures
        What is drawn, as a table.
    sweep, sql
        Request and provenance of the facts, and the SQL of the fact's queries.
    """

    fact: Fact
    locale: str
    title: Sentence
    subtitle: str
    alt: str
    spec: Mapping[str, Any] = field(repr=False)
    figures: Table = field(repr=False)
    sweep: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sql: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def height(self) -> int:
        """Height of the figure without its title, in pixels."""
        return int(self.spec["layout"]["height"])

    @property
    def title_text(self) -> str:
        """The finding as text."""
        return plain(fill(self.title, [self.fact], self.locale))

    @property
    def title_html(self) -> str:
        """The finding as HTML, its figures marked with their fact."""
        return markup(fill(self.title, [self.fact], self.locale))

    def __repr__(self) -> str:
        return prompt_line(f"Chart of {self.fact.kind} {self.fact.id}: {self.title_text}")

    def figure(self) -> dict[str, Any]:
        """Return the figure with its title inside, as a notebook shows it."""
        layout = dict(self.spec["layout"])
        margin = dict(layout["margin"])
        margin["t"] += _TITLE_HEIGHT
        below = coloured(
            f'<span style="font-size:13px">{plot_text(self.subtitle)}</span>', LIGHT["muted"]
        )
        head = {
            "text": f"{bold(plot_text(self.title_text))}<br>{below}",
            "font": {"size": 17, "color": LIGHT["ink"]},
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "yref": "container",
            "yanchor": "top",
            "y": 1,
            "pad": {"t": 22, "l": 8},
        }
        layout |= {"title": head, "margin": margin, "height": self.height + _TITLE_HEIGHT}
        layout["meta"] = {**layout["meta"], "title_height": _TITLE_HEIGHT}
        return {"data": self.spec["data"], "layout": layout}

    def payload(self) -> dict[str, Any]:
        """Return what a report needs to set the chart and prove its figures."""
        return {
            "version": 1,
            "kind": "chart",
            "title": self.title_text,
            "facts": [self.fact.to_dict()],
            # Whether the fact was released is for its release to say, not for who drew it.
            "sweeps": [{**self.sweep, "policy": policy_of([self.fact])}] if self.sweep else [],
            "sql": dict(self.sql),
            "sentences": [self.title.to_dict()],
            "locale": self.locale,
            "narrator": "rules",
            "title_html": self.title_html,
            "subtitle_html": escape(self.subtitle),
            "alt": self.alt,
            "table_html": table_html(self.fact, self.figures, self.locale),
        }

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {
            "text/plain": f"{self.title_text}\n{self.subtitle}",
            PLOTLY: {**self.figure(), "config": {"displayModeBar": False, "responsive": True}},
            MIRRORBI: self.payload(),
        }


class Charts(Sequence[Chart]):
    """Several charts, which display themselves one below the other."""

    def __init__(self, charts: Iterable[Chart]) -> None:
        self._charts = tuple(charts)

    def __len__(self) -> int:
        return len(self._charts)

    def __iter__(self) -> Iterator[Chart]:
        return iter(self._charts)

    @overload
    def __getitem__(self, index: int) -> Chart: ...
    @overload
    def __getitem__(self, index: slice) -> Charts: ...
    def __getitem__(self, index: int | slice) -> Chart | Charts:
        if isinstance(index, slice):
            return Charts(self._charts[index])
        return self._charts[index]

    def __repr__(self) -> str:
        lines = "".join(f"\n  {chart.title_text}" for chart in self._charts)
        return f"<Charts: {len(self)}>{lines}"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for chart in self._charts:
            display(chart)  # type: ignore[no-untyped-call]


def chart(
    fact: Fact,
    locale: str = "en_GB",
    *,
    sweep: Mapping[str, Any] | None = None,
    sql: Mapping[str, str] | None = None,
) -> Chart:
    """Return the chart of a fact.

    Parameters
    ----------
    fact
        A fact with a table: see `KINDS`.
    locale
        Of numbers and dates.
    sweep, sql
        Request and provenance of the facts, and SQL by query id, for the report. By
        default those of the sweep in which the fact was released.

    Raises
    ------
    ChartError
        If facts of this kind have no chart, or this one has no table.

    Examples
    --------
    >>> from mirrorbi.facts.fact import Quantity, Table
    >>> members = Table((("origin", "text"), ("value", "count"), ("share", "percent")), (
    ...     ("JFK", Quantity.of(3).value, Quantity.of(0.75).value),
    ...     ("LGA", Quantity.of(1).value, Quantity.of(0.25).value)))
    >>> fact = Fact("share", "flights", "Flights", scope=(("origin", "JFK"),),
    ...     quantities={"share": Quantity.of(0.75, "percent")}, estimate="share",
    ...     terms={"by": "origin"}, table=members)
    >>> chart(fact).title_text
    'JFK makes up 75.0% of flights'
    """
    release = release_of(fact) if sweep is None else None
    if release is not None:
        sweep, sql = release.sweep, release.sql
    presentation, sentence = presentation_of(fact), title(fact)
    if presentation is None or presentation.draw is None or sentence is None:
        raise ChartError(
            f"Facts of kind {fact.kind!r} have no chart.",
            hint=did_you_mean(fact.kind, KINDS, noun="kinds with a chart"),
        )
    if fact.table is None or not fact.table.rows:
        raise ChartError(
            f"The fact {fact.id} ({fact.kind}) has no table to draw.",
            hint="Draw a fact for which `fact.table` is not None; `charts` leaves the others out.",
        )
    drawing = presentation.draw(fact, fact.table, locale)
    text = plain(fill(sentence, [fact], locale))
    meta = {"narrow": drawing.narrow, "width": drawing.width}
    drawing.layout["meta"] = {key: value for key, value in meta.items() if value}
    figures = Table(fact.table.columns, fact.table.rows[drawing.first :])
    query_ids = {query.id for query in fact.evidence}
    return Chart(
        fact=fact,
        locale=locale,
        title=sentence,
        subtitle=subtitle(fact, presentation, figures, locale),
        alt=describe(fact, presentation, figures, text, locale),
        spec={"data": drawing.data, "layout": drawing.layout},
        figures=figures,
        sweep=sweep or {},
        sql={key: value for key, value in (sql or {}).items() if key in query_ids},
    )


def charts(facts: Iterable[Fact], locale: str = "en_GB", *, top: int | None = None) -> Charts:
    """Return the charts of those facts that have one, in their order.

    Parameters
    ----------
    facts
        A `FactSet`, whose provenance goes along, or any facts.
    locale
        Of numbers and dates.
    top
        How many at most.
    """
    sweep = facts.sweep() if isinstance(facts, FactSet) else None
    sql = facts.sql if isinstance(facts, FactSet) else None
    drawable = [fact for fact in facts if fact.kind in KINDS and fact.table and fact.table.rows]
    return Charts(chart(fact, locale, sweep=sweep, sql=sql) for fact in drawable[:top])
