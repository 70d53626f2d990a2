"""What every part of a narrative shares: the facts, where they came from, and the locale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mirrorbi.charts.theme import DARK, LIGHT
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.facts.kinds import KINDS
from mirrorbi.privacy.released import release_of
from mirrorbi.wording.sentence import Sentence, Span, fill

_RULES = {
    ".mb-headline": "font-size:1.6em;font-weight:700;line-height:1.2;max-width:26em",
    ".mb-section p,.mb-section li": "max-width:72ch;line-height:1.5",
    ".mb-fig": "text-decoration:underline dotted;text-underline-offset:.22em;cursor:help",
    ".mb-cards": "display:flex;flex-wrap:wrap;gap:1em 2.5em;list-style:none;margin:1em 0;padding:0",
    ".mb-card": "min-width:11em",
    ".mb-card p": "margin:0",
    ".mb-card-value": "font-size:1.8em;font-weight:650;line-height:1.2",
    ".mb-card-change": "font-weight:600",
    ".mb-better": f"color:{LIGHT['better']}",
    ".mb-worse": f"color:{LIGHT['worse']}",
    ".mb-unchecked": f"border-left:3px solid {LIGHT['worse']};padding-left:.6em;font-weight:600",
    ".mb-card-period": "opacity:.75",
}
NOTEBOOKS = ":where(.jp-OutputArea,.output_area,[data-vscode-theme-kind],#output-body)"
"""Where a notebook shows outputs: JupyterLab, Jupyter Notebook, VS Code and Colab."""

_IN_THE_DARK = ':where([data-jp-theme-light="false"],[data-vscode-theme-kind*="dark"],[theme=dark])'

STYLE = "".join(
    ["<style>"]
    + [f"{NOTEBOOKS} :where({names}){{{rule}}}" for names, rule in _RULES.items()]
    + [f"{_IN_THE_DARK} :where(.mb-{t}){{color:{DARK[t]}}}" for t in ("better", "worse")]
    + ["</style>"]
)
"""For notebooks alone: a report has a style sheet of its own."""

QUIET = "tex2jax_ignore mathjax_ignore"
"""Classes that keep a notebook from reading two dollar signs as a formula."""


@dataclass(frozen=True)
class Context:
    """The facts of a narrative and their provenance.

    Parameters
    ----------
    facts
        Every fact that may be cited, by id.
    sweeps
        Request and provenance of each sweep.
    sql
        The SQL of each query, by query id.
    locale
        Of the number formats.
    narrator
        Who chose the words.
    authorship
        Where Claude did: model, regions, tokens, cost, disclosures, and how many
        sentences are by the rules; see `mirrorbi.narrative.writer.authorship`.
    """

    facts: Mapping[str, Fact]
    sweeps: tuple[Mapping[str, Any], ...] = ()
    sql: Mapping[str, str] = field(default_factory=dict)
    locale: str = "en_GB"
    narrator: str = "rules"
    authorship: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Context of {len(self.facts):,} facts, by {self.narrator}>"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the narrative may not be shipped; empty if it may."""
        return tuple(self.authorship.get("reasons", ()))

    def fill(self, sentence: Sentence) -> tuple[Span, ...]:
        """Return a sentence with its slots filled."""
        return fill(sentence, self.facts, self.locale)

    def cited(self, sentences: Iterable[Sentence]) -> FactSet:
        """Return the facts that the sentences name, each once, in their order."""
        ids = dict.fromkeys(fact for sentence in sentences for fact in sentence.facts.values())
        return self.set_of(self.facts[fact] for fact in ids)

    def set_of(self, facts: Iterable[Fact]) -> FactSet:
        """Return facts with the provenance of the sweep that is told."""
        main: Mapping[str, Any] = self.sweeps[0] if self.sweeps else {}
        return FactSet(
            facts,
            request=main.get("request"),
            dataset=main.get("dataset"),
            tests=int(main.get("tests", 0)),
            sql=self.sql,
            policy=str(main.get("policy") or ""),
        )

    def payload(self, kind: str, title: str, sentences: Iterable[Sentence]) -> dict[str, Any]:
        """Return what a report needs to prove the figures of a display."""
        listed = list(sentences)
        facts = list(self.cited(listed))
        query_ids = {query.id for fact in facts for query in fact.evidence}
        return {
            "version": 1,
            "kind": kind,
            "title": title,
            "facts": [fact.to_dict() for fact in facts],
            "sweeps": [dict(sweep) for sweep in self._released_sweeps()],
            "sql": {name: text for name, text in self.sql.items() if name in query_ids},
            "sentences": [sentence.to_dict() for sentence in listed],
            "locale": self.locale,
            "narrator": self.narrator,
            **({"authorship": dict(self.authorship)} if self.authorship else {}),
        }

    def _released_sweeps(self) -> tuple[Mapping[str, Any], ...]:
        """Return the sweeps, with no policy where a fact that may be cited was not released.

        What a narrator makes of facts, such as their number or a difference, has no release
        of its own: it may be shown if they may.
        """
        swept = (fact for fact in self.facts.values() if _is_swept(fact))
        if all(release_of(fact) for fact in swept):
            return self.sweeps
        return tuple({**sweep, "policy": ""} for sweep in self.sweeps)


def _is_swept(fact: Fact) -> bool:
    kind = KINDS.get(fact.kind)
    return kind is None or kind.swept
