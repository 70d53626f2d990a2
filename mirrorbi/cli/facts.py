"""``mirrorbi facts``: what is worth knowing about a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mirrorbi.cli.options import (
    AsJson,
    Comparison,
    Dimensions,
    Grain,
    Kinds,
    Members,
    Metrics,
    ModelFile,
    NoControl,
    Period,
    Source,
)

if TYPE_CHECKING:
    from mirrorbi.facts.fact import Fact
    from mirrorbi.facts.factset import FactSet


def facts(
    source: Source,
    top: Annotated[int, typer.Option(help="How many to show.", min=1)] = 10,
    kind: Kinds = None,
    metric: Metrics = None,
    by: Dimensions = None,
    where: Members = None,
    grain: Grain = None,
    period: Period = None,
    compare: Comparison = "previous",
    model: ModelFile = None,
    no_control: NoControl = False,
    as_json: AsJson = False,
) -> None:
    """Show what is worth knowing about a data set, best first."""
    from mirrorbi.cli.output import print_json, print_line, print_table
    from mirrorbi.cli.sources import members_of, open_data

    fact_set = open_data(source, model).facts(
        metrics=metric,
        by=by,
        where=members_of(where),
        grain=grain,
        period=period,
        compare=compare,
        kinds=kind,
        control=not no_control,
    )
    if as_json:
        print_json(fact_set.top(top).to_dict())
        return
    data = fact_set.dataset
    span = f", {data['first']} to {data['last']}" if data["first"] else ""
    print_line(f"{data['label']}: {data['rows']:,} {'row' if data['rows'] == 1 else 'rows'}{span}")
    if data["model"] == "draft":
        print_line("The model is a guess, unconfirmed. Write or correct one: 'mirrorbi model'.")
    print_line()
    print_table(
        ("Finding", "Metric", "Period", "q"),
        [
            (phrase(fact), fact.label, str(fact.period or ""), "" if fact.q is None else _q(fact.q))
            for fact in fact_set.top(top)
        ],
        numbers=(3,),
    )
    print_line()
    shown = min(top, len(fact_set))
    print_line(
        f"{shown} of {len(fact_set)} facts, {fact_set.tests} tests; q: false discovery rate."
    )
    for line in withheld_lines(fact_set):
        print_line(line)


_RULES = {
    "min_entities": "of too few",
    "dominance": "that two make up",
    "p_ratio": "in which one could tell another",
    "complement": "that would give those away",
    "few": "with the extreme or median of few",
    "class": "of personal or blocked columns",
    "difference": "that follow from what was shown before",
    "text": "with personal data in a name",
}


def withheld_lines(facts: FactSet) -> list[str]:
    """Return what disclosure control kept back, in a line for each rule.

    Examples
    --------
    >>> from mirrorbi.facts import FactSet
    >>> from mirrorbi.privacy.withheld import Withheld
    >>> withheld_lines(FactSet([], withheld=[Withheld("min_entities", "cells of Airline", 3)]))
    ['Held back: 3 cells of too few (min_entities): cells of Airline.']
    """
    from textwrap import wrap

    rules = dict.fromkeys(withheld.rule for withheld in facts.withheld)
    lines = []
    for rule in rules:
        group = [withheld for withheld in facts.withheld if withheld.rule == rule]
        cells = sum(withheld.cells for withheld in group)
        count = f"{cells} {'cell' if cells == 1 else 'cells'} " if cells else ""
        what = "; ".join(withheld.what for withheld in group)
        line = f"Held back: {count}{_RULES.get(rule, '')} ({rule}): {what}."
        lines += wrap(line, 79, subsequent_indent="  ")
    return lines


def phrase(fact: Fact) -> str:
    """Return a fact in a few words."""
    from mirrorbi.charts.titles import title
    from mirrorbi.wording.sentence import fill, plain

    sentence = title(fact)
    if sentence is None:
        return fact.kind
    return plain(fill(sentence, [fact]))


def _q(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"
