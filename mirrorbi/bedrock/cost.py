"""What a call costs: estimated before it is sent, computed after."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from mirrorbi.bedrock.request import Instruction, Reply, Request, ToolResult, Usage

BYTES_PER_TOKEN = 3.5
"""Bytes of UTF-8 that a token is taken to be, where tokens were not counted.

Anthropic's rule of thumb for English text (https://docs.claude.com/en/docs/about-claude/
glossary#tokens). Figures and other scripts take more tokens than that; where there is a
budget and ``bedrock:CountTokens`` is permitted, Bedrock counts instead."""
_MILLION = Decimal(1_000_000)
_MICRODOLLAR = Decimal("0.000001")


class Prices(Protocol):
    """What is asked of a model: US dollars per million tokens, ``None`` if not known."""

    @property
    def input_price(self) -> Decimal | None:
        """Of tokens read."""

    @property
    def output_price(self) -> Decimal | None:
        """Of tokens written."""

    @property
    def cache_read_price(self) -> Decimal | None:
        """Of tokens read from the prompt cache; those read, if not known."""

    @property
    def cache_write_price(self) -> Decimal | None:
        """Of tokens written to the prompt cache; those read, if not known."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most that a call is expected to cost.

    Parameters
    ----------
    input
        Tokens that it sends.
    output
        Tokens that the answer may have.
    cost
        US dollars if the answer is as long as it may be and nothing comes from the prompt
        cache; ``None`` where the model's prices are not known.
    counted
        Whether Bedrock counted the tokens; otherwise bytes divided by `BYTES_PER_TOKEN`.
    """

    input: int
    output: int
    cost: Decimal | None
    counted: bool = False


def estimate(request: Request, model: Prices, *, tokens: int | None = None) -> Estimate:
    """Return the most that a call is expected to cost.

    Parameters
    ----------
    request
        The call.
    model
        Its prices.
    tokens
        Tokens of the request, if Bedrock counted them (CountTokens).

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> prices = SimpleNamespace(input_price=Decimal(3), output_price=Decimal(15),
    ...                          cache_read_price=None, cache_write_price=None)
    >>> estimate(Request((), (()), max_tokens=1000), prices, tokens=2000).cost
    Decimal('0.021000')
    """
    sent = math.ceil(size(request) / BYTES_PER_TOKEN) if tokens is None else tokens
    dear, output = _dearest(model), model.output_price
    cost = None
    if dear is not None and output is not None:
        cost = _money(sent * dear + request.max_tokens * output)
    return Estimate(sent, request.max_tokens, cost, tokens is not None)


def price(usage: Usage, model: Prices) -> Usage:
    """Return tokens with what they cost; the cost is ``None`` if the prices are not known.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> prices = SimpleNamespace(input_price=Decimal(3), output_price=Decimal(15),
    ...                          cache_read_price=Decimal("0.30"), cache_write_price=None)
    >>> price(Usage(input=1000, output=100, cache_read=10_000), prices).cost
    Decimal('0.007500')
    """
    read, written = model.input_price, model.output_price
    if read is None or written is None:
        return replace(usage, cost=None)
    from_cache = read if model.cache_read_price is None else model.cache_read_price
    to_cache = read if model.cache_write_price is None else model.cache_write_price
    total = (
        usage.input * read
        + usage.output * written
        + usage.cache_read * from_cache
        + usage.cache_write * to_cache
    )
    return replace(usage, cost=_money(total))


def size(request: Request) -> int:
    """Return the bytes of everything that a call sends: instructions, tools, conversation."""
    texts = [part.text for part in request.system]
    texts += [_text(tool.definition()) for tool in request.tools]
    if request.schema is not None:
        texts.append(request.schema.text)
    total = sum(len(text.encode()) for text in texts)
    for turn in request.turns:
        if isinstance(turn, Reply):
            total += len(_text(list(turn.content)).encode())
            continue
        for part in turn:
            if isinstance(part, Instruction):
                total += len(part.text.encode())
            else:
                disclosure = part.disclosure if isinstance(part, ToolResult) else part
                total += len(disclosure.body)
    return total


def _dearest(model: Prices) -> Decimal | None:
    """Return the price of a token that is read, where all go to the prompt cache."""
    if model.input_price is None:
        return None
    return max(model.input_price, model.cache_write_price or model.input_price)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _money(millions: Decimal) -> Decimal:
    return (millions / _MILLION).quantize(_MICRODOLLAR)
