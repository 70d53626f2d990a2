from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mirrorbi.data.periods import Period
from mirrorbi.errors import WordingError
from mirrorbi.facts.fact import Fact, Quantity
from mirrorbi.wording.printable_text import LONGEST, capital, clean, lower_first
from mirrorbi.wording.sentence import Sentence, fill, markup, plain
from mirrorbi.wording.slots import fill_slot

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a' onmouseover='x",
    "R&D &lt;b&gt;",
    "line\nbreak\r\nand\ttab",
    "\u202eevil\u202c\u2066x\u2069",
    "zero\u200bwidth\ufeff",
    "{{f.value}}",
    "עברית",
    "=cmd|' /C calc'!A0",
    "$x$ and $y$",
    "",
    "   ",
    "x" * 1000,
]


def fact_named(metric, member):
    return Fact(
        kind="change",
        metric="m",
        label=metric,
        definition=metric,
        scope=(("d", member),),
        labels=(("d", metric),),
        period=Period.parse("2013-12"),
        quantities={"value": Quantity.of(5, "count"), "delta": Quantity.of(-1, "count")},
        direction="down",
        n=5,
        method=member,
        terms={"by": "d"},
    )


class Marks(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.marks, self.depth, self.text = [], [], 0, ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.marks.append([dict(attrs), ""])
        self.depth += 1

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_data(self, data):
        self.text += data
        if self.depth:
            self.marks[-1][1] += data


TEMPLATE = "{{f.metric}} {{f.scope}} of {{f.entity}} {{f.direction}} to {{f.value}} {{f.when}}."


def names(*examples):
    def decorate(test):
        for text in examples:
            test = example(text, "x")(example("x", text)(test))
        return test

    return decorate


@names(*HOSTILE)
@given(st.text(), st.text())
def test_any_name_is_text_and_its_marks_read_back(metric, member):
    fact = fact_named(metric, member)
    sentence = Sentence(TEMPLATE, {"f": fact.id})
    spans = fill(sentence, [fact])
    page = Marks()
    page.feed(markup(spans))
    page.close()
    assert page.text == plain(spans)
    assert {tag for tag, _ in page.tags} == {"span"}
    assert all(
        set(given_) <= {"class", "data-fact", "data-slot", "dir", "tabindex", "role", "title"}
        for _, given_ in page.tags
    )
    slots = [slot for _, slot in sentence.slots]
    assert [given_["data-slot"] for given_, _ in page.marks] == slots
    for given_, text in page.marks:
        expected = fill_slot(fact, given_["data-slot"])
        assert text in (expected, capital(expected))
    markup(spans).encode("utf-8")


@given(st.text())
def test_a_cleaned_name_is_one_visible_line_and_stays_as_it_is(text):
    once = clean(text)
    assert once
    assert len(once) <= LONGEST
    assert not set(once) & set("\n\r\t\u200b\u200e\u202a\u202b\u202d\u202e\u2066\u2067\u2069\ufeff")
    assert clean(once) == once


def test_half_a_character_is_replaced():
    assert clean("\ud800 lone") == "\ufffd lone"


def test_figures_can_be_reached_by_keyboard_and_words_cannot():
    fact = fact_named("On-time rate", "JFK")
    html = markup(
        fill(Sentence("{{f.metric}} {{f.direction}} to {{f.value}}.", {"f": fact.id}), [fact])
    )
    assert html == (
        f'<span class="mb-word" data-fact="{fact.id}" data-slot="metric">On-time rate</span> '
        f'<span class="mb-word" data-fact="{fact.id}" data-slot="direction">fell</span> to '
        f'<span class="mb-fig" data-fact="{fact.id}" data-slot="value" tabindex="0" role="button" '
        'title="On-time rate · December 2013 · 5 rows · JFK">5</span>.'
    )


def test_text_from_right_to_left_is_isolated():
    fact = fact_named("m", "עברית")
    assert 'dir="auto"' in markup(fill(Sentence("{{f.entity}}.", {"f": fact.id}), [fact]))


def test_a_sentence_begins_with_a_capital_but_a_member_keeps_its_name():
    fact = fact_named("On-time rate", "jetBlue")
    told = [
        plain(fill(Sentence(template, {"f": fact.id}), [fact]))
        for template in (
            "{{f.metric}} for {{f.entity}}.",
            "{{f.entity}}? {{f.metric}}.",
            "By {{f.metric}}.",
        )
    ]
    assert told == ["On-time rate for jetBlue.", "jetBlue? On-time rate.", "By on-time rate."]


@pytest.mark.parametrize(
    ("label", "inside"),
    [
        ("On-time rate", "on-time rate"),
        ("NPS", "NPS"),
        ("iPhone sales", "iPhone sales"),
        ("B6", "B6"),
        ("Revenue", "revenue"),
        ("Élan", "élan"),
    ],
)
def test_only_ordinary_words_are_lowered(label, inside):
    assert lower_first(label) == inside


def test_a_name_without_a_fact_is_refused():
    fact = fact_named("m", "x")
    with pytest.raises(WordingError, match="'g'"):
        fill(Sentence("{{g.value}}.", {"f": fact.id}), [fact])
    with pytest.raises(WordingError, match="f0000000000"):
        fill(Sentence("{{f.value}}.", {"f": "f0000000000"}), [fact])


def test_a_sentence_survives_its_plain_form():
    sentence = Sentence("{{f.value}}.", {"f": "f1"}, "headline")
    assert Sentence.from_dict(sentence.to_dict()) == sentence
