"""One figure per kind of fact, with a title that says the finding.

What draws is imported when it is first used: a page needs its colours alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirrorbi.charts.sparkline import sparkline

if TYPE_CHECKING:
    from mirrorbi.charts.fact_chart import KINDS, Chart, Charts, chart, charts

__all__ = ["KINDS", "Chart", "Charts", "chart", "charts", "sparkline"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mirrorbi.charts import fact_chart as display

    return getattr(display, name)
