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

    Every guess is commented in the file; correct it, then delete the line 'draft: true'.
    """
    from mirrorbi.cli.output import Line, say
    from mirrorbi.data.draft import draft_model
    from mirrorbi.data.draftyaml import to_yaml
    from mirrorbi.data.engine import connect
    from mirrorbi.data.profile import profile
    from mirrorbi.data.sources import open_source
    from mirrorbi.errors import StoreError
    from mirrorbi.storage.local import LocalStore

    line = Line()
    line(f"Reading {source}")
    try:
        opened = open_source(source, connect())
        name = Path(opened.name).stem
        draft = draft_model(opened.table, profile(opened.table), name)
    finally:
        line.clear()
    target = output or _beside(opened.paths)
    if target.exists() and not force:
        raise StoreError(
            f"There is a model at '{target}'.",
            hint="Use --force to replace it, or -o for another place.",
        )
    LocalStore(target.parent).write(target.name, to_yaml(draft).encode())
    meaning = draft.model
    say(
        f"{len(meaning.metrics)} metrics, {len(meaning.dimensions)} dimensions, "
        f"time: {meaning.time.column if meaning.time else 'none'}"
    )
    say(str(target))
    say("Every guess is commented: correct it, then delete the line 'draft: true'.")


def _beside(paths: tuple[Path, ...]) -> Path:
    first = paths[0]
    folder = first.parent if len(paths) > 1 else None
    place = (
        folder / "model.yaml"
        if folder
        else first.with_name(f"{first.name.split('.')[0]}.model.yaml")
    )
    here = Path.cwd()
    return place.relative_to(here) if place.is_relative_to(here) else place
