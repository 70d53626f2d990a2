"""What a call costs, before and after."""

import json
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.bedrock.cost import BYTES_PER_TOKEN, estimate, price, size
from mirrorbi.bedrock.request import Reply, Request, Tool, ToolResult, Usage, instruction
from mirrorbi.bedrock.request import _sealed as _sealed_by_client
from mirrorbi.privacy.disclosure import Disclosure, _sealed, canonical


@dataclass(frozen=True)
class Prices:
    input_price: Decimal | None = Decimal(3)
    output_price: Decimal | None = Decimal(15)
    cache_read_price: Decimal | None = Decimal("0.30")
    cache_write_price: Decimal | None = Decimal("3.75")


def disclosure(text):
    body = canonical({"question": text})
    return Disclosure("question", body, "p", sealed=_sealed("question", body, "p"))


def test_the_most_that_a_call_may_cost():
    found = estimate(Request((), (), max_tokens=4000), Prices(), tokens=10_000)
    # Everything written to the prompt cache, and an answer as long as it may be.
    assert found.cost == Decimal("0.0375") + Decimal("0.06")
    assert (found.input, found.output, found.counted) == (10_000, 4000, True)


def test_without_a_count_bytes_stand_for_tokens():
    request = Request((), ((disclosure("é" * 1000),),), max_tokens=1)
    sent = len(disclosure("é" * 1000).body)
    assert sent > 2000
    assert size(request) == sent
    found = estimate(request, Prices())
    assert found.input == -(-sent // BYTES_PER_TOKEN)
    assert not found.counted


def test_everything_that_is_sent_is_measured():
    one, two = disclosure("a"), disclosure("bb")
    use = {"toolUse": {"toolUseId": "t-1", "name": "query", "input": {}}}
    answer = _sealed_by_client(Reply((use,), "tool_use"))
    static = instruction("voice.md")
    tool = Tool(instruction("tool_query.json"))
    turns = ((one, static), answer, (ToolResult("t-1", two),))
    request = Request((static,), turns, tools=(tool,), schema=static)
    defined = json.dumps(tool.definition(), ensure_ascii=False, separators=(",", ":"))
    parts = (one.body, two.body, json.dumps([use], separators=(",", ":")), defined)
    assert size(request) == sum(map(len, parts)) + 3 * len(static.text.encode())


def test_a_model_without_prices_has_no_cost():
    unknown = Prices(input_price=None)
    assert estimate(Request((), ()), unknown, tokens=10).cost is None
    assert price(Usage(10, 10), unknown).cost is None
    assert price(Usage(10, 10), Prices(output_price=None)).cost is None


def test_tokens_from_the_cache_have_their_own_price():
    cost = price(Usage(1000, 100, 10_000, 2000), Prices()).cost
    assert cost == Decimal("0.003") + Decimal("0.0015") + Decimal("0.003") + Decimal("0.0075")
    plain = Prices(cache_read_price=None, cache_write_price=None)
    assert price(Usage(0, 0, 1_000_000, 1_000_000), plain).cost == 6


counts = st.integers(0, 10**6)


@given(counts, counts, counts, counts, st.integers(0, 10**6))
def test_what_was_spent_is_never_more_than_what_was_expected(plain, read, written, output, further):
    request = Request((), (), max_tokens=output + further)
    most = estimate(request, Prices(), tokens=plain + read + written).cost
    assert price(Usage(plain, output, read, written), Prices()).cost <= most + Decimal("0.000001")


@pytest.mark.parametrize("tokens", [0, 1, 3])
def test_the_smallest_costs_are_not_lost(tokens):
    assert price(Usage(input=tokens), Prices()).cost == Decimal("0.000003") * tokens


def test_usage_with_its_cost_is_plain():
    assert json.dumps(str(price(Usage(input=1), Prices()).cost)) == '"0.000003"'
