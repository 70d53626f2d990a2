"""Residency: which AWS regions may process a call, and which profile keeps it there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from mirrorbi.bedrock.models import ClaudeModel, find_model, geographies
from mirrorbi.errors import ModelIdError, ResidencyError
from mirrorbi.settings import ClaudeSettings

Reach = Literal["region", "geo", "global"]
EVERYWHERE = "global"
"""Stands in a list of regions for every commercial AWS region, those to come too."""
_REACHES: tuple[Reach, ...] = ("region", "geo", "global")


@dataclass(frozen=True, slots=True)
class Route:
    """How a model is called from a region.

    Parameters
    ----------
    model
        What is called, with the prices of this route.
    id
        Model id, profile id or ARN that is sent.
    region
        Of the endpoint.
    regions
        Every region that may process the call; ``("global",)`` if any may.
    reach
        How far it may travel.
    """

    model: ClaudeModel
    id: str
    region: str
    regions: tuple[str, ...]
    reach: Reach


def route_for(settings: ClaudeSettings, region: str, allowed: Sequence[str] = ()) -> Route:
    """Return the route that stays nearest.

    Parameters
    ----------
    settings
        Model and ``residency``.
    region
        AWS region of the endpoint.
    allowed
        Regions that a policy allows; ``()`` sets no limit of its own.

    Raises
    ------
    ModelIdError
        If the model is not known, has reached its end of life, or cannot be called from
        this region.
    ResidencyError
        If every way to call it would leave what settings or policy allow.

    Examples
    --------
    >>> route = route_for(ClaudeSettings(residency="geo"), "eu-west-1")
    >>> route.id, route.reach
    ('eu.anthropic.claude-sonnet-4-6', 'geo')
    """
    model, pinned = find_model(settings.model, settings.models)
    if model.ended():
        refuse_ended(model)
    routes = [_named(model, pinned, region)] if pinned else list(routes_of(model, region))
    if not routes:
        raise ModelIdError(
            f"{model.label} cannot be called from {region}.",
            hint=f"Set region in [claude] to one of: {', '.join(_sources(model)) or 'none known'}.",
        )
    permitted = [r for r in routes if _REACHES.index(r.reach) <= _REACHES.index(settings.residency)]
    if not permitted:
        _refuse_reach(routes[0], settings.residency)
    for route in permitted:
        if not allowed or set(route.regions) <= set(allowed):
            return route
    outside = sorted(set(permitted[0].regions) - set(allowed))
    raise ResidencyError(
        f"{model.label} would be called through {permitted[0].id}, which may process the call in "
        f"{places(outside)}; the policy allows {places(allowed)}.",
        hint="Add these to regions under [privacy] and privacy: of the model, or choose "
        "another model (mirrorbi models).",
    )


def routes_of(model: ClaudeModel, region: str) -> Iterator[Route]:
    """Yield every way to call a model from a region, the nearest first."""
    priced = model.priced(everywhere=False)
    outside = not model.source  # an id of its own, declared in settings
    if region in model.regional or outside:
        yield Route(priced, model.id, region, model.regions or (region,), "region")
    for prefix, geography in geographies().items():
        if prefix in model.profiles and region in geography.sources:
            reached = model.regions or _including(geography.regions, region)
            yield Route(priced, f"{prefix}.{model.id}", region, reached, "geo")
    if "global" in model.profiles:
        everywhere = model.priced(everywhere=True)
        yield Route(everywhere, f"global.{model.id}", region, (EVERYWHERE,), "global")


def refuse_ended(model: ClaudeModel) -> NoReturn:
    """Say that a model is served no longer, and which one follows it."""
    raise ModelIdError(
        f"{model.label} ({model.id}) reached its end of life on Bedrock on {model.end_of_life}.",
        hint=f'Set model = "{model.successor}" in [claude] of mirrorbi.toml '
        f"(MIRRORBI_CLAUDE_MODEL={model.successor})."
        if model.successor
        else "Choose another one: mirrorbi models.",
    )


def places(regions: Sequence[str]) -> str:
    """Return regions as a sentence has them.

    Examples
    --------
    >>> places(["eu-west-1", "eu-west-3"]), places(["global"])
    ('eu-west-1, eu-west-3', 'any commercial AWS region')
    """
    names = ["any commercial AWS region" if r == EVERYWHERE else r for r in regions]
    return ", ".join(names) or "no region"


def _named(model: ClaudeModel, name: str, region: str) -> Route:
    """Return the route of a profile id or ARN that settings insist on."""
    tail = name.rpartition("/")[2] if name.startswith("arn:") else name
    if name.startswith("arn:"):
        arn_region = name.split(":")[3]
        if arn_region and arn_region != region:
            raise ModelIdError(
                f"The model's ARN is of {arn_region}, the endpoint of {region}.",
                hint=f'Set region = "{arn_region}" in [claude] of mirrorbi.toml.',
            )
    prefix = tail.partition(".")[0]
    everywhere = prefix == "global"
    priced = model.priced(everywhere=everywhere)
    if everywhere:
        return Route(priced, name, region, (EVERYWHERE,), "global")
    if prefix in geographies():
        geography = geographies()[prefix]
        if region not in geography.sources:
            raise ModelIdError(
                f"The profile {name!r} cannot be called from {region}.",
                hint=f"Name the model alone ({model.name}), and the profile of the region is "
                f"used; or set region in [claude] to one of: {', '.join(geography.sources)}.",
            )
        reached = model.regions or _including(geography.regions, region)
        return Route(priced, name, region, reached, "geo")
    if model.regions:
        reach: Reach = "region" if set(model.regions) == {region} else "geo"
        return Route(priced, name, region, model.regions, reach)
    if ":foundation-model/" in name or ":custom-model" in name or ":imported-model/" in name:
        return Route(priced, name, region, (region,), "region")
    # An application inference profile says nothing of where it leads.
    return Route(priced, name, region, (EVERYWHERE,), "global")


def _refuse_reach(route: Route, residency: str) -> NoReturn:
    crossing = [region for region in route.regions if region != route.region]
    how = f"the profile {route.id} may also process it in {places(crossing)}"
    if not route.id.startswith(("global.", "arn:")) and route.reach == "region":
        how = f"{route.id} processes it in {places(route.regions)}"
    elif route.reach == "global" and route.id.startswith("arn:"):
        how = f"nothing says where {route.id} processes it"
    hint = (
        f'To allow that, set residency = "{route.reach}" in [claude] of mirrorbi.toml '
        f"(MIRRORBI_CLAUDE_RESIDENCY={route.reach})."
    )
    if route.id.startswith("arn:") and route.reach == "global":
        hint = f'Name its regions: regions = [...] in [claude.models."{route.id}"].'
    raise ResidencyError(
        f'{route.model.label} cannot be called from {route.region} with residency = "{residency}": '
        f"{how}.",
        hint=hint,
    )


def _sources(model: ClaudeModel) -> list[str]:
    regions = set(model.regional)
    for prefix, geography in geographies().items():
        if prefix in model.profiles:
            regions |= set(geography.sources)
    return sorted(regions)


def _including(regions: tuple[str, ...], region: str) -> tuple[str, ...]:
    return regions if region in regions else tuple(sorted({*regions, region}))
