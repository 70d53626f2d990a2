"""``mirrorbi query``: metrics of a data set as a table."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mirrorbi.cli.options import AsJson, Dimensions, Grain, Members, ModelFile, NoControl, Source
from mirrorbi.errors import RefusedError

if TYPE_CHECKING:
    from mirrorbi.analysis.table import ResultTable


def query(
    source: Source,
    metrics: Annotated[list[str], typer.Argument(help="Names of metrics.", metavar="METRIC...")],
    by: Dimensions = None,
    where: Members = None,
    grain: Grain = None,
    period: Annotated[str | None, typer.Option(help="Such as 2013-12 or 2013-01/2013-06.")] = None,
    model: ModelFile = None,
    no_control: NoControl = False,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print as CSV.")] = False,
) -> None:
    """Show metrics of a data set as a table, CSV or JSON."""
    from mirrorbi.cli.output import print_json, print_line, print_table
    from mirrorbi.cli.sources import members_of, open_data
    from mirrorbi.data.export import write_csv

    if as_json and as_csv:
        raise typer.BadParameter("give --json or --csv, not both")
    table = open_data(source, model).query(
        metrics,
        by=by or (),
        where=members_of(where),
        grain=grain,
        period=period,
        control=not no_control,
    )
    if table.refused:
        raise RefusedError(table.refused, hint="To explore, hold nothing back: --no-control.")
    frame = table.shown
    if "period" in frame:
        frame = frame.assign(period=[str(p) for p in table.periods()])
    lines = [
        {name: _plain(value) for name, value in zip(frame.columns, line, strict=True)}
        for line in frame.itertuples(index=False, name=None)
    ]
    if as_json:
        withheld = [entry._asdict() for entry in table.withheld]
        print_json({"query": table.query.to_dict(), "lines": lines, "withheld": withheld})
    elif as_csv:
        write_csv(sys.stdout, list(frame.columns), [list(line.values()) for line in lines])
    elif not lines:
        print_line(_no_rows_text(table))
    else:
        heads = [table.head(name) for name in table.names]
        numbers = [i for i, name in enumerate(table.names) if table.is_number(name)]
        print_table(heads, list(table.lines()), numbers=numbers)
        if table.note:
            print_line()
            print_line(table.note)


def _no_rows_text(table: ResultTable) -> str:
    """Say that no row answers, and where there are rows."""
    first, last = table.dataset.first, table.dataset.last
    if table.query.period is None or first is None or last is None:
        return "No row of the data answers this."
    span = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return f"There is no row in {table.query.period}: the data covers {span}."


def _plain(value: Any) -> Any:
    """Return a cell as Python has it; what is not there, or not shown, is ``None``."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, str | bool | int):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None
