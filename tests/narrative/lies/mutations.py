"""Lies: one mutation of an honest sentence each, by class."""

from __future__ import annotations

import random

from mirrorbi.errors import WordingError
from mirrorbi.narrative.writer.clauses import role_of, tokens_of
from mirrorbi.wording.sentence import Sentence, fill, plain
from mirrorbi.wording.slots import fill_slot

IMPOSSIBLE = (
    "digit",
    "hidden digit",
    "rounding",
    "unit",
    "verb",
    "period",
    "ordinal",
    "word number",
    "fraction",
    "entity",
)
"""Classes that slots make impossible: what is typed is refused whatever it says."""

OTHERS = ("sign", "superlative", "quantifier", "cause", "significance", "swapped id")

_SCRIPTS = {
    "arabic": "٠١٢٣٤٥٦٧٨٩",
    "devanagari": "०१२३४५६७८९",
    "fullwidth": "０１２３４５６７８９",
    "superscript": "⁰¹²³⁴⁵⁶⁷⁸⁹",
    "circled": "⓪①②③④⑤⑥⑦⑧⑨",
    "bold": "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
    "cjk": "〇一二三四五六七八九",
}
_WORDS = [
    "three", "seventeen", "twenty-five", "two hundred", "a dozen", "ninety", "eleven thousand",
    "fifty-odd", "fourty", "twentyfold", "XIV", "t w o", "ze\u200bro", "\u0456\u0456\u0456", "Ⅻ",
    "zwanzig", "half a million", "tens of thousands",
]  # fmt: skip
_FRACTIONS = [
    "a third", "half", "two thirds", "a quarter", "⅔", "one in five", "double", "twice as many",
    "threefold", "three quarters", "a tenth", "halving it to", "½", "1/3", "nine tenths",
]  # fmt: skip
_ORDINALS = ["first", "second", "third", "last", "1st", "tenth", "runner-up", "2ⁿᵈ"]
_TIMES = [
    "in January", "last month", "in Q3", "this year", "in 2012", "on Monday", "in the spring",
    "over Christmas", "a year ago", "yesterday", "recently", "during the holidays", "year on year",
    "in the previous month", "overnight",
]  # fmt: skip
_UNITS = ["hours", "percent", "passengers", "dollars", "points", "thousand", "kilometres", "%"]
_HEDGES = ["nearly", "about", "over", "at least", "almost", "some", "more than", "just under"]
_VERBS = [
    "rose", "fell", "improved", "soared", "dropped", "climbed", "halved", "slipped", "recovered",
    "worsened", "surged", "declined", "picked up", "lost ground", "doubled", "went up",
]  # fmt: skip
_MEMBERS = ["JFK", "LGA", "Delta Air Lines Inc.", "United Air Lines Inc.", "BOS", "Envoy Air"]
_STRANGERS = ["Lufthansa", "Newark Airport", "Heathrow", "the Boeing fleet", "Acme"]
_DENIALS = ["did not", "never", "hardly", "failed to be", "was anything but", "no longer"]
_SUPERLATIVES = [
    ", the largest of them", ", a record", ", the biggest part", ", the main part",
    ", the smallest of them", ", an unprecedented figure", ", a peak",
]  # fmt: skip
_QUANTIFIERS = ["All", "Most", "Every part of", "Nearly all", "The majority of", "Many", "Few"]
_PARTS_OF = ["all of them", "most of them", "nearly every part", "few of them", "the majority"]
_PARTS = ("contribution", "mix", "mix_part", "simpson", "share", "concentration", "derived")
_ARITHMETIC = ["which it contributed", "driven by volume", "explained by its size"]
_CAUSES = [
    "because of the weather", "due to strikes", "as a result of staffing", "thanks to new rules",
    "driven by demand", "amid congestion", "which led to complaints", "caused by storms",
    "owing to the snow", "in the wake of the outage",
]  # fmt: skip
_SIGNIFICANCE = [
    ", which is significant", ", a statistically conclusive change", ", which is unusual",
    ", part of a trend", ", an anomaly", ", which stands out", ", and it is no coincidence",
]  # fmt: skip


def lies(honest, facts, seed=0):
    """Return (class, sentence, compare) for every mutation of every honest sentence.

    What reads as the honest sentence, or does not fit its facts at all, is no lie and is
    left out.
    """
    draw = random.Random(seed)
    by_id = {fact.id: fact for fact in facts.values()}
    found = []
    for sentence, compare in honest:
        truth = plain(fill(sentence, by_id))
        for kind, template in _mutations(sentence.template, facts, draw):
            used = {name for name, _ in Sentence(template).slots}
            lie = Sentence(template, {name: facts[name].id for name in used}, sentence.kind)
            try:
                if plain(fill(lie, by_id)) == truth:
                    continue
            except WordingError:
                continue
            found.append((kind, lie, compare))
    return found


def _mutations(template, facts, draw):
    slots = [t for t in tokens_of(template) if t.kind == "slot"]
    for token in slots:
        fact = facts[token.name]
        role = role_of(token, fact)
        mark = "{{" + token.text + "}}"

        def put(text, mark=mark, token=token):
            head = template[: token.at]
            return head + template[token.at :].replace(mark, text, 1)

        if role == "figure":
            shown = fill_slot(fact, token.slot)
            yield from _figures(shown, token, put, mark, draw)
            if token.tail == "signed":
                yield "sign", put("{{" + f"{token.name}.{token.head}.abs" + "}}")
            for other in _others(token, fact, facts, draw):
                yield "swapped id", put("{{" + f"{other}.{token.slot}" + "}}")
        elif role == "direction":
            yield "verb", put(draw.choice(_VERBS))
            yield "sign", put(f"{draw.choice(_DENIALS)} {mark}")
            for other in _others(token, fact, facts, draw):
                yield "swapped id", put("{{" + f"{other}.{token.slot}" + "}}")
        elif role in ("time", "baseline"):
            yield "period", put(draw.choice(_TIMES))
        elif role == "name" and token.head == "entity":
            own = fill_slot(fact, "entity")
            yield "entity", put(draw.choice([m for m in _MEMBERS if m != own]))
            yield "entity", put(draw.choice(_STRANGERS))
        if role in ("metric", "name") and _has_figure(slots, facts):
            for other in _others(token, fact, facts, draw):
                yield "swapped id", put("{{" + f"{other}.{token.slot}" + "}}")
    yield from _added_claims(template, slots, facts, draw)


def _added_claims(template, slots, facts, draw):
    cited = [facts[t.name] for t in slots]
    if _has_figure(slots, facts) and template.endswith("."):
        body = template[:-1]
        if not any(fact.kind in _PARTS for fact in cited):
            yield "cause", f"{body}, {draw.choice(_ARITHMETIC)}."
        yield "cause", f"{body} {draw.choice(_CAUSES)}."
        if not any(_ranked(fact) for fact in cited):
            yield "superlative", f"{body}{draw.choice(_SUPERLATIVES)}."
        if not any(fact.q is not None and fact.q <= 0.05 for fact in cited):
            yield "significance", f"{body}{draw.choice(_SIGNIFICANCE)}."
        if not any(_counts(fact) for fact in cited):
            yield "quantifier", f"{draw.choice(_QUANTIFIERS)} {body}."
            yield "quantifier", f"{body} for {draw.choice(_PARTS_OF)}."


def _ranked(fact):
    return fact.kind == "extreme" or "rank" in fact.quantities


def _counts(fact):
    return {"same", "members", "share", "missing", "duplicates", "left_out"} & set(fact.quantities)


def _figures(shown, token, put, mark, draw):
    digits = [i for i, c in enumerate(shown) if c.isdigit()]
    if digits:
        at = draw.choice(digits)
        wrong = str((int(shown[at]) + draw.randint(1, 9)) % 10)
        yield "digit", put(shown[:at] + wrong + shown[at + 1 :])
        script = draw.choice(list(_SCRIPTS.values()))
        yield "hidden digit", put("".join(script[int(c)] if c.isdigit() else c for c in shown))
        joined = "\u200b".join(shown)
        yield "hidden digit", put(joined)
        yield "rounding", put(f"{shown[:1]}0")
        yield "sign", put(("+" if shown.startswith("−") else "−") + shown.lstrip("−+"))
    yield "rounding", put(f"{draw.choice(_HEDGES)} {mark}")
    yield "unit", put(f"{mark} {draw.choice(_UNITS)}")
    yield "word number", put(draw.choice(_WORDS))
    yield "fraction", put(draw.choice(_FRACTIONS))
    yield "ordinal", put(f"the {draw.choice(_ORDINALS)}")


def _others(token, fact, facts, draw):
    """Return names of two facts that could fill the slot with another text."""
    own = fill_slot(fact, token.slot)
    fitting = []
    for name, other in facts.items():
        if other.id == fact.id:
            continue
        try:
            text = fill_slot(other, token.slot)
        except WordingError:
            continue
        if text != own:
            fitting.append((other.kind != fact.kind, other.metric != fact.metric, name))
    fitting.sort()
    near = [name for *_, name in fitting]
    return near[:1] + draw.sample(near[1:], min(1, len(near[1:])))


def _has_figure(slots, facts):
    return any(role_of(t, facts[t.name]) == "figure" for t in slots)
