"""``mirrorbi facts``: what is worth knowing about a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def facts(
    source: Annotated[str, typer.Argument(help="A file, glob or folder.", metavar="SOURCE")],
    top: Annotated[int, typer.Option(help="How many to show.", min=1)] = 10,
    kind: Annotated[
        list[str] | None, typer.Option(help="Kinds of facts, such as change; repeat for more.")
    ] = None,
    metric: Annotated[list[str] | None, typer.Option(help="Metrics; repeat for more.")] = None,
    by: Annotated[list[str] | None, typer.Option(help="Dimensions; repeat for more.")] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="Members kept.", metavar="DIMENSION=MEMBER")
    ] = None,
    grain: Annotated[str | None, typer.Option(help="day, week, month, quarter or year.")] = None,
    period: Annotated[str | None, typer.Option(help="The period reviewed: 2013-12.")] = None,
    compare: Annotated[
        str, typer.Option(help="previous, year_ago, average, or a period.")
    ] = "previous",
    model: Annotated[Path | None, typer.Option(help="The semantic model.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """Show what is worth knowing about a data set, best first."""
