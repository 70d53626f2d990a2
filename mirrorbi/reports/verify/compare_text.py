"""Compare what a page shows with what its facts give, as written and as computed anew."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mirrorbi.errors import MirrorBIError
from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.checks.grounding import Check, verify_text
from mirrorbi.reports.page.page_reader import PageContent
from mirrorbi.reports.verify.compare_facts import ReportFacts, agree
from mirrorbi.wording.sentence import Sentence

STATES = ("same", "changed", "gone", "edited", "unproven")
"""As computed · other in the data now · no longer in the data · changed in the page · nothing
to compute it from."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure or chart of a report, checked.

    Parameters
    ----------
    name
        What it is and where it stands, for people.
    state
        One of `STATES`.
    shown, computed
        What the report says, and what the data says now; texts.
    fact, about
        The id of the fact behind it, and what that fact is about.
    """

    name: str
    state: str
    shown: str = ""
    computed: str = ""
    fact: str = ""
    about: str = ""


def check_figures(
    html: str, page: PageContent, manifest: Mapping[str, Any], facts: ReportFacts
) -> Iterator[Figure]:
    """Yield every marked figure and every chart of a page, checked, then what else differs.

    Parameters
    ----------
    html
        The page.
    page
        What it shows.
    manifest
        What it carries: the facts behind each chart, and the sentences that should be there.
    facts
        Those behind the page.
    """
    fact_ids = set()
    sentences = [Sentence.from_dict(sentence) for sentence in manifest["sentences"]]
    computed = facts.computed if facts.complete or facts.computed else None
    for check in verify_text(html, facts.written, computed, facts.locale, sentences):
        fact_ids.add(check.fact)
        yield _text_figure(check, facts)
    for entry in manifest["charts"]:
        if entry["facts"]:
            fact_ids |= set(entry["facts"])
            yield _chart_figure(page, entry["id"], entry["facts"][0], facts)
    for fact_id in facts.written:
        figure = _fact_figure(fact_id, facts)
        if fact_id not in fact_ids or figure.state == "changed":
            yield figure


def _text_figure(check: Check, facts: ReportFacts) -> Figure:
    where = f" ({check.where})" if check.where else ""
    if not check.fact:
        name = "a sentence" if check.status == "edited" else "a number without a fact"
        return Figure(name + where, check.status, check.text, check.expected)
    about = _label(check.fact, facts)
    slot = check.slot.replace(".", " ").replace("_", " ")
    missing = not facts.complete and check.fact not in facts.computed
    state = "unproven" if missing and check.status in ("same", "gone") else check.status
    computed = "" if state in ("gone", "unproven") else check.expected
    return Figure(f"{about}, {slot}{where}", state, check.text, computed, check.fact, about)


def _chart_figure(page: PageContent, chart_id: str, fact_id: str, facts: ReportFacts) -> Figure:
    written, computed = facts.written.get(fact_id), facts.computed.get(fact_id)
    if facts.redrawn:
        as_written = _draws(page, chart_id, written, facts.locale)
        as_computed = _draws(page, chart_id, computed, facts.locale)
    else:
        as_written = facts.untouched
        as_computed = facts.untouched and agree(written, computed)
    state = facts.state(fact_id, as_written, as_computed)
    about = _label(fact_id, facts)
    return Figure(f"{about}, chart", state, chart_id, "", fact_id, about)


def _fact_figure(fact_id: str, facts: ReportFacts) -> Figure:
    written, computed = facts.written[fact_id], facts.computed.get(fact_id)
    state = facts.state(fact_id, as_written=True, as_computed=agree(written, computed))
    amounts = [
        f"{name} {quantity.value:f}"
        for fact in (written, computed)
        if fact is not None and (name := fact.estimate) in fact.quantities
        for quantity in (fact.quantities[name],)
    ]
    shown, new = (*amounts, "", "")[:2]
    about = _label(fact_id, facts)
    return Figure(f"{about}, computation", state, shown, new, fact_id, about)


def _draws(page: PageContent, chart_id: str, fact: Fact | None, locale: str) -> bool:
    """Return whether a chart in the page is that of a fact, with its words and its table."""
    from mirrorbi.charts import chart as chart_of

    if fact is None or chart_id not in page.specs:
        return False
    try:
        chart = chart_of(fact, locale)
    except MirrorBIError:
        return False
    payload = chart.payload()
    return json.loads(json.dumps(chart.spec)) == page.specs[chart_id] and all(
        payload[part] in page.markup.get(chart_id, "") for part in ("title_html", "table_html")
    )


def _label(fact_id: str, facts: ReportFacts) -> str:
    fact = facts.written.get(fact_id) or facts.computed.get(fact_id)
    if fact is None:
        return f"a fact {fact_id!r} that the report does not hold"
    members = ", ".join(member for _, member in fact.scope)
    period = f" {fact.period}" if fact.period else ""
    return f"{fact.label}{f', {members}' if members else ''}, {fact.kind}{period}"
