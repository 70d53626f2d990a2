"""Roles: what a quantity is in a sentence, and the words and forms that fit it.

"Rose by 17.0 pp to 64.7%" is true or false by its prepositions: *by* needs a difference,
*to* the value now, *from* the value before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.checks.template_lint import Problem
from mirrorbi.narrative.writer.clauses import Token, role_of
from mirrorbi.narrative.writer.lexicon import lexicon

Part = Literal["now", "then", "difference", "share", "other"]

_DIFFERENCES = {"delta", "pct", "effect", "mix", "rate", "total_delta", "slope"}
_DIFFERENCES |= {"diff", "pct_change"}
_NOW = {"value", "after"}
_THEN = {"base", "before", "previous"}
_GIVE = {"contributed", "contributes", "contribute", "contribution", "accounts", "accounted"}
_GIVE |= {"account", "accounting", "explains", "explained"}
_EXTENTS = {"periods", "metrics", "dimensions_seen", "columns"}
_VERBS = ("direction", "rising", "risen", "gain", "increase")

HINTS = {
    "role": "After a direction, 'by' takes a difference, 'to' the value, 'from' the base.",
    "sign": "Write {{f1.delta.abs}} beside a direction of the same fact, else .signed.",
    "hedge": "A figure is exact: use .approx, or leave the word out.",
    "unit": "A figure brings its unit; a noun behind it is a slot such as {{f1.metric}}.",
}


def part_of(token: Token, fact: Fact) -> Part:
    """Return what the figure of a slot is."""
    head = token.head
    if head == "sum" and sums_parts(fact):
        return "difference"
    if head in _DIFFERENCES or (fact.kind == "trend" and head == "total"):
        return "difference"
    if head == "interval":
        return "difference" if fact.estimate in _DIFFERENCES else "other"
    if head in _NOW:
        return "now"
    if head in _THEN:
        return "then"
    return "share" if head == "share" else "other"


def sums_parts(fact: Fact) -> bool:
    """Return whether a derived fact is the sum of parts of a change."""
    names = {part.partition(".")[2] for part in fact.terms.get("from", "").split()}
    return fact.terms.get("op") == "sum" and bool(names) and names <= {"delta", "effect"}


def is_difference(token: Token, fact: Fact) -> bool:
    """Return whether the figure compares with a baseline."""
    return part_of(token, fact) == "difference"


def dated(token: Token, fact: Fact) -> str:
    """Return whether a figure is of the period (``now``), of the baseline (``then``) or neither."""
    part = part_of(token, fact)
    return part if part in ("now", "then") and fact.baseline is not None else ""


def lint_roles(tokens: tuple[Token, ...], facts: Mapping[str, Fact]) -> Iterator[Problem]:
    """Yield figures whose preposition, sign, hedge or noun makes them say something else.

    Parameters
    ----------
    tokens
        Of the template.
    facts
        Those that the sentence cites, by their names in the template.
    """
    for place, token in enumerate(tokens):
        fact = facts.get(token.name) if token.kind == "slot" else None
        if fact is None or role_of(token, fact) != "figure":
            continue
        slot_text = f"{token.name}.{token.slot}"
        part = part_of(token, fact)
        before = tokens[place - 1] if place else None
        word = before.low if before is not None and before.kind == "word" else ""
        verb = _verb(place, tokens, facts)
        if not _fits(word, part, verb, place, tokens) or not _is_part(place, tokens, part):
            yield Problem("role", slot_text, HINTS["role"])
        if part == "difference" and not _signed(token, fact, tokens, facts, verb, word):
            yield Problem("sign", slot_text, HINTS["sign"])
        if _glued(place, tokens, facts):
            yield Problem(
                "form", slot_text, "Write a blank and a word between figures, and no sign."
            )
        if _hedged(place, tokens):
            yield Problem("hedge", word, HINTS["hedge"])
        yield from _noun(place, token, fact, tokens)


def _verb(place: int, tokens: tuple[Token, ...], facts: Mapping[str, Fact]) -> Token | None:
    """Return the nearest direction slot before a figure in its clause."""
    for token in reversed(tokens[:place]):
        if token.clause != tokens[place].clause:
            return None
        fact = facts.get(token.name) if token.kind == "slot" else None
        if fact is not None and role_of(token, fact) == "direction":
            return token
    return None


def _fits(word: str, part: Part, verb: Token | None, place: int, tokens: tuple[Token, ...]) -> bool:
    if verb is None or verb.head not in _VERBS:
        return True
    if word == "by":
        return part in ("difference", "share")
    if word == "from":
        return part in ("then", "other")
    if word == "to":
        return part in ("now", "other") or (part == "then" and not _after_from(place, tokens))
    return True


def _after_from(place: int, tokens: tuple[Token, ...]) -> bool:
    return any(t.kind == "word" and t.low == "from" for t in tokens[max(0, place - 4) : place])


def _is_part(place: int, tokens: tuple[Token, ...], part: Part) -> bool:
    """Return whether a figure after "contributed" or "accounts for" is a part of something."""
    words = [t.low for t in tokens[max(0, place - 2) : place] if t.kind == "word"]
    is_adjacent = tokens[place - 1].kind == "word" if place else False
    if not is_adjacent or not set(words) & _GIVE:
        return True
    return part in ("difference", "share")


def _signed(
    token: Token,
    fact: Fact,
    tokens: tuple[Token, ...],
    facts: Mapping[str, Fact],
    verb: Token | None,
    word: str,
) -> bool:
    tail = token.tail.split(".")
    if "abs" in tail and word in _GIVE and not _turns_after(token, fact, tokens, facts):
        return False
    if "abs" in tail or "approx" in tail:
        return _has_direction(token, fact, tokens, facts)
    if verb is not None and word == "by" and verb.head in _VERBS:
        return token.head == "interval"
    return True


def _turns_after(
    token: Token, fact: Fact, tokens: tuple[Token, ...], facts: Mapping[str, Fact]
) -> bool:
    return any(
        t.at > token.at
        and t.clause == token.clause
        and facts.get(t.name) is fact
        and role_of(t, fact) == "direction"
        for t in tokens
    )


def _has_direction(
    token: Token, fact: Fact, tokens: tuple[Token, ...], facts: Mapping[str, Fact]
) -> bool:
    """Return whether the sentence gives the direction of an unsigned difference."""
    if token.tail.startswith("approx"):
        return True
    quantity = fact.quantities.get(token.head)
    for other in tokens:
        other_fact = facts.get(other.name) if other.kind == "slot" else None
        if (
            other_fact is None
            or abs(other.clause - token.clause) > 1
            or role_of(other, other_fact) != "direction"
        ):
            continue
        if other_fact is fact or other_fact.id == fact.id:
            direction_quantity = fact.quantities.get(
                other.head if other.head in fact.quantities else fact.estimate
            )
            if (
                quantity is None
                or direction_quantity is None
                or quantity.value * direction_quantity.value >= 0
            ):
                return True
        elif other_fact.metric == fact.metric and other_fact.direction == fact.direction:
            return True
    return False


def _glued(place: int, tokens: tuple[Token, ...], facts: Mapping[str, Fact]) -> bool:
    """Return whether a figure reads as part of another number: "1315", "-17", "13.15"."""
    token, before = tokens[place], tokens[place - 1] if place else None
    if before is None:
        return False
    if before.kind == "slot":
        fact = facts.get(before.name)
        return before.end == token.at or role_of(before, fact) == "figure"
    if before.kind == "word":
        return before.end == token.at
    if before.text in "-–—":
        return True
    return before.end == token.at and before.text not in "(\"“'‘"


def _hedged(place: int, tokens: tuple[Token, ...]) -> bool:
    words = lexicon()
    before = list(tokens[max(0, place - 2) : place])
    if not before or before[-1].kind != "word":
        return False
    pair = tuple(t.low for t in before if t.kind == "word")
    word, head = before[-1].low, tokens[place].head
    if (word == "only" and head in ("n", "rows")) or (word == "over" and head in _EXTENTS):
        return False
    return before[-1].low in words.hedges or (len(pair) == 2 and pair in words.hedging)


def _noun(place: int, token: Token, fact: Fact, tokens: tuple[Token, ...]) -> Iterator[Problem]:
    words = lexicon()
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if after is not None and after.text == "-" and place + 2 < len(tokens):
        after = tokens[place + 2]
    if after is None or after.kind != "word" or after.low in words.after:
        return
    label = (fact.label or fact.metric).lower().split()
    run = [t.low for t in tokens[place + 1 : place + 1 + len(label)] if t.kind == "word"]
    counted = fact.quantities.get(token.head)
    if run == label and counted is not None and counted.unit == "count":
        return
    if after.low not in words.nouns.get(token.head, ()) and not after.low.endswith("ly"):
        yield Problem("unit", after.text, HINTS["unit"])
