"""Displays: how a notebook shows what analysts hold, registered with IPython when data is opened.

Facts know nothing of HTML, and rooms below know nothing of displays: this is the one place
that joins the two. In a run nothing is registered: a report shows text, tables and charts
that carry their proof, and of everything else its line of text.
"""

from __future__ import annotations

import sys
from typing import Any

from mirrorbi.privacy.session import Session

TABLES = {
    "mirrorbi.analysis": ("Analysis", "dataset_html"),
    "mirrorbi.facts.fact": ("Fact", "fact_html"),
    "mirrorbi.facts.factset": ("FactSet", "facts_html"),
}
"""By module: a class, and the function of `mirrorbi.analysis.fact_tables` that shows it."""


def register_displays(session: Session) -> None:
    """Let the notebook in which this runs, if it does, show facts and data as tables."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or session.run:
        return
    html = shell.display_formatter.formatters["text/html"]
    for module, (name, function) in TABLES.items():
        html.for_type_by_name(module, name, _Shown(function))


class _Shown:
    """A function of `mirrorbi.analysis.fact_tables`, imported when something is shown."""

    def __init__(self, function: str) -> None:
        self._function = function

    def __call__(self, value: Any) -> str:
        import mirrorbi.analysis.fact_tables as fact_tables

        html: str = getattr(fact_tables, self._function)(value)
        return html
