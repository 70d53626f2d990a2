"""Which dialects of delimited text are recognised, beside CleverCSV and DuckDB's sniffer.

    pip install clevercsv
    python benchmarks/dialects.py                    # the grid that the rule was mended on
    python benchmarks/dialects.py --unseen           # other words, titles, lengths and widths
    python benchmarks/dialects.py --list             # each text that ours gets wrong

The grid is 8 delimiters, 0 to 2 title lines and 8 kinds of content: 192 dialects, each written
several times. Beside it stand 30 texts of one column, which no delimiter must cut. A way is
right if a plain reader that is told its dialect, and the true number of title lines, reads
every name and value back. Whether our rule also finds the header by itself is counted apart.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mirrorbi.data.ingest.dialect import find_dialect, records

DELIMITERS = (",", ";", "\t", "|", "^", "~", ":", " ")
TITLES = (0, 1, 2)
CONTENTS = ("numbers", "words", "decimals", "moments", "prose", "quotes", "slashes", "gaps")

SEEN = {
    "names": ["region", "day", "sales", "returns", "price", "customer", "share", "units", "note"],
    "words": ["north", "south", "Acme", "Müller", "blue", "closed", "EMEA", "retail", "x"],
    "prose": ["late, but paid", "see a; b", "call 5 | 6", "up ^ down", "about ~ten", "at 8:15"],
    "titles": ["Sales report", "Created: 2024-01-31 08:15", "Region: all, units: EUR", "Page 1"],
}
UNSEEN = {
    "names": ["id", "Datum", "Umsatz", "kind", "qty", "seller", "rate", "amount_eur", "Bemerkung"],
    "words": ["Lyon", "ok", "Ltd", "Ångström", "n.a. yet", "B2B", "void", "spring", "yes"],
    "prose": ["a, b, c", "x;y", "1|2", "2^10", "~3", "http://a.example/x", "Note: none"],
    "titles": [
        "Export of the warehouse, all branches", "Quarter 4; final", "Run 17:05:59",
        "Confidential | internal", "Nordwind GmbH & Co. KG",
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A text, and what is true of it."""

    text: str
    delimiter: str
    titles: int
    content: str
    lines: tuple[tuple[str, ...], ...]
    """Names and values, as they must be read."""


def samples(unseen: bool, times: int) -> Iterator[Sample]:
    """Yield the grid."""
    for delimiter in DELIMITERS:
        for titles in TITLES:
            for content in CONTENTS:
                for turn in range(times):
                    seed = f"{unseen}{delimiter}{titles}{content}{turn}"
                    yield table(random.Random(seed), unseen, delimiter, titles, content)


def table(chance: random.Random, unseen: bool, delimiter: str, titles: int, content: str) -> Sample:
    """Return a table in one dialect."""
    pool = UNSEEN if unseen else SEEN
    width = chance.randint(3, 8) if unseen else chance.randint(2, 6)
    length = chance.choice((4, 9, 60, 300)) if unseen else chance.choice((3, 8, 40, 250))
    names = chance.sample(pool["names"], width)
    columns = [chance.choice(kinds(content)) for _ in names]
    columns[chance.randrange(width)] = kinds(content)[0]
    lines = [tuple(value(chance, pool, kind) for kind in columns) for _ in range(length)]
    text = io.StringIO(newline="")
    for title in chance.sample(pool["titles"], titles):
        text.write(title + "\n")
    if titles and chance.random() < 0.3:
        text.write("\n")
    is_slash = content == "slashes"
    is_quoted = is_slash or chance.random() < 0.2
    quoting = csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(
        text, delimiter=delimiter, lineterminator="\n", quoting=quoting,
        doublequote=not is_slash, escapechar="\\" if is_slash else None,
    )  # fmt: skip
    writer.writerows([names, *lines])
    return Sample(text.getvalue(), delimiter, titles, content, (tuple(names), *lines))


def kinds(content: str) -> list[str]:
    return {
        "numbers": ["number", "word"],
        "words": ["word", "word", "code"],
        "decimals": ["comma", "word", "number"],
        "moments": ["moment", "clock", "word", "number"],
        "prose": ["prose", "number", "word"],
        "quotes": ["quoted", "number", "word"],
        "slashes": ["quoted", "number", "word"],
        "gaps": ["gap", "number", "gap"],
    }[content]


def value(chance: random.Random, pool: dict[str, list[str]], kind: str) -> str:
    number = f"{chance.randrange(10**5) / 100}"
    day = f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    clock = f"{chance.randrange(24):02}:{chance.randrange(60):02}"
    word = chance.choice(pool["words"])
    return {
        "number": number,
        "comma": number.replace(".", ","),
        "word": word,
        "code": f"{word[:2].upper()}-{chance.randrange(1000)}",
        "moment": f"{day} {clock}",
        "clock": clock,
        "prose": chance.choice(pool["prose"]),
        "quoted": f'the "{word}" one' if chance.random() < 0.7 else word,
        "gap": number if chance.random() < 0.5 else "",
    }[kind]


def single_columns(unseen: bool) -> list[Sample]:
    """Return texts of one column, which no delimiter may cut."""
    pool = UNSEEN if unseen else SEEN
    chance = random.Random(str(unseen))
    some = range(12 if unseen else 20)
    bodies = {
        "words": [chance.choice(pool["words"]) for _ in some],
        "clocks": [value(chance, pool, "clock") for _ in some],
        "moments": [value(chance, pool, "moment") for _ in some],
        "seconds": [f"{n % 24:02}:{n * 7 % 60:02}:{n * 11 % 60:02}" for n in some],
        "two words": [f"{chance.choice(pool['words'])} {n}" for n in some],
        "persons": [f"{a} {b}" for a in ("Ann", "Bo", "Cy") for b in ("Lee", "Ray", "Orr")],
        "labels": [f"error {n % 3}: code {n}" for n in some],
        "ratios": [f"{n}:{n + 1}" for n in some],
        "powers": [f"2^{n}" for n in some],
        "about": [f"~{n}" for n in some],
    }
    texts = [
        "\n".join([*([head] if head else []), *lines]) + "\n"
        for lines in bodies.values()
        for head in ("", "value", "Opening hours")
    ]
    return [Sample(text, "", 0, "one column", ()) for text in texts]


# -- the ways ---------------------------------------------------------------------------

Lines = list[tuple[str, ...]]


def ours(path: Path, titles: int) -> tuple[str, Lines]:
    dialect = find_dialect(path)
    slash = dialect.escape.strip('"')
    return dialect.delimiter, _read(path, titles, dialect.delimiter, '"', slash)


def by_clevercsv(path: Path, titles: int) -> tuple[str, Lines]:
    import clevercsv

    found = clevercsv.Sniffer().sniff(path.read_text(encoding="utf-8"))
    return found.delimiter, _read(path, titles, found.delimiter, found.quotechar, found.escapechar)


def by_duckdb(path: Path, titles: int) -> tuple[str, Lines]:
    query = "SELECT Delimiter, Quote, Escape FROM sniff_csv(?)"
    delimiter, quote, escape = duckdb.execute(query, [str(path)]).fetchone()
    slash = "\\" if escape == "\\" else ""
    return delimiter, _read(path, titles, delimiter, '"' if quote == '"' else "", slash)


def _read(path: Path, titles: int, delimiter: str, quote: str, escape: str) -> Lines:
    text = path.read_text(encoding="utf-8").split("\n", titles)[titles]
    reader = csv.reader(
        io.StringIO(text), delimiter=delimiter or "\0", quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        doublequote=not escape, escapechar=escape or None,
    )  # fmt: skip
    return [tuple(line) for line in reader if line]


WAYS = {"ours": ours, "CleverCSV": by_clevercsv, "DuckDB": by_duckdb}


def answer(way: str, path: Path, sample: Sample) -> tuple[bool, str]:
    """Return whether a way is right, and the delimiter that it names."""
    try:
        delimiter, lines = WAYS[way](path, sample.titles)
    except (duckdb.Error, csv.Error, ValueError, TypeError, AttributeError) as error:
        return False, type(error).__name__
    if sample.content == "one column":
        return all(len(line) == 1 for line in lines), delimiter
    return delimiter == sample.delimiter and tuple(lines) == sample.lines, delimiter


def finds_header(path: Path, sample: Sample) -> bool:
    """Return whether our rule, told nothing, reads names and values back."""
    dialect = find_dialect(path)
    return dialect.header and tuple(tuple(r) for _, r in records(path, dialect)) == sample.lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--unseen", action="store_true")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    every = [*samples(arguments.unseen, arguments.times), *single_columns(arguments.unseen)]
    right: Counter[tuple[str, str]] = Counter()
    total: Counter[str] = Counter()
    failed: defaultdict[str, set[tuple[str, int, str]]] = defaultdict(set)
    took: Counter[str] = Counter()
    headers = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        for sample in every:
            path.write_bytes(sample.text.encode())
            key = f"{sample.delimiter!r}, {sample.titles}" if sample.delimiter else "one column"
            total[key] += 1
            for way in WAYS:
                began = time.process_time()
                is_right, named = answer(way, path, sample)
                took[way] += time.process_time() - began
                right[way, key] += is_right
                if not is_right:
                    failed[way].add((sample.delimiter, sample.titles, sample.content))
                if arguments.list and way == "ours" and not is_right:
                    print(f"{named!r} for {key}, {sample.content}: {sample.text[:60]!r}")
            headers += bool(sample.delimiter) and finds_header(path, sample)
    grid = {(s.delimiter, s.titles, s.content) for s in every if s.delimiter}
    print(f"{'delimiter, titles':20}" + "".join(f"{way:>10}" for way in WAYS) + "    of")
    for key, count in total.items():
        print(f"{key:20}" + "".join(f"{right[way, key]:10}" for way in WAYS) + f"{count:6}")
    whole = {way: len(grid - failed[way]) for way in WAYS}
    print(f"{'dialects, each time':20}" + "".join(f"{whole[way]:10}" for way in WAYS), len(grid))
    milliseconds = {way: 1000 * took[way] / len(every) for way in WAYS}
    print(f"{'ms of CPU a text':20}" + "".join(f"{milliseconds[way]:10.1f}" for way in WAYS))
    print(f"Ours finds the header too in {headers} of {len(every) - total['one column']}.")
    worse = sorted((failed["ours"] - failed["CleverCSV"]) & grid)
    print(f"Dialects in which CleverCSV is better: {len(worse)}")
    for delimiter, titles, content in worse if arguments.list else ():
        print(f"  {delimiter!r}, {titles} titles, {content}")
    print(f"Dialects in which ours is better: {len((failed['CleverCSV'] - failed['ours']) & grid)}")


if __name__ == "__main__":
    main()
