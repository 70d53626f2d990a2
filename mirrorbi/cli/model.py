"""``mirrorbi model``: a draft of the semantic model, made from the data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def model(
    source: Annotated[str, typer.Argument(help="A file, glob or folder.", metavar="SOURCE")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write it.  [beside the data]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a model that is there.")] = False,
) -> None:
    """Draft the semantic model of a data set: time, dimensions, metrics, units.

    Every guess is commented in the file; correct it and delete the comment.
    """
