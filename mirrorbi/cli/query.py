"""``mirrorbi query``: metrics of a data set as a table."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer


def query(
    source: Annotated[str, typer.Argument(help="A file, glob or folder.", metavar="SOURCE")],
    metrics: Annotated[list[str], typer.Argument(help="Names of metrics.", metavar="METRIC...")],
    by: Annotated[list[str] | None, typer.Option(help="Dimensions; repeat for more.")] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="Members kept.", metavar="DIMENSION=MEMBER")
    ] = None,
    grain: Annotated[str | None, typer.Option(help="day, week, month, quarter or year.")] = None,
    period: Annotated[str | None, typer.Option(help="Such as 2013-12 or 2013-01/2013-06.")] = None,
    model: Annotated[Path | None, typer.Option(help="The semantic model.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print as CSV.")] = False,
) -> None:
    """Show metrics of a data set as a table, CSV or JSON."""
    from mirrorbi.cli.output import print_table, say, say_json
    from mirrorbi.cli.sources import members_of, open_data
    from mirrorbi.data.export import write_csv
    from mirrorbi.privacy.dimensions import check_dimensions
    from mirrorbi.privacy.policy import policy_for

    if as_json and as_csv:
        raise typer.BadParameter("give --json or --csv, not both")
    data = open_data(source, model)
    kept = members_of(where)
    check_dimensions(data, policy_for(data), [*(by or ()), *(kept or {})])
    answer = data.query(metrics, by=by or (), where=kept, grain=grain, period=period)
    frame = answer.frame
    if "period" in frame:
        frame = frame.assign(period=[str(p) for p in _periods(answer.query.grain, frame, data)])
    lines = [
        {name: _plain(value) for name, value in zip(frame.columns, line, strict=True)}
        for line in frame.itertuples(index=False, name=None)
    ]
    if as_json:
        say_json({"query": answer.query.to_dict(), "lines": lines})
    elif as_csv:
        write_csv(sys.stdout, list(frame.columns), [list(line.values()) for line in lines])
    elif not lines:
        say("There is nothing there.")
    else:
        shown = [name for name in frame.columns if name != "complete"]
        units = {name: (data.unit(name), data.decimals(name)) for name in answer.query.metrics}
        print_table(
            [_label(data, name) for name in shown],
            [[_cell(line[name], *units.get(name, ("", None))) for name in shown] for line in lines],
            numbers=[i for i, name in enumerate(shown) if frame[name].dtype.kind in "if"],
        )


def _periods(grain: Any, frame: Any, data: Any) -> Iterator[Any]:
    from mirrorbi.data.periods import Period

    for start in frame["period"]:
        yield Period.of(start.to_pydatetime(), grain, data.calendar)


def _label(data: Any, name: str) -> str:
    if name in ("period", "rows", "entities"):
        return name.capitalize()
    return str(data.label(name))


def _cell(value: Any, unit: str, decimals: int | None) -> str:
    from mirrorbi.facts.fact import Quantity
    from mirrorbi.wording.numbers import format_quantity

    if value is None:
        return "–"
    if isinstance(value, str | bool):
        return str(value)
    return format_quantity(Quantity.of(value, unit or "count", decimals))


def _plain(value: Any) -> Any:
    """Return a cell as Python has it; what cannot be computed is ``None``."""
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
