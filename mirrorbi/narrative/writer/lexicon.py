"""The lexicon: which words claim something, read from ``lexicon.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

Phrase = tuple[str, ...]
"""A word, or words that stand side by side, in small letters."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What words claim.

    Parameters
    ----------
    plain
        Phrases that claim nothing.
    refused
        Code of the error by word or phrase.
    claims
        Name of the claim by word or phrase.
    proofs
        Name of the test that proves a claim, by the claim's name.
    short
        Words of one or two letters that are words.
    negation, hedges, after, choices, openers
        Words by their use; see ``lexicon.toml``.
    hedging
        Phrases that make the figure after them another.
    nouns
        What may be typed behind the figure of a slot, by the slot's name.
    spelling
        Parts of numbers written as one word, and what they must not be mistaken for.
    longest
        Words of the longest phrase.
    """

    plain: frozenset[Phrase]
    refused: Mapping[Phrase, str]
    claims: Mapping[Phrase, str]
    proofs: Mapping[str, str]
    short: frozenset[str]
    negation: frozenset[str]
    hedges: frozenset[str]
    hedging: frozenset[Phrase]
    after: frozenset[str]
    nouns: Mapping[str, frozenset[str]]
    choices: frozenset[str]
    openers: frozenset[str]
    spelling: Mapping[str, frozenset[str]]
    longest: int

    @property
    def single_words(self) -> frozenset[str]:
        """Every single word that some list holds."""
        single = {phrase[0] for phrase in (*self.refused, *self.claims) if len(phrase) == 1}
        return frozenset(single | self.openers | self.after | self.negation | self.hedges)


@cache
def lexicon() -> Lexicon:
    """Return the lexicon, read once."""
    text = (files("mirrorbi.narrative.writer") / "lexicon.toml").read_text("utf-8")
    parts = tomllib.loads(text)
    refused = {
        phrase: code for code, words in parts["refused"].items() for phrase in _phrases(words)
    }
    claims = {
        phrase: name
        for name, claim in parts["claims"].items()
        for phrase in _phrases(claim["words"])
    }
    hedges = parts["hedges"]
    plain = frozenset(_phrases(parts["plain"]["words"]))
    return Lexicon(
        plain=plain,
        refused=refused,
        claims=claims,
        proofs={name: str(claim["proof"]) for name, claim in parts["claims"].items()},
        short=_words(parts["letters"]["short"]),
        negation=_words(parts["negation"]["words"]),
        hedges=_words(hedges["words"]),
        hedging=frozenset(_phrases(hedges["pairs"])),
        after=_words(parts["after"]["words"].replace("-", " ")),
        nouns={name: _words(words) for name, words in parts["nouns"].items()},
        choices=_words(parts["choices"]["words"]),
        openers=_words(parts["openers"]["words"].replace("-", " ")),
        spelling={name: _words(words) for name, words in parts["spelling"].items()},
        longest=max(len(phrase) for phrase in (*refused, *claims, *plain)),
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> Iterable[Phrase]:
    return (tuple(word.split("-")) for word in text.split())
