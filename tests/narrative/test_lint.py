import pytest

from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Fact, Quantity
from mirrorbi.narrative.checks.template_lint import RULES, lint, require_clean
from mirrorbi.wording.sentence import Sentence

FACT = Fact("value", "m", "M", quantities={"value": Quantity.of(5, "count")})


def rules(template, **facts):
    names = facts or {"f": FACT.id}
    used = {name: fact for name, fact in names.items() if f"{{{{{name}." in template}
    return [problem.rule for problem in lint(Sentence(template, used), [FACT])]


@pytest.mark.parametrize(
    ("template", "rule"),
    [
        ("{{f.metric}} came to 5.", "number"),
        ("{{f.metric}} came to ⅔ of it.", "number"),
        ("{{f.metric}} came to Ⅳ.", "number"),
        ("{{f.metric}} came to ٥.", "number"),
        ("{{f.metric}} came to five.", "number"),
        ("Twenty-five came, says {{f.metric}}.", "number"),
        ("{{f.metric}} is a third of it.", "number"),
        ("{{f.value}}% of it.", "number"),
        ("{{f.value}} pp of it.", "number"),
        ("€{{f.value}} of it.", "number"),
        ("{{f.metric}} rose to {{f.value}}.", "direction"),
        ("{{f.metric}} is Higher.", "direction"),
        ("{{f.metric}} is well-above {{f.value}}.", "direction"),
        ("{{f.metric}} got worse.", "direction"),
        ("{{f.metric}} came to {{f.value}} because of it.", "cause"),
        ("{{f.value}} was driven by {{f.metric}}.", "cause"),
        ("{{f.metric}} plummeted.", "filler"),
        ("In December {{f.metric}} came to {{f.value}}.", "time"),
        ("In May {{f.metric}} came to {{f.value}}.", "time"),
        ("On Monday {{f.metric}} came to {{f.value}}.", "time"),
        ("{{f.value:rose|fell}} to it.", "direction"),
        ("{{f.value:one|two}} came.", "number"),
        ("{{f.valu}} came.", "slot"),
        ("{{f.value} came.", "slot"),
        ("{{f.value}} came", "form"),
    ],
)
def test_what_only_a_fact_may_say_is_refused(template, rule):
    assert rule in rules(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{f.metric}} came to {{f.value}}.",
        "You may march on with {{f.value}} {{f.value:row|rows}}.",
        "Is all the data there?",
        "{{f.metric}} contributed {{f.value}}, and accounts for it.",
    ],
)
def test_plain_words_pass(template):
    assert rules(template) == []


def test_facts_must_be_there_and_used():
    missing = lint(Sentence("{{f.value}} came.", {"f": "f0000000000"}), [FACT])
    unnamed = lint(Sentence("{{g.value}} came.", {"f": FACT.id}), [FACT])
    assert [problem.rule for problem in missing] == ["slot"]
    assert {problem.rule for problem in unnamed} == {"slot", "unused"}


def test_a_broken_sentence_stops_the_text():
    with pytest.raises(WordingError, match=r"'rose'.*direction.*\{\{f.direction\}\}"):
        require_clean(Sentence("{{f.metric}} rose.", {"f": FACT.id}), [FACT])
    clean = Sentence("{{f.metric}} came to {{f.value}}.", {"f": FACT.id})
    assert require_clean(clean, [FACT]) is clean


def test_every_direction_that_a_slot_can_say_is_refused_outside_slots():
    from mirrorbi.wording.direction_words import BY_DIRECTION

    spoken = {
        word
        for up, down, _ in BY_DIRECTION.values()
        for phrase in (up, down)
        for word in phrase.split()
    }
    kept = {"added", "took", "away", "high", "low"}
    assert spoken - kept <= RULES["direction"][0]
