from mirrorbi.narrative import narrate
from mirrorbi.narrative.checks.number_spans import spans_of


def test_every_number_of_the_rules_has_its_fact_and_place(flight_facts):
    story = narrate(flight_facts, narrator="rules")
    html = story._repr_mimebundle_()["text/html"]
    spans = spans_of(html, story.context.facts)
    assert len(spans) > 60
    assert [span for span in spans if not span.proven] == []


def test_a_number_that_was_changed_or_typed_is_not_proven(flight_facts):
    story = narrate(flight_facts, narrator="rules")
    html = story.headline.html
    assert "64.7%" in html
    changed = spans_of(html.replace("64.7%", "94.7%"), story.context.facts)
    typed = spans_of(html.replace("fell</span>", "fell</span> ٣ times"), story.context.facts)
    moved = spans_of(html.replace("64.7%</span>", "</span>64.7%"), story.context.facts)
    assert [s.text for s in changed if not s.proven] == ["94.7%"]
    assert [s.text for s in typed if not s.proven] == ["٣"]
    assert [s.text for s in moved if not s.proven] == ["64.7"]


def test_offsets_are_those_of_the_text_as_read(flight_facts):
    story = narrate(flight_facts, narrator="rules")
    text = story.headline.text
    for span in spans_of(story.headline.html, story.context.facts):
        assert text[span.start : span.end] == span.text
