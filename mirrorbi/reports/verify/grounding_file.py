"""Grounding: beside each report, from every number of its text to the data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.checks.number_spans import Span, spans_of
from mirrorbi.reports.page.manifest import read_manifest, written_facts

VERSION = 1


@dataclass(frozen=True, slots=True)
class Grounding:
    """What ``<report>.grounding.json`` holds.

    Parameters
    ----------
    spans
        Every number of the text.
    facts
        The facts behind them, by id.
    manifest
        Of the report.
    """

    spans: tuple[Span, ...]
    facts: Mapping[str, Fact]
    manifest: Mapping[str, Any]

    @property
    def strays(self) -> tuple[str, ...]:
        """Numbers that no fact gives."""
        return tuple(span.text for span in self.spans if not span.proven)

    @property
    def by_claude(self) -> bool:
        """Whether Claude chose the words."""
        return "authorship" in self.manifest

    def to_dict(self) -> dict[str, Any]:
        """Return the grounding as plain values: span to fact to query to data."""
        data = [sweep["dataset"].get("data_hash") for sweep in self.manifest["sweeps"]]
        cited = dict.fromkeys(span.fact for span in self.spans if span.fact in self.facts)
        queries = {q.id: q for key in cited for q in self.facts[key].evidence}
        return {
            "version": VERSION,
            "report": self.manifest["run"],
            "narrator": self.manifest["narrator"],
            "data": list(dict.fromkeys(data)),
            "spans": [
                {
                    "text": span.text,
                    "section": span.section,
                    "block": span.block,
                    "start": span.start,
                    "end": span.end,
                    "fact": span.fact or None,
                    "slot": span.slot or None,
                    "proven": span.proven,
                }
                for span in self.spans
            ],
            "facts": {key: self._fact(self.facts[key]) for key in cited},
            "queries": {
                key: {**query.to_dict(), "sql": self.manifest["sql"].get(key)}
                for key, query in queries.items()
            },
            "recounted": (self.manifest.get("authorship") or {}).get("recounted", []),
        }

    @property
    def text(self) -> str:
        """The grounding as the text of its file."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    def _fact(self, fact: Fact) -> dict[str, Any]:
        values = fact.to_dict()
        fields = ("kind", "metric", "scope", "period", "baseline", "quantities", "n", "method")
        entry = {name: values[name] for name in fields}
        entry["queries"] = [query.id for query in fact.evidence]
        if fact.kind == "derived":
            entry["derived"] = {"op": fact.terms["op"], "from": fact.terms["from"].split()}
        return entry


def ground(html: str) -> Grounding:
    """Return the grounding of a report.

    Raises
    ------
    VerifyError
        If the page has no manifest.
    """
    manifest = read_manifest(html)
    facts = written_facts(manifest)
    return Grounding(spans_of(html, facts, manifest["locale"]), facts, manifest)
