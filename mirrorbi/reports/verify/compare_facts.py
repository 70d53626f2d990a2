"""Compare the facts of a report as written with those that the data gives now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mirrorbi.facts.fact import Fact


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """The facts of a report, twice.

    Parameters
    ----------
    written
        As the manifest has them, by id.
    computed
        As the data gives them now, by id.
    complete
        Whether all data could be opened.
    locale
        Of numbers and dates.
    redrawn
        Whether this version draws charts as the one that made the report; if not, a chart
        is taken by its fact, and by the page being as it was written.
    untouched
        Whether the page is as it was written.
    """

    written: Mapping[str, Fact]
    computed: Mapping[str, Fact]
    complete: bool
    locale: str
    redrawn: bool = True
    untouched: bool = True

    def state(self, fact_id: str, as_written: bool, as_computed: bool) -> str:
        """Return the state of something, from which of the two facts it agrees with."""
        if as_computed:
            return "same"
        if not as_written:
            return "edited" if fact_id in self.written else "unproven"
        if fact_id in self.computed:
            return "changed"
        return "gone" if self.complete else "unproven"


def agree(a: Fact | None, b: Fact | None) -> bool:
    """Return whether two facts say the same; their scores may differ."""
    return a is not None and b is not None and _content(a) == _content(b)


def _content(fact: Fact) -> dict[str, Any]:
    """Return what a fact says; its score depends on the other facts of the sweep."""
    values = json.loads(json.dumps(fact.to_dict()))
    return {name: value for name, value in values.items() if name != "score"}
