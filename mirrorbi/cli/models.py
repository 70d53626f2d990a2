"""``mirrorbi models``: the models of Claude that can be called, and from where."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mirrorbi.cli.options import AsJson

if TYPE_CHECKING:
    from mirrorbi.bedrock.access_check import Standing
    from mirrorbi.bedrock.models import ClaudeModel
    from mirrorbi.settings import ClaudeSettings

_UNKNOWN = "not known"
_NOTED_ANSWERS = ("legacy",)


def models(
    check: Annotated[
        bool, typer.Option("--check", help="Ask Bedrock what this account can call.")
    ] = False,
    region: Annotated[str | None, typer.Option(help="AWS region, such as eu-west-1.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the models of Claude, with prices and the profiles through which they are called."""
    from mirrorbi.bedrock.models import claude_models, find_model
    from mirrorbi.settings import load_settings

    settings = load_settings().claude
    if region is not None:
        settings = settings.model_copy(update={"region": region})
    listed = {
        name: find_model(name, settings.models)[0]
        for name in (*claude_models(), *settings.models)
        if name not in {model.id for model in claude_models().values()}
    }
    standings = _standings(list(listed.values()), settings) if check else None
    route, problem = _route(settings)
    if as_json:
        _print_models_json(list(listed.values()), standings, route, problem)
    elif standings is not None:
        _print_check(standings)
    else:
        _print_models(list(listed.values()))
    if not as_json:
        _print_route(route, problem)


def _standings(listed: list[ClaudeModel], settings: ClaudeSettings) -> list[Standing]:
    from mirrorbi.bedrock.access_check import check_models
    from mirrorbi.connections.boto_session import region_of

    served = [model for model in listed if not model.ended()]
    return check_models(served, settings, region_of(settings))


def _route(settings: ClaudeSettings) -> tuple[Any, Any]:
    """Return the route that settings lead to, or why there is none."""
    from mirrorbi.bedrock.residency import route_for
    from mirrorbi.connections.boto_session import region_of
    from mirrorbi.errors import ClaudeError, SettingsError

    try:
        return route_for(settings, region_of(settings)), None
    except (ClaudeError, SettingsError) as error:
        return None, error


def _print_models(listed: list[ClaudeModel]) -> None:
    from mirrorbi.cli.output import print_table

    rows = [
        [
            model.name,
            _tokens(model.context),
            _tokens(model.output),
            _money(model.input_price),
            _money(model.output_price),
            _money(model.cache_read_price),
            _where(model),
        ]
        for model in listed
    ]
    columns = ["Model", "Context", "Answer", "In", "Out", "Cache", "Profiles"]
    print_table(columns, rows, numbers=[1, 2, 3, 4, 5])
    dates = [model.checked for model in listed if model.checked]
    _print_wrapped(
        "US dollars per million tokens through the global profile; through one of a geography "
        f"10 % more. As read on {max(dates):%Y-%m-%d}; – is not known."
    )
    for model in listed:
        if model.ended() and model.successor:
            _print_wrapped(f"{model.name} is served no longer: use {model.successor}.")


def _print_check(standings: list[Standing]) -> None:
    from mirrorbi.cli.output import print_table

    names = list(dict.fromkeys(standing.name for standing in standings))
    by_reach = {(standing.name, standing.reach): standing for standing in standings}
    rows = []
    for name in names:
        row_standings = [by_reach.get((name, reach)) for reach in ("region", "geo", "global")]
        notes = {
            standing.note: None
            for standing in row_standings
            if standing is not None and standing.answer in _NOTED_ANSWERS
        }
        rows.append([name, *(_cell(standing) for standing in row_standings), ", ".join(notes)])
    print_table(["Model", "In region", "Geography", "Global", ""], rows)
    for standing in standings:
        if standing.beyond:
            regions = ", ".join(standing.beyond)
            _print_wrapped(
                f"{standing.id} also reaches {regions}, which the table does not know of."
            )
    denied = {standing.note for standing in standings if standing.answer == "not allowed"}
    if denied:
        _print_wrapped(f"To let this role ask, {' and '.join(sorted(denied))}.")
    _print_wrapped(
        "Whether a role may call them, only a call can tell: docs/bedrock.md has the policy."
    )


def _cell(standing: Standing | None) -> str:
    if standing is None:
        return "–"
    reached = len(standing.regions)
    more = f", {reached} regions" if standing.reach == "geo" and reached > 1 else ""
    return f"{standing.answer}{more}"


def _print_route(route: Any, problem: Any) -> None:
    from mirrorbi.bedrock.residency import places
    from mirrorbi.cli.output import print_line

    print_line()
    if route is not None:
        _print_wrapped(
            f"Used from {route.region}: {route.id}, processed in {places(route.regions)}."
        )
    else:
        _print_wrapped(f"Used: none. {problem}")


def _print_models_json(
    listed: list[ClaudeModel], standings: list[Standing] | None, route: Any, problem: Any
) -> None:
    from mirrorbi.cli.output import print_json

    value: dict[str, Any] = {"models": [model.to_dict() for model in listed], "used": None}
    if route is not None:
        value["used"] = {
            "model": route.model.name,
            "id": route.id,
            "region": route.region,
            "regions": list(route.regions),
            "reach": route.reach,
        }
    else:
        value["problem"] = str(problem)
    if standings is not None:
        value["checked"] = [standing.to_dict() for standing in standings]
    print_json(value)


def _where(model: ClaudeModel) -> str:
    if model.ended():
        return f"ended {model.end_of_life}"
    return " ".join(model.profiles) or _UNKNOWN


def _print_wrapped(text: str) -> None:
    from mirrorbi.cli.output import print_line

    print_line(textwrap.fill(text, 80, break_long_words=False, break_on_hyphens=False))


def _tokens(count: int | None) -> str:
    """Return a count of tokens as the model cards write it.

    Examples
    --------
    >>> _tokens(1_000_000), _tokens(64_000), _tokens(None)
    ('1M', '64K', '–')
    """
    if count is None:
        return "–"
    return f"{count // 1_000_000}M" if count >= 1_000_000 else f"{count // 1000}K"


def _money(price: Any) -> str:
    return "–" if price is None else f"{price:.2f}"
