"""``mirrorbi model``: a draft of the semantic model, made from the data."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mirrorbi.data.model.draft import Draft
    from mirrorbi.privacy.pii import Finding


def model(
    source: Annotated[str, typer.Argument(help="A file, glob or folder.", metavar="SOURCE")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write it.  [beside the data]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a model that is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Draft the semantic model of a data set: time, dimensions, metrics, units.

    Every guess is commented in the file; correct it, then delete the line 'draft: true'.
    Who may see each column is judged by its name and a sample of its values, and shown;
    what you write under 'privacy' in the file holds.
    """
    from mirrorbi.cli.output import Line, say, say_json
    from mirrorbi.data.engine.embedded import connect
    from mirrorbi.data.engine.profile import profile
    from mirrorbi.data.ingest.sources import open_source
    from mirrorbi.data.model.draft import draft_model
    from mirrorbi.data.model.draft_yaml import to_yaml
    from mirrorbi.errors import StoreError
    from mirrorbi.privacy.pii import classify
    from mirrorbi.storage.local import LocalStore

    line = Line()
    line(f"Reading {source}")
    try:
        opened = open_source(source, connect())
        name = Path(opened.name).stem
        known = profile(opened.table)
        line(f"Looking for personal data in {source}")
        found = classify(opened.table, known=known)
        judged = {column: finding.judged for column, finding in found.items()}
        draft = draft_model(opened.table, known, name, judged, opened.zones)
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
    time = meaning.time.column if meaning.time else None
    if as_json:
        say_json(
            {
                "model": str(target),
                "time": time,
                "entity": meaning.dataset.entity,
                "dimensions": list(meaning.dimensions),
                "metrics": list(meaning.metrics),
                "columns": {column: finding.to_dict() for column, finding in found.items()},
            }
        )
        return
    _print_classes(found, draft)
    for note in opened.notes:
        say(textwrap.fill(note, 80, subsequent_indent="  ", break_long_words=False))
    shown = sum(1 for metric in meaning.metrics.values() if not metric.hidden)
    say(
        f"{_count(shown, 'metric')}, {_count(len(meaning.dimensions), 'dimension')}, "
        f"time: {time or 'none'}"
    )
    say(str(target))
    say("Every guess is commented: correct it, then delete the line 'draft: true'.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _print_classes(found: Mapping[str, Finding], draft: Draft) -> None:
    from mirrorbi.cli.output import print_table

    rows = []
    for column, f in found.items():
        # What is written in the file: a name may say more than the values do.
        written = draft.model.privacy.columns.get(column, str(f.privacy))
        why = f.reason if written == str(f.privacy) else draft.reasons[f"privacy.{column}"]
        rows.append([column, written, why, f"{f.count:,}" if f.share is not None else ""])
    print_table(["Column", "Class", "Why", "Count"], rows, numbers=[3])


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
