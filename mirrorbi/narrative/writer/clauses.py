"""A template taken apart: words, slots and marks, clause by clause."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mirrorbi.facts.fact import Fact
from mirrorbi.wording.direction_words import BY_DIRECTION
from mirrorbi.wording.slots import PLACEHOLDER

TIMES = ("period", "when", "next")
NAMES = ("entity", "scope")

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ENDS = frozenset(";:.?—–")
_TURNS = frozenset({"while", "whereas", "but", "yet", "although", "though", "whilst"})

Role = Literal["figure", "direction", "metric", "name", "time", "baseline", "word"]


@dataclass(frozen=True, slots=True)
class Token:
    """One word, slot or mark of a template.

    Parameters
    ----------
    kind
        What it is.
    text
        As it stands there; of a slot, without its braces.
    at, end
        Where it begins and ends in the template.
    clause
        Number of the clause it stands in, from 0.
    name, slot
        Of a slot: the fact's name, and what of it.
    """

    kind: Literal["word", "slot", "mark"]
    text: str
    at: int
    clause: int
    name: str = ""
    slot: str = ""
    end: int = 0

    @property
    def low(self) -> str:
        """The word in small letters, without a genitive."""
        return re.sub(r"['’]s?$", "", self.text.lower().replace("’", "'"))

    @property
    def head(self) -> str:
        """The first part of a slot: ``delta`` of ``delta.abs``."""
        return self.slot.partition(":")[0].partition(".")[0]

    @property
    def tail(self) -> str:
        """What comes after it: ``abs`` of ``delta.abs``."""
        return self.slot.partition(":")[0].partition(".")[2]

    @property
    def choice(self) -> str:
        """The words that a number chooses between; empty for other slots."""
        return self.slot.partition(":")[2]


def tokens_of(template: str) -> tuple[Token, ...]:
    """Return the tokens of a template, in order.

    Examples
    --------
    >>> [t.text for t in tokens_of("By {{f1.dimension}}, well-known.")]
    ['By', 'f1.dimension', ',', 'well', '-', 'known', '.']
    """
    tokens: list[Token] = []
    clause = at = 0
    slots = {m.start(): m for m in PLACEHOLDER.finditer(template)}
    while at < len(template):
        slot = slots.get(at)
        if slot is not None:
            name, field = slot.group(1), slot.group(2)
            tokens.append(Token("slot", f"{name}.{field}", at, clause, name, field, slot.end()))
            at = slot.end()
            continue
        word = _WORD.match(template, at)
        if word is not None:
            if word.group().lower() in _TURNS and tokens and tokens[-1].clause == clause:
                clause += 1
            tokens.append(Token("word", word.group(), at, clause, end=word.end()))
            at = word.end()
            continue
        if not template[at].isspace():
            tokens.append(Token("mark", template[at], at, clause, end=at + 1))
            clause += template[at] in _ENDS
        at += 1
    return tuple(tokens)


def role_of(token: Token, fact: Fact | None) -> Role:
    """Return what a slot does in a sentence."""
    if fact is None:
        return "word"
    head, tail = token.head, token.tail
    if token.choice:
        return "word"
    if head in fact.quantities or head in ("n", "p", "q", "level", "interval"):
        return "direction" if tail in BY_DIRECTION else "figure"
    if head in BY_DIRECTION or head in ("extreme", "better"):
        return "direction"
    if head == "baseline":
        return "baseline"
    if head in TIMES:
        return "time"
    if head == "metric":
        return "metric"
    if head in NAMES:
        return "name"
    return "word"


def facts_in(tokens: tuple[Token, ...], clause: int, facts: Mapping[str, Fact]) -> tuple[Fact, ...]:
    """Return the facts that a clause cites; of one that cites none, those before it."""
    while clause >= 0:
        names = dict.fromkeys(t.name for t in tokens if t.kind == "slot" and t.clause == clause)
        cited = tuple(facts[name] for name in names if name in facts)
        if cited:
            return cited
        clause -= 1
    return tuple(facts.values())
