"""``mirrorbi query``: metrics of a data set as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
