"""Arguments and options that several commands take, each with its help said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[str, typer.Argument(help="A file, glob or folder.", metavar="SOURCE")]
ModelFile = Annotated[Path | None, typer.Option(help="The semantic model.", metavar="FILE")]
Metrics = Annotated[list[str] | None, typer.Option(help="Metrics; repeat for more.")]
Kinds = Annotated[
    list[str] | None, typer.Option(help="Kinds of facts, such as change; repeat for more.")
]
Dimensions = Annotated[list[str] | None, typer.Option(help="Dimensions; repeat for more.")]
Members = Annotated[
    list[str] | None, typer.Option(help="Members kept.", metavar="DIMENSION=MEMBER")
]
Grain = Annotated[str | None, typer.Option(help="day, week, month, quarter or year.")]
Period = Annotated[str | None, typer.Option(help="The period reviewed: 2013-12.")]
Comparison = Annotated[str, typer.Option(help="previous, year_ago, average, or a period.")]
NoControl = Annotated[
    bool, typer.Option("--no-control", help="Hold no small cell back: to explore.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
