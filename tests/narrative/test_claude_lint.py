"""The strict lint: what a model may not write, and what it may."""

import ast
from pathlib import Path

import pytest

import mirrorbi
from mirrorbi.bedrock.request import instruction
from mirrorbi.narrative.writer.lexicon import lexicon
from mirrorbi.narrative.writer.name_lint import Names
from mirrorbi.narrative.writer.strict_lint import strict_lint
from mirrorbi.narrative.writer.text_lint import is_number
from mirrorbi.privacy.error_notice import WORDS
from mirrorbi.wording.sentence import Sentence


@pytest.fixture(scope="session")
def judged(corpus, lies):
    """The function that gives the codes of a template about facts of the corpus."""

    def codes(template, *, compare=False):
        sentence = lies.corpus.sentence_of(template, corpus.facts)
        found = strict_lint(sentence, corpus.by_id, corpus.names, compare=compare)
        return {problem.rule for problem in found}

    return codes


def test_no_honest_sentence_raises_an_alarm(corpus):
    alarms = {
        sentence.template: found
        for sentence, compare in corpus.honest
        if (found := strict_lint(sentence, corpus.by_id, corpus.names, compare=compare))
    }
    assert len(corpus.honest) >= 200
    assert alarms == {}


@pytest.mark.slow
def test_the_catch_rate_of_every_class_of_lie(corpus, lies, capsys):
    every, caught = {}, {}
    for kind, lie, compare in lies.mutations.lies(corpus.honest, corpus.facts):
        every[kind] = every.get(kind, 0) + 1
        found = strict_lint(lie, corpus.by_id, corpus.names, compare=compare)
        caught[kind] = caught.get(kind, 0) + bool(found)
    with capsys.disabled():
        print()  # noqa: T201
        for kind in (*lies.mutations.IMPOSSIBLE, *lies.mutations.OTHERS):
            rate = caught[kind] / every[kind]
            print(f"  {kind:<13} {caught[kind]:>5} of {every[kind]:<5} {rate:7.1%}")  # noqa: T201
    assert {kind for kind in lies.mutations.IMPOSSIBLE if caught[kind] < every[kind]} == set()
    assert min(every[kind] for kind in every) >= 50
    for kind in lies.mutations.OTHERS:
        assert caught[kind] >= 0.98 * every[kind], kind


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("{{otp.metric}} stood at 64.", "number"),
        ("{{otp.metric}} stood at ٦٤.", "number"),
        ("{{otp.metric}} stood at ⅔ of {{otp.base}}.", "number"),
        ("{{otp.metric}} stood at 一二.", "number"),
        ("{{otp.metric}} stood at XIV.", "number"),
        ("{{otp.metric}} stood at ⅩⅣ.", "number"),
        ("{{otp.metric}} stood at ⑫.", "number"),
        ("{{otp.metric}} stood at six\u200bty.", "letter"),
        ("{{otp.metric}} stood at \u0455ixty.", "letter"),
        ("{{otp.metric}} stood at s i x t y.", "letter"),
        ("{{otp.metric}} stood at sixtyish.", "number"),
        ("{{otp.metric}} stood at fourty.", "number"),
        ("{{otp.metric}} is a tenth of {{otp.base}}.", "ordinal"),
        ("{{hrs.metric}} more than doubled.", "number"),
        ("{{otp.metric}} came in third.", "number"),
        ("{{otp.metric}} came in second.", "ordinal"),
        ("{{otp.metric}} stood at {{otp.value}} in March.", "name"),
        ("{{otp.metric}} stood at {{otp.value}} last month.", "time"),
        ("{{otp.metric}} stood at {{otp.value}} over the holidays.", "time"),
        ("{{otp.metric}} slumped to {{otp.value}}.", "direction"),
        ("{{otp.metric}} stood well-above {{otp.value}}.", "direction"),
        ("{{otp.metric}} {{otp.direction}} sharply.", "filler"),
        ("{{otp.metric}} {{otp.direction}} because of snow.", "cause"),
        ("{{dep.metric}}, driven by {{can.metric}}, {{dep.direction}}.", "cause"),
        ("{{otp_ua.entity}} is the largest part.", "superlative"),
        ("{{dep.metric}} set a record, at {{dep.value}}.", "superlative"),
        ("{{dep.metric}} {{dep.direction}} for most of them.", "quantifier"),
        ("{{brd.metric}} {{brd.direction}} for all {{brd.dimensions}}.", "quantifier"),
        ("The {{otp.gain}} in {{otp.metric}} is significant.", "significance"),
        ("{{wk_lga.metric}} {{wk_lga.scope}} are not significant.", "significance"),
        ("{{wk_otp.metric}} shows a trend.", "significance"),
        ("{{otp.metric}} will {{otp.direction}} to {{otp.value}}.", "claim"),
        ("{{otp.metric}} never {{otp.direction}}.", "ever"),
        ("{{otp.metric}} hardly {{otp.direction}}.", "negation"),
        ("{{otp.metric}} stood at nearly {{otp.value}}.", "hedge"),
        ("{{otp.metric}} stood at at least {{otp.value}}.", "hedge"),
        ("{{fli.value}} passengers flew.", "unit"),
        ("{{dep.metric}} came to {{dep.value}} hours.", "time"),
        ("{{otp.metric}} stood at {{otp.value}} at EWR.", "member"),
        ("{{otp.metric}} stood at {{otp.value}} for united air lines inc.", "member"),
        ("{{otp.metric}} stood at {{otp.value}} for Lufthansa.", "name"),
        ("Lufthansa stood at {{otp.value}}.", "opener"),
        ("The cancellation rate stood at {{otp.value}}.", "label"),
        ("{{otp_ewr.entity}} contributed {{otp_jfk.effect.signed}}.", "scope"),
        ("{{can.metric}} stood at {{otp.value}}.", "metric"),
        ("{{otp.metric}} {{can.direction}} to {{otp.value}}.", "metric"),
        ("{{wk_otp.when}}, {{otp.metric}} stood at {{otp.value}}.", "period"),
        ("{{otp.metric}} stood at {{otp.value}} in {{otp.baseline}}.", "period"),
        ("{{otp.metric}} {{otp.direction}} by {{otp.value}}.", "role"),
        ("{{otp.metric}} {{otp.direction}} from {{otp.value}} to {{otp.base}}.", "role"),
        ("{{otp_ewr.entity}} contributed {{otp_ewr.value}}.", "role"),
        ("{{otp.metric}} moved by {{otp.delta.abs}}.", "sign"),
        ("{{otp.metric}} {{otp.direction}} by {{otp.delta.signed}}.", "sign"),
        ("{{otp_ewr.entity}} {{otp_ewr.value}}, {{otp_jfk.entity}} {{otp_jfk.value}}.", "compare"),
        ("{{brd.metric}} shows for {{brd.same}}{{brd.members}}.", "form"),
        ("{{brd.metric}} shows for {{brd.same}}.{{brd.members}}.", "form"),
        ("{{brd.metric}} shows for {{brd.same}} {{brd.members}}.", "form"),
        ("{{otp.metric}} stood at -{{otp.value}}.", "form"),
        ("{{otp.metric}} stood at – {{otp.value}}.", "form"),
        ("{{otp.metric}} stood at {{otp.value}}k.", "letter"),
        ("{{d_gap.metric}} comes from {{d_gap.from}}.", "slot"),
        ("{{otp.metric}} stood at {{otp.share}}.", "slot"),
        ("{{otp.value:nine|ten}} came.", "slot"),
        ("{{otp.metric} stood at it.", "slot"),
        ("{% if x %}{{otp.metric}} stood.", "slot"),
        ("{{otp.metric}} stood at <b>{{otp.value}}</b>.", "markup"),
        ("{{otp.metric}} stood at [it](http://x.y).", "markup"),
        ("{{otp.metric}} stood at *it*.", "markup"),
        ("{{otp.metric}} stood at {{otp.value}}", "form"),
        ("{{otp.metric}} stood at {{otp.value}}!", "letter"),
        ("The " + "and the " * 60 + "{{otp.metric}} stood.", "length"),
    ],
)  # fmt: skip
def test_each_code_is_given_for_its_lie(judged, template, code):
    assert code in judged(template)


def test_figures_of_different_units_are_not_compared(judged):
    clause = (
        "{{otp_ewr.entity}} stood at {{otp_ewr.value}} and {{hrs_jfk.entity}} at {{hrs_jfk.value}}."
    )
    assert "unit" in judged(clause, compare=True)


def test_a_comparison_that_is_declared_passes(judged):
    clause = (
        "In {{otp_ewr.metric}}, {{otp_ewr.entity}} stood at {{otp_ewr.value}} and "
        "{{otp_jfk.entity}} at {{otp_jfk.value}}."
    )
    assert judged(clause, compare=True) == set()
    assert judged(clause) == {"compare"}


def test_ordinary_words_spell_no_number():
    words = "often someone none tone weight there mix mild civil anyone height even present"
    assert [word for word in words.split() if is_number(word)] == []


def test_a_word_stands_in_one_list_only():
    words = lexicon()
    assert sorted(set(words.refused) & set(words.claims)) == []


def written_codes():
    """The codes of every `Problem` that the writer's modules make, read from their source."""
    for path in (Path(mirrorbi.__file__).parent / "narrative" / "writer").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Problem":
                yield from (node.args[0].value,) if isinstance(node.args[0], ast.Constant) else ()
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith("HINTS"):
                yield from ast.literal_eval(node.value)


def test_every_code_may_be_said_to_claude():
    assert len(set(written_codes())) > 30
    assert {*written_codes(), "malformed", "sentences"} - set(WORDS) == set()


def test_the_examples_in_the_instructions_pass(corpus):
    text = instruction("narrative.md").text.partition("# Examples")[2]
    templates = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    named = {"f1": "otp", "f2": "otp_ewr", "f3": "otp_jfk", "f4": "brd", "f5": "can"}
    ids = {handle: corpus.facts[name].id for handle, name in named.items()}
    assert len(templates) == 7
    for template in templates:
        used = {name: ids[name] for name, _ in Sentence(template).slots}
        compare = "f3" in used
        sentence = Sentence(template, used)
        assert strict_lint(sentence, corpus.by_id, corpus.names, compare=compare) == (), template


def test_every_code_is_explained_to_claude():
    text = instruction("narrative_repair.md").text
    listed = {
        code.strip()
        for line in text.splitlines()
        if line.startswith("- ")
        for code in line[2:].partition(":")[0].split(",")
    }
    assert listed == {*written_codes(), "malformed"}


def test_names_of_members_that_are_words_are_matched_as_written(judged, corpus):
    names = Names(frozenset(), frozenset({"US", "On"}), {})
    say = Sentence("It is US against us, and on time.", {})
    found = strict_lint(say, {}, names)
    assert [p.text for p in found if p.rule == "member"] == ["us"]
