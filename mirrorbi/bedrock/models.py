"""The models of Claude on Bedrock: a table, never a guess from a name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from mirrorbi.errors import ModelIdError, did_you_mean
from mirrorbi.settings import ModelSettings

_PRICES = ("input_price", "output_price", "cache_read_price", "cache_write_price")


@dataclass(frozen=True, slots=True)
class ClaudeModel:
    """What a model is called, can do and costs.

    Parameters
    ----------
    name
        Of `mirrorbi models`: ``claude-sonnet-4-6``.
    id
        Bedrock's id, without a geography.
    label
        As a person reads it.
    context, output
        Most tokens of a request, and of an answer; ``None`` if not known.
    profiles
        Geographies with an inference profile: ``eu``, ``global``.
    regional
        AWS regions in which it can be called without a profile, and so stays there.
    sampling
        Whether it takes a temperature.
    forced_tool
        Whether a tool can be forced.
    json_schema
        Whether an answer can be held to a JSON schema.
    thinking
        Whether it thinks before it answers: room for that is added to the longest answer.
    cache_minimum
        Fewest tokens that Bedrock's prompt cache takes; ``None``: it has none.
    input_price, output_price, cache_read_price, cache_write_price
        US dollars per million tokens; ``None`` if not known.
    surcharge
        What a call through a profile of one geography costs over
        one through the global profile: ``0.10``.
    end_of_life
        When Bedrock stops serving it, where that is announced.
    successor
        Name of the model that follows it.
    regions
        Regions in which a call may be processed, where settings say so.
    source, checked
        Where this was read, and when.
    """

    name: str
    id: str
    label: str = ""
    context: int | None = None
    output: int | None = None
    profiles: tuple[str, ...] = ()
    regional: tuple[str, ...] = ()
    sampling: bool = False
    forced_tool: bool = False
    json_schema: bool = False
    thinking: bool = False
    cache_minimum: int | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    cache_read_price: Decimal | None = None
    cache_write_price: Decimal | None = None
    surcharge: Decimal = Decimal(0)
    end_of_life: date | None = None
    successor: str = ""
    regions: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    checked: date | None = None

    def ended(self, today: date | None = None) -> bool:
        """Return whether Bedrock serves it no longer."""
        now = today or datetime.now(UTC).date()
        return self.end_of_life is not None and now >= self.end_of_life

    def priced(self, *, everywhere: bool) -> ClaudeModel:
        """Return it with the prices of a profile.

        Parameters
        ----------
        everywhere
            Whether the profile is the global one.
        """
        if everywhere or not self.surcharge:
            return self
        factor = 1 + self.surcharge
        prices = {name: getattr(self, name) for name in _PRICES}
        return replace(self, **{n: p and p * factor for n, p in prices.items()})

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON."""
        values: dict[str, Any] = {}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            values[name] = str(value) if isinstance(value, (Decimal, date)) else value
        return {**values, "ended": self.ended()}


@dataclass(frozen=True, slots=True)
class Geography:
    """Where an inference profile with a prefix may be called, and where it may process.

    Parameters
    ----------
    prefix
        Of the profile's id: ``eu``.
    sources
        AWS regions in which it can be called.
    regions
        AWS regions that may process a call from any of these.
    """

    prefix: str
    sources: tuple[str, ...]
    regions: tuple[str, ...]


def claude_models() -> dict[str, ClaudeModel]:
    """Return the models of the table by name.

    Examples
    --------
    >>> claude_models()["claude-sonnet-4"].successor
    'claude-sonnet-4-6'
    """
    return {name: _model(name, parts) for name, parts in _table()["model"].items()}


def geographies() -> dict[str, Geography]:
    """Return the geographies by the prefix of their profiles; ``global`` is not one.

    Examples
    --------
    >>> "eu-west-1" in geographies()["eu"].regions
    True
    """
    return {
        prefix: Geography(
            prefix, tuple(parts.get("sources", parts["regions"])), tuple(parts["regions"])
        )
        for prefix, parts in _table()["geography"].items()
    }


def find_model(
    name: str, declared: Mapping[str, ModelSettings] | None = None
) -> tuple[ClaudeModel, str]:
    """Return the model that a setting names, and the profile or ARN that it insists on.

    Parameters
    ----------
    name
        A name of the table, a Bedrock model or profile id, or an ARN.
    declared
        What settings say of models: of others than the table's, or to correct it.

    Returns
    -------
    ClaudeModel
        The model.
    str
        Id or ARN to call, if the setting names one that decides where the call goes; else
        empty.

    Raises
    ------
    ModelIdError
        If it is not known and not declared.

    Examples
    --------
    >>> model, profile = find_model("eu.anthropic.claude-sonnet-4-6")
    >>> model.name, profile
    ('claude-sonnet-4-6', 'eu.anthropic.claude-sonnet-4-6')
    """
    declared = declared or {}
    table = claude_models()
    by_id = {model.id: model for model in table.values()}
    tail = name.rpartition("/")[2] if name.startswith("arn:") else name
    prefix, _, base = tail.partition(".")
    base_id = base if prefix in (*geographies(), "global") else tail
    model = table.get(base_id) or by_id.get(base_id)
    declaration = next((declared[key] for key in (name, tail, base_id) if key in declared), None)
    if model is not None:
        declaration = declaration or declared.get(model.name) or declared.get(model.id)
        pinned = name if name.startswith("arn:") or base_id != tail else ""
        return (model if declaration is None else _corrected(model, declaration)), pinned
    if declaration is None:
        suggestion = "" if name.startswith("arn:") else did_you_mean(name, [*table], noun="models")
        raise ModelIdError(
            f"The model {name!r} is not known.",
            hint=f"{suggestion} For another one, declare what it can do: "
            f'[claude.models."{name}"] in mirrorbi.toml.'.lstrip(),
        )
    decides = name.startswith("arn:") or base_id != tail
    return _corrected(
        ClaudeModel(name, base_id, declaration.name or name), declaration
    ), name if decides else ""


def _corrected(model: ClaudeModel, declaration: ModelSettings) -> ClaudeModel:
    """Return a model with what settings say of it; of one in the table, only what they do."""
    keys = declaration.model_fields_set if model.source else set(type(declaration).model_fields)
    overrides = {key: getattr(declaration, key) for key in keys if key != "name"}
    if any(key in keys for key in _PRICES) and model.source:
        overrides["surcharge"] = Decimal(0)
    if declaration.name:
        overrides["label"] = declaration.name
    return replace(model, **overrides)


def _model(name: str, parts: Mapping[str, Any]) -> ClaudeModel:
    prices = {key: Decimal(parts[key]) for key in (*_PRICES, "surcharge") if key in parts}
    lists = {key: tuple(parts[key]) for key in ("profiles", "regional", "source") if key in parts}
    return ClaudeModel(name, **{**parts, **prices, **lists})


@cache
def _table() -> dict[str, Any]:
    text = (files("mirrorbi.bedrock") / "models.toml").read_text("utf-8")
    return tomllib.loads(text)
