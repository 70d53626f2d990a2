"""The corpus: facts by short name, honest sentences, and lies made of them."""

from __future__ import annotations

from pathlib import Path

from mirrorbi.facts.derive import derive
from mirrorbi.narrative.sweep_summary import facts_with_summary
from mirrorbi.wording.sentence import Sentence

HERE = Path(__file__).parent
FLIGHTS = HERE.parents[2] / "notebooks" / "data" / "flights.parquet"


def sweeps():
    """Return the demo data and its facts by month and by week, before disclosure control."""
    import mirrorbi
    from mirrorbi.facts import find_facts

    dataset = mirrorbi.open(FLIGHTS)
    return dataset, {
        "month": facts_with_summary(find_facts(dataset)),
        "week": facts_with_summary(find_facts(dataset, grain="week")),
    }


def facts_by_name(known, dataset):
    """Return the facts of ``facts.txt`` by their short names."""
    found = {}
    for line in _lines("facts.txt"):
        name, _, rest = line.partition(" = ")
        sweep, kind, *words = rest.split(" ")
        if sweep == "derive":
            pairs = [word.partition(".") for word in words]
            parents = [found[parent] for parent, _, _ in pairs]
            names = [quantity for _, _, quantity in pairs]
            found[name] = derive(kind, parents, of=names, metrics=dataset.metric)
            continue
        found[name] = _one(list(known[sweep].values()), kind, words, line)
    return found


def honest(facts):
    """Return the honest sentences with whether each declares a comparison."""
    said = []
    for line in _lines("honest.txt"):
        compare = line.startswith("= ")
        said.append((sentence_of(line.removeprefix("= "), facts), compare))
    return said


def sentence_of(template, facts):
    """Return a sentence that cites what its template uses."""
    used = {name: facts[name].id for name, _ in Sentence(template).slots}
    return Sentence(template, used)


def _one(facts, kind, words, line):
    named = bool(words) and "=" not in words[0]
    metric, rest = (words[0], words[1:]) if named else (None, words)
    terms = dict(word.split("=", 1) for word in rest if "=" in word)
    member = " ".join(word for word in rest if "=" not in word)
    direction = terms.pop("direction", None)
    for fact in facts:
        scope = [name for _, name in fact.scope]
        if (
            fact.kind == kind
            and metric in (None, fact.metric)
            and (scope == [member] if member else not scope or "by" in terms)
            and direction in (None, fact.direction)
            and all(fact.terms.get(key) == value for key, value in terms.items())
        ):
            return fact
    raise AssertionError(f"no fact for: {line}")


def _lines(name):
    text = (HERE / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
