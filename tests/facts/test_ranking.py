"""Ranking depends on the facts alone, and what was told already counts for less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.facts.fact import Fact
from mirrorbi.facts.sweep.ranking import ALIKE, FOLLOWS, ranked

scopes = st.sampled_from([(), (("city", "Rome"),), (("city", "Oslo"),), (("kind", "new"),)])
facts = st.lists(
    st.builds(
        Fact,
        kind=st.sampled_from(["change", "trend", "rank"]),
        metric=st.sampled_from(["sales", "orders"]),
        label=st.just("x"),
        scope=scopes,
        direction=st.sampled_from(["up", "down"]),
        score=st.sampled_from([0.0, 0.25, 0.5, 1.0, 3.0]),
    ),
    max_size=20,
    unique_by=lambda fact: fact.id,
)


def change(scope=(), direction="up", score=0.5, metric="sales"):
    return Fact("change", metric, "x", scope=scope, direction=direction, score=score)


@given(facts.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_finding_does_not_matter(both: tuple[list[Fact], list[Fact]]) -> None:
    assert ranked(both[0]) == ranked(both[1])


@given(facts)
def test_novelty_only_takes_away(found: list[Fact]) -> None:
    before = {fact.id: fact.score for fact in found}
    after = ranked(found)
    assert sorted(fact.id for fact in after) == sorted(before)
    assert all(0 <= fact.score <= min(1.0, before[fact.id]) for fact in after)
    assert [(-fact.score, fact.id) for fact in after] == sorted(
        (-fact.score, fact.id) for fact in after
    )


def test_a_member_that_follows_the_whole_comes_after_one_that_does_not() -> None:
    follows = change((("city", "Rome"),), "up", 0.4)
    differs = change((("kind", "new"),), "down", 0.3)
    assert ranked([change(), follows, differs]) == [
        change(),
        differs,
        follows.replace(score=round(0.4 * FOLLOWS, 6)),
    ]


def test_the_same_of_another_member_of_the_dimension_counts_for_less() -> None:
    first = change((("city", "Rome"),), "up", 0.4)
    second = change((("city", "Oslo"),), "up", 0.4)
    scores = sorted(fact.score for fact in ranked([first, second]))
    assert scores == pytest.approx([0.4 * ALIKE, 0.4])


def test_another_metric_is_news() -> None:
    pair = ranked([change(), change(metric="orders")])
    assert [fact.score for fact in pair] == [0.5, 0.5]
