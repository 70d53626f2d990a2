"""One figure per kind of fact, with a title that says the finding."""

from mirrorbi.charts.display import KINDS, Chart, Charts, chart, charts
from mirrorbi.charts.sparkline import sparkline

__all__ = ["KINDS", "Chart", "Charts", "chart", "charts", "sparkline"]
