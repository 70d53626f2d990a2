"""What our own code costs around a call to Claude, and which lies it catches.

    python benchmarks/narrative.py            # overhead and catch rates
    python benchmarks/narrative.py --json

The overhead is that of a narrative of 40 sentences on the demo data: everything from the
reply's text to the grounded page, and the ledger and the cache around the call. Each part
runs 20 times; the least processor time counts, least and first time on the clock are given
beside it (the ledger waits for the disk). The catch rates are those of the strict lint over
every mutation of the honest sentences in ``tests/narrative/lies``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("MIRRORBI_PRIVACY_NARRATORS", "rules,claude")

LIES = Path(__file__).parents[1] / "tests" / "narrative" / "lies"
FLIGHTS = Path(__file__).parents[1] / "notebooks" / "data" / "flights.parquet"
SENTENCES = 40
RUNS = 20


def module(name):
    spec = importlib.util.spec_from_file_location(f"lies_{name}", LIES / f"{name}.py")
    loaded_module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded_module)
    return loaded_module


def timed(work):
    """Return least processor, least and first clock time in milliseconds, and the result."""
    processor, clock = [], []
    for _ in range(RUNS):
        began, working = time.perf_counter(), time.process_time()
        result = work()
        processor.append(1000 * (time.process_time() - working))
        clock.append(1000 * (time.perf_counter() - began))
    return min(processor), min(clock), clock[0], result


def answer_of(payload):
    """Return forty honest sentences about the facts of a payload."""
    sentences = module("scribe").analysis(payload)["sentences"]
    forms = (
        "At {{f.entity}}, {{f.metric}} {{f.direction}} from {{f.base}} to {{f.value}}.",
        "{{f.metric}} for {{f.entity}} came to {{f.value}} {{f.when}}, against {{f.base}} before.",
    )
    members = [f for f in payload["facts"] if "base" in f["quantities"] and f.get("scope")]
    for number in range(SENTENCES - len(sentences)):
        fact = members[number % len(members)]
        template = forms[number // len(members) % len(forms)].replace(
            "{{f.", f"{{{{{fact['name']}."
        )
        sentences.append(
            {
                "id": f"s{len(sentences) + 1}",
                "section": "drivers",
                "kind": "finding",
                "compare": False,
                "facts": [fact["name"]],
                "template": template,
            }
        )
    return json.dumps({"sentences": sentences, "derived": []})


def overhead():
    """Return (part, processor ms, least ms, first ms) for everything around a call."""
    import mirrorbi
    from mirrorbi.bedrock.cache import AnswerCache, key_of
    from mirrorbi.bedrock.request import Reply, Request, instruction
    from mirrorbi.narrative import rules
    from mirrorbi.narrative.checks.grounding import verify_text
    from mirrorbi.narrative.checks.number_spans import spans_of
    from mirrorbi.narrative.context import Context
    from mirrorbi.narrative.repetition import sections_of
    from mirrorbi.narrative.writer.assembly import compose
    from mirrorbi.narrative.writer.narrate import facts_to_disclose
    from mirrorbi.narrative.writer.revision import Editor
    from mirrorbi.narrative.writer.submission import read_submission
    from mirrorbi.privacy.gate import Gate
    from mirrorbi.privacy.ledger import FileLedger, Intent, Outcome

    dataset = mirrorbi.open(FLIGHTS)
    facts = dataset.facts()
    material = rules.Material(facts)
    texts = rules.section_texts(material)
    gate = Gate(dataset)
    shown = gate.disclose(facts_to_disclose(material)[0])
    reply = Reply(({"text": answer_of(shown.value)},), "end_turn")
    request = Request(
        (instruction("narrative.md"),),
        ((shown, instruction("narrative_ask.md")),),
        schema=instruction("narrative.schema.json"),
    )
    lines = []

    def add(part, work):
        *times, result = timed(work)
        lines.append((part, *times))
        return result

    def check():
        editor = Editor(gate.facts, dataset)
        editor.take(read_submission(reply))
        return editor

    with tempfile.TemporaryDirectory() as folder:
        ledger = FileLedger(Path(folder) / "ledger")
        cache = AnswerCache(Path(folder) / "answers")

        def written():
            intent = Intent(
                run="r",
                user="",
                purpose="narrative",
                model="m",
                regions=("eu-west-1",),
                disclosures=(shown,),
                policy=gate.policy,
                instructions={},
            )
            ledger.close(ledger.open(intent), Outcome(status="answered"))

        add("gate: disclose again", lambda: gate.disclose(facts_to_disclose(material)[0]))
        add("ledger: before and after", written)

        def cached():
            key = key_of(request, "m", gate.policy.sha256)
            cache.get(key)
            cache.put(key, reply)

        add("cache: key, look, keep", cached)
    editor = add("read and lint", check)
    assert not editor.failing, editor.failing
    assert len(editor.drafts) == SENTENCES
    assembly = add("compose", lambda: compose(editor, texts, material))
    context = Context({**material.facts_by_id, **editor.facts}, (facts.sweep(),), dict(facts.sql))

    def filled():
        return "".join(part.html for part in sections_of(assembly.sections, context).values())

    html = add("fill and mark up", filled)
    sentences = [s for part in assembly.sections.values() for s in part.sentences]
    add("verify the text", lambda: verify_text(html, context.facts, sentences=sentences))
    spans = add("ground each number", lambda: spans_of(html, context.facts))
    assert all(span.proven for span in spans)
    return lines


def catch_rates():
    """Return (class, caught, lies) by class, and false alarms over honest sentences."""
    from mirrorbi.narrative.writer.name_lint import Names
    from mirrorbi.narrative.writer.strict_lint import strict_lint

    corpus, mutations = module("corpus"), module("mutations")
    dataset, sweep_facts = corpus.sweeps()
    facts = corpus.facts_by_name(sweep_facts, dataset)
    by_id = {fact.id: fact for fact in facts.values()}
    names = Names.of(dataset, by_id.values())
    honest = corpus.honest(facts)
    alarms = sum(1 for s, compare in honest if strict_lint(s, by_id, names, compare=compare))
    totals, caught = {}, {}
    for kind, lie, compare in mutations.lies(honest, facts):
        totals[kind] = totals.get(kind, 0) + 1
        caught[kind] = caught.get(kind, 0) + bool(strict_lint(lie, by_id, names, compare=compare))
    order = (*mutations.IMPOSSIBLE, *mutations.OTHERS)
    return [(kind, caught[kind], totals[kind]) for kind in order], alarms, len(honest)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    parts = overhead()
    rates, alarms, honest = catch_rates()
    gate, *rest = parts
    total = [sum(part[column] for part in rest) for column in (1, 2, 3)]
    if arguments.json:
        print(json.dumps({"overhead": parts, "total": total, "caught": rates, "alarms": alarms}))
        return
    title = f"Around a call, {SENTENCES} sentences"
    print(f"{title:<34}{'cpu ms':>10}{'clock ms':>10}{'first ms':>10}")
    for part, *times in [*rest, ("together", *total), gate]:
        print(f"  {part:<32}" + "".join(f"{each:>10.1f}" for each in times))
    print()
    print(f"{'Lies':<16}{'caught':>8}{'of':>8}{'rate':>9}")
    for kind, caught, lies in rates:
        print(f"  {kind:<14}{caught:>8}{lies:>8}{caught / lies:>9.1%}")
    print(f"\nFalse alarms: {alarms} of {honest} honest sentences")


if __name__ == "__main__":
    main()
