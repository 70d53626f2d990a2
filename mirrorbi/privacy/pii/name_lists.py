"""Which words are given or family names, anywhere in the world: lists beside this module."""

from __future__ import annotations

import functools
import re
import unicodedata
import zlib
from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

_LETTERS = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th",
        "ħ": "h", "ı": "i", "ə": "e", "ŋ": "n",
        # Arabic and Persian keyboards write the same name with different letters.
        "ی": "ي", "ى": "ي", "ک": "ك", "ة": "ه", "ۀ": "ه", "ـ": None,
        "'": None, "’": None, "‘": None, "ʼ": None, "`": None, "ʻ": None, "׳": None,
        "\u200c": None, "\u200d": None,
    }
)  # fmt: skip
_SCRIPTS = {"CJK": "HAN", "HIRAGANA": "KANA", "KATAKANA": "KANA", "KATAKANA-HIRAGANA": "KANA"}


class Standing(NamedTuple):
    """How surely a word is a given and a family name.

    0: not known as one; 1: known, and a word of English or a place as well; 2: known;
    3: a given name that is common in several languages, and nothing else.
    """

    given: int
    family: int
    word: bool = False
    """Whether it is no name at all, but a word of English."""


_GZIP = 31
"""As zlib calls the format; the module for it takes longer to import."""
_UNKNOWN = Standing(0, 0)
_HYPHEN = re.compile("[-‐‑]")
_PREFIXES = frozenset(("al", "el", "abu", "ben", "ibn"))
_UMLAUT = re.compile("([aou])e")
# What family names and patronymics alone end in, after three letters; with its accents where
# only they tell it from words.
_ENDINGS = {
    "LATIN": "sson sdottir dottir ovic evic ovich evich ovych escu opoulos opoulou akis yenko ienko"
    " chenko shvili adze idze owicz ewicz iewicz owski owska ewski ewska owsky inski inska insky"
    " nsky skaya oglu zade zadeh iyeva? yeva? [bdghklmnprstvyz]ova? ić ič ová ský ská iņš ņš ienė"
    " aitė ytė ūnas ėnas ńska ński",
    "CYRILLIC": "ов ова ев ева ин ина ын ына ский ская цкий цкая ський ська енко чук щук ович евич"
    " овна евна івна йович овски овска ски ска вић ић ян швили дзе оглы улы кызы",
    "GREEK": "οπουλος οπουλου ιδης ιδου αδης αδου ακης ακη ογλου ατος ατου",
    "ARMENIAN": "յան յանց եան",
    "GEORGIAN": "შვილი ძე იანი უა ავა",
}
_SHARED = re.compile("([A-Z])([^A-Z]*)")


def folded(word: str) -> str:
    """Return a word as the lists hold it: without case, accents, hyphens and apostrophes.

    Examples
    --------
    >>> folded("Łukasz"), folded("O'Brien"), folded("Straße")
    ('lukasz', 'obrien', 'strasse')
    """
    loose = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(char for char in loose if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


@functools.lru_cache(maxsize=4096)
def _script(char: str) -> str | None:
    if not char.isalpha():
        return None
    first = unicodedata.name(char, "").partition(" ")[0]
    return _SCRIPTS.get(first, first) or None


def script_of(word: str) -> str | None:
    """Return the script of a word's first letter, as Unicode calls it.

    Examples
    --------
    >>> script_of("Ann"), script_of("Иван"), script_of("王"), script_of("42")
    ('LATIN', 'CYRILLIC', 'HAN', None)
    """
    return next((script for char in word if (script := _script(char))), None)


def packed(words: Sequence[str]) -> str:
    """Return sorted words, each as how much it shares with the one before and the rest.

    Examples
    --------
    >>> packed(["anna", "anne", "bo"]), unpacked("AannaDeAbo")
    ('AannaDeAbo', ['anna', 'anne', 'bo'])
    """
    parts, before = [], ""
    for word in words:
        shared = 0
        for one, other in zip(before[:25], word, strict=False):
            if one != other:
                break
            shared += 1
        parts.append(chr(ord("A") + shared) + word[shared:])
        before = word
    return "".join(parts)


def unpacked(text: str) -> list[str]:
    """Return the words of which `packed` made a text."""
    words, before = [], ""
    for shared, rest in _SHARED.findall(text):
        before = before[: ord(shared) - ord("A")] + rest
        words.append(before)
    return words


@functools.lru_cache(maxsize=8192)
def standing(word: str) -> Standing:
    """Return how surely a word is a given and a family name; of two with a hyphen, together.

    Examples
    --------
    >>> standing("Priya"), standing("O'Brien").family, standing("Table").word
    (Standing(given=2, family=0, word=False), 2, True)
    """
    first, *rest = _HYPHEN.split(folded(word))
    parts = [first, *rest] if first not in _PREFIXES or not rest else rest
    whole = _standing("".join(parts))
    if whole.given or whole.family:
        return whole
    if len(parts) > 1:
        every = [_standing(part) for part in parts]
        return Standing(_together([s.given for s in every]), _together([s.family for s in every]))
    if word.isascii():
        return whole
    # With its accents it is no word of English, and may end as names alone do.
    return Standing(0, 2) if ends_like_family(word.casefold()) else _UNKNOWN


def _together(parts: list[int]) -> int:
    return max(parts) if all(parts) else min(1, max(parts))


def _standing(name: str) -> Standing:
    script = script_of(name)
    if script is None:
        return _UNKNOWN
    file, key = ("latin", name[:2]) if script == "LATIN" else ("other", script)
    found = _known(file, key).get(name)
    if found is None and script == "LATIN" and (plain := _UMLAUT.sub(r"\1", name)) != name:
        found = _known(file, plain[:2]).get(plain)
    elif found is None and name.startswith("ال"):
        found = _known(file, key).get(name[2:])
    found = found or _UNKNOWN
    if not found.family and ends_like_family(name):
        return Standing(found.given, 2)
    if found == _UNKNOWN and script == "LATIN" and name.endswith("s"):
        return Standing(0, 0, _known(file, key).get(name[:-1], _UNKNOWN).word)
    return found


def ends_like_family(name: str) -> bool:
    """Return whether a word, folded or not, ends as family names and patronymics alone do.

    Examples
    --------
    >>> ends_like_family("petrovic"), ends_like_family("hadžić"), ends_like_family("traffic")
    (True, True, False)
    """
    script = script_of(name)
    return script in _ENDINGS and _ending(script).search(name) is not None


@functools.cache
def _ending(script: str) -> re.Pattern[str]:
    endings = _ENDINGS[script].split()
    # Folded, an ending of Latin script with accents would be that of many words.
    plain = endings if script == "LATIN" else map(folded, endings)
    return re.compile(f"...(?:{'|'.join(plain)})$")


@functools.cache
def characters(script: str | None) -> frozenset[str]:
    """Return the characters with which given names are written: Chinese and Japanese, Korean."""
    if script == "HAN":
        return frozenset(unpacked(dict(_lines("other")["HAN"])["c"]))
    if script == "HANGUL":
        return frozenset("".join(n for n, s in _known("other", "HANGUL").items() if s.given))
    return frozenset()


@functools.cache
def _known(file: str, key: str) -> dict[str, Standing]:
    """Return the names that begin with two letters, or those of a script, when asked for."""
    known: dict[str, Standing] = {}
    for code, text in _lines(file).get(key, ()):
        if code != "c":
            known_as = (0, 0) if code == "w" else (int(code[0]), int(code[1]))
            graded = Standing(*known_as, word=code == "w")
            known.update(dict.fromkeys(unpacked(text), graded))
    return known


@functools.cache
def _lines(file: str) -> dict[str, list[tuple[str, str]]]:
    data = files("mirrorbi.privacy.pii").joinpath("person_names", f"{file}.txt.gz").read_bytes()
    lines: dict[str, list[tuple[str, str]]] = {}
    for line in zlib.decompress(data, _GZIP).decode().splitlines():
        key, code, text = line.split("\t")
        lines.setdefault(key, []).append((code, text))
    return lines
