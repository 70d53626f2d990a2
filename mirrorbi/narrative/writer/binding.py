"""Binding: whether each figure belongs to the name, metric and time that stand beside it.

A slot cannot hold a wrong digit, yet slots of several facts can be put together wrongly:
one airline's name with another's figure. So every figure and direction is bound to the
names around it, the way a reader binds them, and has to be theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mirrorbi.facts.fact import Fact
from mirrorbi.facts.kinds import kind_of
from mirrorbi.narrative.checks.template_lint import Problem
from mirrorbi.narrative.writer.clauses import TIMES, Token, role_of
from mirrorbi.narrative.writer.slot_roles import dated, is_difference

Scope = tuple[tuple[str, str], ...]
Metric = tuple[str, str]
"""Name and label: a data set may be called what a metric is called."""

_BEFORE_NAME = {"for", "at", "in", "from", "of", "within", "on", "among", "to", "with", "by", "via"}
_WHOLE = {"of", "overall", "against", "than", "whole", "out", "all"}

_COUNTED = {"same", "members", "k", "opposite"}
_OF_ALL = {"of", "left_out", "overall", "total", "total_delta", "members", "k", "periods"}
"""Quantities of the whole, in facts about a member."""

HINTS = {
    "scope": "Name beside each figure what it belongs to: {{f1.entity}} … {{f1.value}}.",
    "metric": "Name beside each figure its own metric: {{f1.metric}} … {{f1.value}}.",
    "period": "Name beside each figure its own period and baseline.",
    "compare": "Set compare to true where a clause sets facts side by side, or split it.",
    "unit": "Compare only figures of one unit.",
}


@dataclass
class _State:
    """What has been named so far in a sentence."""

    scope: Scope | None = None
    scope_clause: int = -1
    metric: Metric | None = None
    metric_clause: int = -1
    named: list[Fact] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def lint_binding(
    tokens: tuple[Token, ...], facts: Mapping[str, Fact], *, compare: bool
) -> Iterator[Problem]:
    """Yield the figures and directions that belong to something else than what they stand by.

    Parameters
    ----------
    tokens
        Of the template.
    facts
        Those that the sentence cites, by their names in the template.
    compare
        Whether the sentence declares that it sets facts side by side.
    """
    state = _State()
    for place, token in enumerate(tokens):
        fact = facts.get(token.name) if token.kind == "slot" else None
        if fact is None:
            continue
        role = role_of(token, fact)
        if role == "metric":
            state.named = [*(state.named if state.metric_clause == token.clause else ()), fact]
            state.metric, state.metric_clause = _metric(fact), token.clause
            if not fact.scope and state.scope_clause < token.clause:
                state.scope = None
        elif role == "name":
            state.scope, state.scope_clause = fact.scope, token.clause
        elif role in ("figure", "direction") and token.head not in ("level", "tests", "alpha"):
            _check_figure(place, token, fact, tokens, facts, state, compare)
    yield from state.problems
    yield from _times(tokens, facts, compare=compare)
    yield from _sides(tokens, facts, compare=compare)


def _check_figure(
    place: int,
    token: Token,
    fact: Fact,
    tokens: tuple[Token, ...],
    facts: Mapping[str, Fact],
    state: _State,
    compare: bool,
) -> None:
    slot_text = f"{token.name}.{token.slot}"
    if token.head not in _OF_ALL and not _scope_fits(
        place, token, fact, tokens, facts, state, compare
    ):
        state.problems.append(Problem("scope", slot_text, HINTS["scope"]))
    if _is_of_review(fact):
        return
    if role_of(token, fact) == "direction" and _alike(token, fact, state.named):
        return
    named: Scope | Metric | None = _following(place, tokens, facts, ("metric",)) or state.metric
    if named is None:
        later = [t for t in tokens[place:] if t.head == "metric" and t.name in facts]
        others = {_metric(f) for f in facts.values() if not _is_of_review(f)}
        named = _metric(facts[later[0].name]) if later else None
        if not later and len(others) == 1:
            named = _metric(fact)
    if named != _metric(fact):
        state.problems.append(Problem("metric", slot_text, HINTS["metric"]))
    if not _goes_with(place, fact, tokens, facts):
        state.problems.append(Problem("scope", slot_text, HINTS["scope"]))
    counted = token.head in _COUNTED or fact.kind == "concentration"
    if counted and _dimension(place, tokens, facts) not in (None, fact.terms.get("by")):
        state.problems.append(Problem("scope", slot_text, HINTS["scope"]))


def _is_of_review(fact: Fact) -> bool:
    """Return whether a fact is about the review itself, whatever metric is named beside it."""
    kind = kind_of(fact.kind)
    return kind.subject == "data" and not kind.swept


def _metric(fact: Fact) -> Metric:
    return fact.metric, fact.label


def _goes_with(
    place: int, fact: Fact, tokens: tuple[Token, ...], facts: Mapping[str, Fact]
) -> bool:
    """Return whether what is right after a figure is its own: "13 of 15", "51 weeks"."""
    after = tokens[place + 1 : place + 3]
    if not after:
        return True
    if after[0].kind == "slot" and after[0].head in ("step", "grain"):
        return facts.get(after[0].name) is fact
    joined = len(after) == 2 and after[0].low == "of" and after[1].kind == "slot"
    if joined and after[1].head in _OF_ALL:
        return facts.get(after[1].name) is fact
    return True


def _dimension(place: int, tokens: tuple[Token, ...], facts: Mapping[str, Fact]) -> str | None:
    """Return by what the members are told apart that a count is of, where that is named."""
    distances = [
        (t.at < tokens[place].at, abs(t.at - tokens[place].at), facts[t.name].terms.get("by"))
        for t in tokens
        if t.head in ("dimension", "dimensions")
        and t.name in facts
        and t.clause == tokens[place].clause
    ]
    return min(distances)[2] if distances else None


def _alike(token: Token, fact: Fact, named: Sequence[Fact]) -> bool:
    """Return whether a direction is that of every metric named: "A and B both rose"."""
    if _metric(fact) not in {_metric(other) for other in named}:
        return False
    if token.head == "better":
        return all(other.good == fact.good for other in named)
    return all(other.direction == fact.direction for other in named)


def _scope_fits(
    place: int,
    token: Token,
    fact: Fact,
    tokens: tuple[Token, ...],
    facts: Mapping[str, Fact],
    state: _State,
    compare: bool,
) -> bool:
    following = _following(place, tokens, facts, ("entity", "scope"))
    if following is not None:
        return following == fact.scope
    if state.scope is not None and state.scope_clause == token.clause:
        if state.scope == fact.scope:
            return True
        return not fact.scope and compare and _of_the_whole(place, tokens)
    ahead = _ahead(place, fact, tokens, facts)
    if ahead is not None:
        return ahead == fact.scope
    if state.scope is not None and state.scope == fact.scope:
        return True
    if not fact.scope:
        return state.scope is None or state.metric_clause == token.clause
    return False


def _following(
    place: int, tokens: tuple[Token, ...], facts: Mapping[str, Fact], heads: tuple[str, ...]
) -> Scope | Metric | None:
    """Return what a figure is said to be of by the words right after it, if they say it."""
    next_tokens = tokens[place + 1 : place + 8]
    if not next_tokens or next_tokens[0].kind != "word" or next_tokens[0].low not in _BEFORE_NAME:
        return None
    for token in next_tokens[1:]:
        fact = facts.get(token.name) if token.kind == "slot" else None
        if fact is not None and token.head in heads:
            return _metric(fact) if heads == ("metric",) else fact.scope
        if token.kind == "word" and token.low in ("the", "of", "in", "change"):
            continue
        if fact is not None and (token.head == "dimension" or token.name == tokens[place].name):
            # "45% of the rise in hours": the figure's own words on the way to its name.
            continue
        return None
    return None


def _ahead(
    place: int, fact: Fact, tokens: tuple[Token, ...], facts: Mapping[str, Fact]
) -> Scope | None:
    """Return the member named later in the clause, with nothing of another between."""
    clause = tokens[place].clause
    for i, token in enumerate(tokens[place + 1 :], start=place + 1):
        if token.clause != clause:
            return None
        other = facts.get(token.name) if token.kind == "slot" else None
        if other is None:
            continue
        role = role_of(token, other)
        if role == "name":
            before = [t.low for t in tokens[max(0, i - 3) : i] if t.kind == "word"]
            if other.id == fact.id:
                return other.scope
            return other.scope if set(before) & _BEFORE_NAME else None
        if role in ("figure", "direction") and other.scope != fact.scope:
            return None
    return None


def _of_the_whole(place: int, tokens: tuple[Token, ...]) -> bool:
    """Return whether a figure is said to be that of the whole, as in "of the 17.0 pp"."""
    before = [t.low for t in tokens[max(0, place - 3) : place] if t.kind == "word"]
    after = [t.low for t in tokens[place + 1 : place + 3] if t.kind == "word"]
    return bool(set(before) & _WHOLE or set(after) & {"overall", "altogether"})


def _times(
    tokens: tuple[Token, ...], facts: Mapping[str, Fact], *, compare: bool
) -> Iterator[Problem]:
    """Yield figures and times that do not belong together."""
    timed = [
        (t, facts[t.name], role)
        for t in tokens
        if t.kind == "slot"
        and t.name in facts
        and (role := role_of(t, facts[t.name])) in ("figure", "direction", "time", "baseline")
        and t.head != "next"
        and not (role == "figure" and t.head == "level")
    ]
    periods = dict.fromkeys(f.period for t, f, role in timed if role in ("figure", "direction"))
    main = next(iter(periods), None)
    for token, fact, role in timed:
        in_clause = [(t, f, r) for t, f, r in timed if t.clause == token.clause]
        figures = [(f, r) for _, f, r in in_clause if r in ("figure", "direction")]
        figures = figures or [(f, r) for _, f, r in timed if r in ("figure", "direction")]
        slot_text = f"{token.name}.{token.slot}"
        is_mismatch = (role == "time" and all(f.period != fact.period for f, _ in figures)) or (
            role == "baseline" and all(f.baseline != fact.baseline for f, _ in figures)
        )
        if figures and is_mismatch:
            yield Problem("period", slot_text, HINTS["period"])
        elif role in ("figure", "direction") and fact.period != main:
            named_periods = {f.period for t, f, r in in_clause if r == "time"}
            if fact.period is not None and main is not None and fact.period not in named_periods:
                yield Problem("period", slot_text, HINTS["period"])
    yield from _dates(tokens, facts)
    if not compare:
        yield from _baselines(timed)


def _dates(tokens: tuple[Token, ...], facts: Mapping[str, Fact]) -> Iterator[Problem]:
    """Yield figures that the time right after them does not fit: a value "in" its baseline."""
    for place, token in enumerate(tokens[:-1]):
        fact = facts.get(token.name) if token.kind == "slot" else None
        if fact is None or role_of(token, fact) != "figure":
            continue
        next_tokens = [
            t
            for t in tokens[place + 1 : place + 3]
            if not (t.kind == "word" and t.low in ("in", "for", "of"))
        ]
        after = next_tokens[0] if next_tokens else None
        other = facts.get(after.name) if after is not None and after.kind == "slot" else None
        if after is None or other is None or after.at - token.at > len(token.text) + 12:
            continue
        figure_date = dated(token, fact)
        period = other.period if after.head in TIMES else None
        baseline = other.baseline if after.head == "baseline" else None
        if (figure_date == "now" and baseline is not None and baseline != fact.period) or (
            figure_date == "then" and period is not None and period != fact.baseline
        ):
            yield Problem("period", f"{token.name}.{token.slot}", HINTS["period"])


def _baselines(timed: Sequence[tuple[Token, Fact, str]]) -> Iterator[Problem]:
    """Yield differences and directions of a clause that were measured against another time."""
    for clause in dict.fromkeys(t.clause for t, _, _ in timed):
        against = [
            (t, f)
            for t, f, role in timed
            if t.clause == clause
            and f.kind != "extreme"
            and (
                role == "direction"
                or role == "baseline"
                or (role == "figure" and is_difference(t, f))
            )
        ]
        for token, fact in against[1:]:
            if fact.baseline != against[0][1].baseline:
                yield Problem("period", f"{token.name}.{token.slot}", HINTS["period"])


def _sides(
    tokens: tuple[Token, ...], facts: Mapping[str, Fact], *, compare: bool
) -> Iterator[Problem]:
    """Yield clauses that set facts of different scope or time side by side without saying so."""
    for clause in dict.fromkeys(t.clause for t in tokens):
        figures = [
            (t, facts[t.name])
            for t in tokens
            if t.clause == clause
            and t.kind == "slot"
            and t.name in facts
            and role_of(t, facts[t.name]) in ("figure", "direction")
            and not _is_of_review(facts[t.name])
        ]
        kinds = {(f.scope, f.period) for _, f in figures if f.period is not None}
        if len(kinds) < 2:
            continue
        if not compare:
            yield Problem(
                "compare", f"{figures[-1][0].name}.{figures[-1][0].slot}", HINTS["compare"]
            )
            continue
        units = {_unit(t, f) for t, f in figures if role_of(t, f) == "figure"} - {""}
        if len(units) > 1:
            yield Problem("unit", f"{figures[-1][0].name}.{figures[-1][0].slot}", HINTS["unit"])


def _unit(token: Token, fact: Fact) -> str:
    quantity = fact.quantities.get(token.head)
    if quantity is None or token.head in ("n", "of", "members", "same", "rank"):
        return ""
    return "percent" if quantity.unit in ("percent", "pp") else quantity.unit
