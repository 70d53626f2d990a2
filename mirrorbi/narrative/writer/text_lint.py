"""Letters: what a template may be written in, so that no number hides in it.

Only unaccented Latin letters and the marks of plain prose pass. That alone keeps out every
digit, Roman-numeral character, circled or CJK numeral, digit of another script, look-alike
letter, joiner and piece of markup. What is left are numbers spelled in Latin letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

from mirrorbi.narrative.checks.template_lint import Problem
from mirrorbi.narrative.writer.clauses import Token
from mirrorbi.narrative.writer.lexicon import lexicon
from mirrorbi.wording.slots import PLACEHOLDER

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,.;:?'’()-–—\"“”")
_MARKUP = frozenset("<>*_#[]`|\\{}~^=/@&$+")
_ROMAN = re.compile(r"(?=[mdclxvi])m{0,3}(cm|cd|d?c{0,4})(xc|xl|l?x{0,4})(ix|iv|v?i{0,4})")
_ROMAN_WORDS = frozenset({"mix", "mild", "civic", "i", "mi", "di", "dix"})
_CJK = frozenset("〇零一二三四五六七八九十百千万億兆兩两壹贰叁肆伍陆柒捌玖拾")


def lint_letters(template: str) -> Iterator[Problem]:
    """Yield the characters that a template may not hold outside slots.

    Examples
    --------
    >>> [p.rule for p in lint_letters("It is ٣ <b>.")]
    ['number', 'markup', 'markup']
    """
    bare = PLACEHOLDER.sub(" ", template)
    for character in dict.fromkeys(c for c in bare if c not in _PLAIN):
        yield Problem(_kind(character), _shown(character), _HINTS[_kind(character)])


def lint_spelling(tokens: tuple[Token, ...]) -> Iterator[Problem]:
    """Yield words that spell a number, or that are no words."""
    short = lexicon().short
    for place, token in enumerate(tokens):
        if token.kind != "word" or _belongs(place, tokens):
            continue
        parts = [part for part in re.split(r"['’]", token.text.lower()) if part]
        for part in parts[:1] if parts[1:] in (["s"], ["t"], ["re"], ["ve"], ["ll"]) else parts:
            if is_number(part):
                yield Problem("number", token.text, _HINTS["number"])
            elif len(part) <= 2 and part not in short:
                yield Problem("letter", token.text, "Write whole English words.")
            elif part.startswith(("http", "www")):
                yield Problem("markup", token.text, _HINTS["markup"])


def _belongs(place: int, tokens: tuple[Token, ...]) -> bool:
    """Return whether a letter belongs to a slot: the s of a plural, the q before {{f1.q}}."""
    token = tokens[place]
    before = tokens[place - 1] if place else None
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if token.text == "s" and before is not None and before.head in ("grain", "step"):
        return token.at == before.end
    return token.text in ("p", "q") and after is not None and after.slot == token.text


@lru_cache(maxsize=8192)
def is_number(word: str) -> bool:
    """Return whether a word in small letters spells a number, well or badly.

    Examples
    --------
    >>> [is_number(word) for word in ("tenfold", "fiveteen", "xiv", "fourty", "often", "mix")]
    [True, True, True, True, False, False]
    """
    if lexicon().refused.get((word,)) == "number":
        return True
    if _compound().fullmatch(word):
        return True
    if _ROMAN.fullmatch(word) and len(word) > 1 and word not in _ROMAN_WORDS:
        return True
    spelling = lexicon().spelling
    is_listed = word in spelling["not"] or word in lexicon().single_words
    return len(word) > 4 and not is_listed and any(_is_one_edit(word, n) for n in spelling["near"])


@cache
def _compound() -> re.Pattern[str]:
    parts = lexicon().spelling
    begins = "|".join(parts["numbers"])
    return re.compile(f"(?:{begins})(?:{begins}|{'|'.join(parts['endings'])})*")


def _is_one_edit(a: str, b: str) -> bool:
    if abs(len(a) - len(b)) > 1:
        return False
    if len(a) == len(b):
        return sum(x != y for x, y in zip(a, b, strict=True)) == 1
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer)))


def _kind(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character)
    if character in _CJK or any(
        unicodedata.numeric(c, None) is not None for c in (character, *folded)
    ):
        return "number"
    if character in "%‰‱€£¥¢₹":
        return "number"
    return "markup" if character in _MARKUP else "letter"


def _shown(character: str) -> str:
    return character if character.isprintable() else f"U+{ord(character):04X}"


_HINTS = {
    "number": "Use a slot such as {{f1.value}} or {{f1.share.approx}}.",
    "markup": "Write plain prose: no markup, no links.",
    "letter": "Write in unaccented Latin letters.",
}
