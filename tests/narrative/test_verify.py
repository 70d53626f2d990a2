import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirrorbi.facts.fact import Fact, Quantity
from mirrorbi.narrative import facts_with_summary, narrate, verify_text
from mirrorbi.narrative.context import Context
from mirrorbi.narrative.section import Section
from mirrorbi.wording.sentence import Sentence


@pytest.fixture(scope="module")
def story(shop_facts):
    return narrate(shop_facts)


@pytest.fixture(scope="module")
def html(story):
    return "".join([story.headline.html, story.cards.html, *(part.html for part in story)])


def statuses(checks):
    return {check.status for check in checks}


def test_an_untouched_text_is_the_same(story, html, shop_facts):
    checks = verify_text(html, story.context.facts, facts_with_summary(shop_facts))
    assert len(checks) > 40
    assert statuses(checks) == {"same"}


def test_an_edited_figure_is_found_and_named(story, html):
    edited = html.replace(">27.8%<", ">72.8%<", 1)
    assert edited != html
    wrong = [c for c in verify_text(edited, story.context.facts) if c.status != "same"]
    assert [(c.text, c.expected, c.slot, c.where) for c in wrong] == [
        ("72.8%", "27.8%", "pct.abs", "headline")
    ]


def test_an_edited_direction_or_name_is_found(story, html):
    for old, new in ((">rose<", ">fell<"), (">A<", ">East<"), (">November<", ">May<")):
        edited = html.replace(old, new, 1)
        assert edited != html
        assert "edited" in statuses(verify_text(edited, story.context.facts))


def test_a_figure_whose_mark_was_taken_away_is_unproven(story, html):
    bare = re.sub(r'<span class="mb-fig"[^>]*>([^<]*)</span>', r"\1", html, count=1)
    found = [c for c in verify_text(bare, story.context.facts) if c.status == "unproven"]
    assert len(found) == 1
    assert found[0].where == "headline"


def test_a_number_or_fact_that_nobody_computed_is_unproven(story, html):
    added = html.replace("</section>", " And 42 more, or ½.</section>", 1)
    found = [c.text for c in verify_text(added, story.context.facts) if c.status == "unproven"]
    assert found == ["42", "½."]
    unknown = (
        '<p class="mb-section"><span class="mb-fig" data-fact="f0" data-slot="value">5</span></p>'
    )
    assert statuses(verify_text(unknown, story.context.facts)) == {"unproven"}


def test_another_figure_today_is_changed_and_no_fact_is_gone(story, html):
    lead = story.headline.facts[0]
    moved = lead.replace(quantities={**lead.quantities, "value": Quantity.of(1, "currency:EUR")})
    changed = verify_text(html, story.context.facts, {**story.context.facts, lead.id: moved})
    assert {c.slot for c in changed if c.status == "changed"} == {"value"}
    assert {c.expected for c in changed if c.status == "changed"} == {"€1"}
    without = {key: fact for key, fact in story.context.facts.items() if key != lead.id}
    gone = verify_text(html, story.context.facts, without)
    assert {c.fact for c in gone if c.status == "gone"} == {lead.id}


def test_a_sentence_that_was_rewritten_is_found(story, html):
    sentence = story.changed.sentences[0]
    kept = verify_text(html, story.context.facts, sentences=story.sentences)
    assert statuses(kept) == {"same"}
    dropped = html.replace("That is ", "This is ", 1)
    wrong = verify_text(dropped, story.context.facts, sentences=[sentence])
    assert [c.status for c in wrong if c.status != "same"] == ["edited"]


def test_numbers_in_drawings_scripts_and_other_text_are_not_ours():
    html = (
        '<ul class="mb-cards"><li><svg><title>12</title><text>3</text></svg></li></ul>'
        "<p>Page 7</p><style>.x{width:1px}</style><script>var a = 5</script>"
    )
    assert verify_text(html, []) == []


@settings(max_examples=60)
@given(st.text(max_size=30), st.text(max_size=30), st.decimals(-(10**9), 10**9, places=2))
def test_any_names_and_numbers_verify_and_any_edit_is_found(metric, member, value):
    fact = Fact(
        "value",
        "m",
        metric,
        scope=(("d", member),),
        quantities={"value": Quantity(value, "currency:GBP")},
        terms={"by": "d"},
    )
    template = "{{f.metric}} for {{f.entity}} came to {{f.value}}."
    context = Context({fact.id: fact})
    sentence = Sentence(template, {"f": fact.id})
    section = Section("changed", "", ((sentence,),), context=context)
    checks = verify_text(section.html, [fact], [fact], sentences=[sentence])
    assert [check.status for check in checks] == ["same"] * 3
    other = fact.replace(quantities={"value": Quantity(value + Decimal(10**10), "currency:GBP")})
    assert [c.status for c in verify_text(section.html, [other])] == ["same", "same", "edited"]
    assert [c.status for c in verify_text(section.html, [fact], [other])][-1] == "changed"
