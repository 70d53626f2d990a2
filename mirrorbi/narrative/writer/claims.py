"""Claims: words that say something about the data, and the facts that prove them.

The words are in ``lexicon.toml``; here is what each kind of claim needs. A proof must be
cited in the clause of the word; where the word speaks of one thing ("the largest"), that
thing's own fact must prove it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.checks.template_lint import Problem
from mirrorbi.narrative.sweep_summary import ALPHA
from mirrorbi.narrative.writer.clauses import Token, facts_in, role_of
from mirrorbi.narrative.writer.evidence import is_proof
from mirrorbi.narrative.writer.lexicon import Phrase, lexicon
from mirrorbi.narrative.writer.slot_roles import sums_parts

_SINGLE = ("superlative", "least", "record")
"""Claims about one thing, which its own fact must prove."""

HINTS = {
    "superlative": "Cite a fact of rank 1 beside it, or write {{f1.highest}}.",
    "quantifier": "Cite the fact that counts the members, or leave the word out.",
    "significance": "Cite a fact with q of at most 0.05, or leave the word out.",
    "cause": "Cite a contribution or mix fact: only arithmetic may be said to cause anything.",
    "claim": "Cite a fact of that kind beside the word, or leave the word out.",
    "direction": "Use a slot such as {{f1.direction}}.",
    "ordinal": "Use a slot such as {{f1.rank}}.",
    "number": "Use a slot such as {{f1.value}} or {{f1.share.approx}}.",
    "time": "Use a slot such as {{f1.period}}, {{f1.baseline}} or {{f1.grain}}.",
    "filler": "Leave the word out.",
    "ever": "Say over which time, with a slot: {{f1.of}} {{f1.grain}}s.",
    "vague": "Name each figure beside what it belongs to.",
    "negation": "Say what is so, not what is not: a slot gives the direction.",
}

_CODES = {
    "superlative": "superlative",
    "least": "superlative",
    "record": "superlative",
    "all": "quantifier",
    "none": "quantifier",
    "majority": "quantifier",
    "minority": "quantifier",
    "many": "quantifier",
    "significance": "significance",
    "unusual": "significance",
    "trend": "significance",
    "both": "quantifier",
    "of_all": "quantifier",
    "too_few": "quantifier",
    "attribution": "cause",
    "mix": "cause",
    "flat": "direction",
}


def lint_words(tokens: tuple[Token, ...], facts: Mapping[str, Fact]) -> Iterator[Problem]:
    """Yield the words that no sentence may hold, and those that nothing cited proves.

    Parameters
    ----------
    tokens
        Of the template.
    facts
        Those that the sentence cites, by their names in the template.
    """
    words = lexicon()
    claimed: list[tuple[Token, str]] = []
    plain: set[int] = set()
    last_place = -1
    for place, token in enumerate(tokens):
        if token.kind != "word" or place <= last_place:
            continue
        phrase, length, code, claim = _meaning(tokens, place)
        if not phrase:
            continue
        last_place = place + length - 1
        if code:
            yield Problem(code, " ".join(phrase), HINTS[code])
        elif claim:
            claimed.append((token, claim))
            if not _proven(words.proofs[claim], claim, token, tokens, facts):
                rule = _CODES.get(claim, "claim")
                yield Problem(rule, " ".join(phrase), HINTS[rule])
        else:
            plain |= set(range(place, last_place + 1))
    yield from _negations(tokens, facts, claimed, plain)


def _meaning(tokens: tuple[Token, ...], place: int) -> tuple[Phrase, int, str, str]:
    """Return the longest phrase of the lexicon that begins here, and what it is."""
    words = lexicon()
    run: list[str] = []
    spans: list[int] = []
    for i, token in enumerate(tokens[place : place + 2 * words.longest]):
        if token.kind == "word":
            run.append(token.low)
            spans.append(i + 1)
        elif token.text not in ("-", "–"):
            break
    for count in range(min(len(run), words.longest), 0, -1):
        phrase = tuple(run[:count])
        if phrase in words.plain:
            return phrase, spans[count - 1], "", ""
        if phrase in words.refused:
            return phrase, spans[count - 1], words.refused[phrase], ""
        if phrase in words.claims:
            return phrase, spans[count - 1], "", words.claims[phrase]
    return (), 1, "", ""


def _negations(
    tokens: tuple[Token, ...],
    facts: Mapping[str, Fact],
    claimed: list[tuple[Token, str]],
    plain: set[int],
) -> Iterator[Problem]:
    """Yield words that turn what a slot says into its opposite."""
    words = lexicon()
    for place, token in enumerate(tokens):
        if token.kind != "word" or token.low not in words.negation or place in plain:
            continue
        is_tested = any(
            t.clause == token.clause and claim in ("significance", "unusual", "trend")
            for t, claim in claimed
        )
        after_comma = place > 0 and tokens[place - 1].text == ","
        is_negated = any(
            t.clause == token.clause
            and t.kind == "slot"
            and (t.at > token.at or not after_comma)
            and role_of(t, facts.get(t.name)) in ("figure", "direction")
            for t in tokens
        )
        if is_negated and not is_tested:
            yield Problem("negation", token.text, HINTS["negation"])


def _claim_of(token: Token) -> str:
    return lexicon().claims.get((token.low,), "") if token.kind == "word" else ""


def _proven(
    proof: str,
    claim: str,
    token: Token,
    tokens: tuple[Token, ...],
    facts: Mapping[str, Fact],
) -> bool:
    cited: Iterable[Fact] = facts_in(tokens, token.clause, facts)
    if claim in _SINGLE:
        subject = _subject(token, tokens, facts)
        cited = (subject,) if subject is not None else cited
    if claim == "both":
        return len(tuple(cited)) > 1
    denied = _denied(token, tokens)
    return any(PROOFS[proof](fact, denied) for fact in cited)


def _subject(token: Token, tokens: tuple[Token, ...], facts: Mapping[str, Fact]) -> Fact | None:
    """Return the fact of the name that stands nearest to a word, before it or after it."""
    names = [
        t
        for t in tokens
        if t.kind == "slot"
        and t.clause == token.clause
        and t.name in facts
        and role_of(t, facts[t.name]) in ("name", "metric")
    ]
    entities = [t for t in names if t.head in ("entity", "scope")] or names
    if not entities:
        return None
    before = [t for t in entities if t.at < token.at]
    # "X was the largest part" speaks of what is before; "the largest part is X" of what follows.
    after = [t for t in entities if t.at > token.at]
    if before and after:
        between = [t.low for t in tokens if before[-1].at < t.at < token.at and t.kind == "word"]
        return facts[before[-1].name if between else after[0].name]
    return facts[(before[-1] if before else after[0]).name]


def _denied(token: Token, tokens: tuple[Token, ...]) -> bool:
    """Return whether a word of the clause before a claim, up to a comma, denies it."""
    words = lexicon()
    denied = False
    for other in tokens:
        if other.clause != token.clause or other.at >= token.at:
            continue
        if other.text == ",":
            denied = False
        elif other.kind == "word":
            denied = denied or other.low in words.negation or _claim_of(other) == "none"
    return denied


def _first(fact: Fact, _: bool) -> bool:
    rank = fact.quantities.get("rank")
    is_end = fact.direction == "up" or not is_proof(fact, "ends")
    return rank is not None and rank.value == 1 and is_end


def _last(fact: Fact, _: bool) -> bool:
    if is_proof(fact, "ends"):
        return fact.direction == "down"
    rank, of = fact.quantities.get("rank"), fact.quantities.get("of")
    return rank is not None and of is not None and rank.value == of.value


def _counted(fact: Fact) -> tuple[Decimal, Decimal] | None:
    """Return how many of how many a fact is about."""
    for part, whole in (("same", "members"), ("opposite", "members"), ("days", "of")):
        if part in fact.quantities and whole in fact.quantities:
            return fact[part].value, fact[whole].value
    return None


def _share(fact: Fact) -> Decimal | None:
    if "share" in fact.quantities and fact["share"].unit == "percent":
        return fact["share"].value
    counted = _counted(fact)
    return counted[0] / counted[1] if counted and counted[1] else None


def _all(fact: Fact, denied: bool) -> bool:
    counted = _counted(fact)
    if denied:
        return counted is not None and counted[0] < counted[1]
    if is_proof(fact, "full"):
        return fact[fact.estimate].value == 1
    if is_proof(fact, "zero"):
        return not fact[fact.estimate].value
    return counted is not None and counted[0] == counted[1]


def _none(fact: Fact, _: bool) -> bool:
    if is_proof(fact, "zero"):
        return not fact[fact.estimate].value
    return is_proof(fact, "none") or (fact.q is not None and fact.q > float(ALPHA))


def _small(fact: Fact, _: bool) -> bool:
    left_out = fact.quantities.get("left_out")
    return "small_n" in fact.caveats or (left_out is not None and left_out.value > 0)


def _majority(fact: Fact, _: bool) -> bool:
    share = _share(fact)
    return share is not None and share > Decimal("0.5")


def _minority(fact: Fact, _: bool) -> bool:
    share = _share(fact)
    return "small_n" in fact.caveats or (share is not None and share < Decimal("0.5"))


def _many(fact: Fact, _: bool) -> bool:
    counts = (fact.quantities.get(name) for name in ("same", "members", "opposite", "missing"))
    return any(q is not None and q.value >= 3 for q in counts)


def _tested(fact: Fact, denied: bool) -> bool:
    if fact.q is None:
        return False
    return (fact.q <= float(ALPHA)) != denied


def _unusual(fact: Fact, denied: bool) -> bool:
    if is_proof(fact, "unusual") and fact.q is not None and not denied:
        return fact.q <= float(ALPHA)
    return _tested(fact, denied)


def _trend(fact: Fact, denied: bool) -> bool:
    return is_proof(fact, "trend") and _tested(fact, denied)


def _by_kind(name: str) -> Callable[[Fact, bool], bool]:
    return lambda fact, _: is_proof(fact, name)


def _parts(fact: Fact, _: bool) -> bool:
    return is_proof(fact, "parts") or sums_parts(fact)


def _flat(fact: Fact, _: bool) -> bool:
    return fact.direction == "flat"


def _typical(fact: Fact, _: bool) -> bool:
    return fact.compare == "average" or fact.q is not None or is_proof(fact, "typical")


def _quality(fact: Fact, _: bool) -> bool:
    return is_proof(fact, "quality") or "incomplete" in fact.caveats


_BY_KIND = (
    "record", "correlation", "mix", "concentration", "reversal", "break", "forecast", "together"
)  # fmt: skip
"""Proofs that facts are by their kind alone."""

PROOFS: Mapping[str, Callable[[Fact, bool], bool]] = {
    "first": _first,
    "last": _last,
    "all": _all,
    "none": _none,
    "small": _small,
    "majority": _majority,
    "minority": _minority,
    "many": _many,
    "tested": _tested,
    "unusual": _unusual,
    "trend": _trend,
    "parts": _parts,
    "flat": _flat,
    "typical": _typical,
    "quality": _quality,
    **{name: _by_kind(name) for name in _BY_KIND},
}
"""What proves a claim, by the names in ``lexicon.toml``."""
