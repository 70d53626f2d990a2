"""Lint: a sentence may hold no figure, name of time, direction or cause of its own.

Everything that a fact decides is a slot. What is left of a template are plain words, and
these are checked here: a template that says "rose", "17", "December" or "because" on its
own account is refused, whoever wrote it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Fact
from mirrorbi.wording.sentence import Sentence
from mirrorbi.wording.slots import PLACEHOLDER, fill_slot

_DIRECTION = (
    "rise rises rose risen rising fall falls fell fallen falling up down upward downward upwards "
    "downwards increase increases increased increasing decrease decreases decreased decreasing "
    "grow grows grew grown growing growth shrink shrank shrunk shrinking drop drops dropped "
    "dropping decline declines declined declining gain gains gained lose loses lost climb climbed "
    "climbing jump jumped slide slid higher lower highest lowest above below more less fewer "
    "better worse best worst improve improved improves improvement deteriorate deteriorated "
    "worsen worsened recover recovered rebound rebounded peak peaked bottomed double doubled "
    "halve halved triple tripled exceed exceeded exceeds outperform outperformed surpass "
    "surpassed under underperformed positive negative"
)
_CAUSE = (
    "because due caused cause causes causing drove drive drives driven driving led leads "
    "therefore hence thanks owing consequently explain explains explained reason triggered "
    "boosted hurt responsible thus"
)
_FILLER = (
    "plummeted plummet soared soar skyrocketed surged surge plunged plunge dramatic dramatically "
    "massive massively remarkable remarkably notable notably interestingly significant "
    "significantly substantial substantially obviously clearly very really huge tremendous"
)
_NUMBER = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty "
    "ninety hundred hundreds thousand thousands million millions billion billions trillion dozen "
    "dozens half halves third thirds fourth quarter quarters fifth tenth twice thrice first "
    "second couple pair percent percentage per-cent"
)
_TIME = (
    "january february april june july august september october november december jan feb mar apr "
    "jun jul aug sept oct nov dec monday tuesday wednesday thursday friday saturday sunday "
    "yesterday today tomorrow christmas easter weekend"
)
_TIME_CAPITAL = frozenset({"March", "May"})

RULES: dict[str, tuple[frozenset[str], str]] = {
    "direction": (frozenset(_DIRECTION.split()), "Use a slot such as {{f.direction}}."),
    "cause": (frozenset(_CAUSE.split()), 'Say what is arithmetic: "contributed", "accounts for".'),
    "filler": (frozenset(_FILLER.split()), "Leave the word out."),
    "number": (frozenset(_NUMBER.split()), "Use a slot such as {{f.n}}."),
    "time": (frozenset(_TIME.split()), "Use a slot such as {{f.period}}."),
}
"""Words refused outside slots, by the name of the rule, with what to write instead."""

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*", re.UNICODE)
_SYMBOLS = re.compile(r"[%‰€$£¥]|\bpp\b")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a sentence.

    Parameters
    ----------
    rule
        ``direction``, ``cause``, ``filler``, ``number``, ``time``, ``slot``, ``form`` or
        ``unused``.
    text
        The words in question.
    hint
        What to do instead.
    """

    rule: str
    text: str
    hint: str


def lint(
    sentence: Sentence, facts: Mapping[str, Fact] | Iterable[Fact] | None = None
) -> tuple[Problem, ...]:
    """Return what is wrong with a sentence; nothing if it may be printed.

    Parameters
    ----------
    sentence
        Template and the facts it names.
    facts
        The facts; where given, each slot must be one that its fact can fill.

    Examples
    --------
    >>> [p.rule for p in lint(Sentence("{{f.metric}} rose by 3.", {"f": "f0"}))]
    ['number', 'direction']
    """
    problems = [*_lint_template(sentence.template)]
    names = {name for name, _ in sentence.slots}
    problems += [
        Problem("slot", name, "Name one of the sentence's facts.")
        for name in sorted(names - set(sentence.facts))
    ]
    problems += [
        Problem("unused", name, "Cite a fact only where it is used.")
        for name in sorted(set(sentence.facts) - names)
    ]
    if facts is not None:
        facts_by_id = facts if isinstance(facts, Mapping) else {fact.id: fact for fact in facts}
        problems += _lint_slots(sentence, facts_by_id)
    return tuple(problems)


def require_clean(
    sentence: Sentence, facts: Mapping[str, Fact] | Iterable[Fact] | None = None
) -> Sentence:
    """Return the sentence if it passes.

    Raises
    ------
    WordingError
        If it does not; the message names the first problem.
    """
    problems = lint(sentence, facts)
    if problems:
        worst = problems[0]
        raise WordingError(
            f"A sentence may not hold {worst.text!r} ({worst.rule}): {sentence.template}",
            hint=worst.hint,
        )
    return sentence


@lru_cache(maxsize=1024)
def _lint_template(template: str) -> tuple[Problem, ...]:
    # The words that a slot chooses between are our own and are checked like the rest.
    choices = " ".join(
        slot.partition(":")[2].replace("|", " ")
        for _, slot in PLACEHOLDER.findall(template)
        if ":" in slot
    )
    bare = PLACEHOLDER.sub("\u2042", template)
    problems = []
    if "{{" in bare or "}}" in bare:
        problems.append(Problem("slot", bare, "Write a slot as {{fact.slot}}."))
    text = f"{bare} {choices}"
    figures = "".join(c for c in text if unicodedata.numeric(c, None) is not None)
    if figures:
        problems.append(Problem("number", figures, RULES["number"][1]))
    problems += [Problem("number", mark, RULES["number"][1]) for mark in _SYMBOLS.findall(text)]
    for word in _WORD.findall(text):
        parts = {word.lower(), *word.lower().split("-")}
        problems += [
            Problem(rule, word, hint) for rule, (banned, hint) in RULES.items() if parts & banned
        ]
        if word in _TIME_CAPITAL:
            problems.append(Problem("time", word, RULES["time"][1]))
    if not template.rstrip().endswith((".", "?")):
        problems.append(Problem("form", template[-20:], "End a sentence with a full stop."))
    return tuple(problems)


def _lint_slots(sentence: Sentence, facts: Mapping[str, Fact]) -> list[Problem]:
    problems = []
    for name, slot in sentence.slots:
        fact = facts.get(sentence.facts.get(name, ""))
        if fact is None:
            problems.append(Problem("slot", name, "Cite a fact that is there."))
            continue
        try:
            fill_slot(fact, slot)
        except WordingError as error:
            problems.append(Problem("slot", f"{name}.{slot}", str(error)))
    return problems
