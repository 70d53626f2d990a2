"""Two metrics over the same time, one above the other."""

from __future__ import annotations

from typing import Any

from mirrorbi.charts.drawing import Drawing, note
from mirrorbi.charts.figure_text import bold, label, widest
from mirrorbi.charts.scale import narrow_periods, number, periods_on, value_range, values_on
from mirrorbi.charts.series import Series
from mirrorbi.charts.theme import LIGHT, layout
from mirrorbi.facts.fact import Fact, Table
from mirrorbi.wording.periods import format_period

HEIGHT = 360
_DOMAINS = ((0.57, 1.0), (0.0, 0.43))


def correlation(fact: Fact, table: Table, locale: str) -> Drawing:
    """Draw both series over the same periods, each on its own scale and with its name.

    Two panels, not two axes in one: where two lines cross in one panel means nothing.
    """
    pair = [Series.of(fact, table, locale, column=name, whole=True) for name in ("value", "other")]
    names = [fact.label or fact.metric, fact.terms.get("other_label", fact.terms.get("other", ""))]
    roles = ["accent", "context"]
    data: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    axes: dict[str, dict[str, Any]] = {}
    left = right = 0
    for i, (series, name, role) in enumerate(zip(pair, names, roles, strict=True)):
        ref = "y" if i == 0 else "y2"
        data += _traces(series, role, ref)
        bounds = value_range(series.values, series.unit)
        axis, room = values_on(bounds, series.unit, locale, least=2)
        axes["yaxis" if i == 0 else "yaxis2"] = {**axis, "domain": list(_DOMAINS[i])}
        left = max(left, room)
        notes.append(
            note(
                0,
                _DOMAINS[i][1],
                bold(label(name, 60)),
                role="accent" if i == 0 else "muted",
                xref="paper",
                yref="paper",
                xanchor="left",
                yanchor="bottom",
                yshift=4,
            )
        )
        end = next(
            (j for j in range(len(series) - 1, -1, -1) if series.values[j] is not None), None
        )
        if end is not None:
            text = series.write(series.values[end])
            right = max(right, widest([text], 15))
            notes.append(
                note(
                    end,
                    number(series.values[end]) or 0.0,
                    text,
                    role="accent" if i == 0 else "muted",
                    yref=ref,
                    xanchor="left",
                    xshift=8,
                )
            )
    periods = pair[0].periods
    figure = layout(
        HEIGHT,
        margin={"l": left + 8, "r": right + 16, "t": 28, "b": 46},
        xaxis={**periods_on(periods, locale), "anchor": "y2"},
        hovermode="closest",
        hoverdistance=-1,
        annotations=notes,
        **axes,
    )
    return Drawing(data, figure, narrow_periods(periods, locale))


def _traces(series: Series, role: str, ref: str) -> list[dict[str, Any]]:
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "y": series.values,
            "yaxis": ref,
            "line": {"color": LIGHT[role], "width": 2.25},
            "hoverinfo": "text",
            "hovertext": [
                f"{format_period(p, series.locale, 'short')}<br>{bold(series.write(v))}"
                for p, v in zip(series.periods, series.values, strict=True)
            ],
        }
    ]
