"""``mirrorbi model``: a draft of the semantic model, made from the data."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mirrorbi.cli.options import AsJson, Source

if TYPE_CHECKING:
    from mirrorbi.data.engine.sealed_table import SealedTable
    from mirrorbi.data.model.column_roles import ColumnPrivacy
    from mirrorbi.data.model.draft import Draft
    from mirrorbi.privacy.pii import Finding


def model(
    source: Source,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write it.  [beside the data]")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a model that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draft the semantic model of a data set: time, dimensions, metrics, units.

    Every guess is commented in the file; correct it, then delete the line 'draft: true'.
    Who may see each column is judged by its name and a sample of its values, and shown;
    what you write under 'privacy' in the file holds.
    """
    from mirrorbi.cli.output import ProgressLine, print_json, print_line
    from mirrorbi.data.model.draft_yaml import to_yaml
    from mirrorbi.data.opening import draft_source
    from mirrorbi.errors import StoreError
    from mirrorbi.privacy.pii import classify
    from mirrorbi.storage.local import LocalStore

    line = ProgressLine()
    findings: dict[str, Finding] = {}

    def classify_columns(table: SealedTable) -> dict[str, ColumnPrivacy]:
        table.profile()
        line(f"Looking for personal data in {source}")
        findings.update(classify(table))
        return {column: finding.column_privacy for column, finding in findings.items()}

    line(f"Reading {source}")
    try:
        drafted = draft_source(source, classify_columns)
    finally:
        line.clear()
    draft = drafted.draft
    target = output or _default_target(drafted.paths)
    if target.exists() and not force:
        raise StoreError(
            f"There is a model at '{target}'.",
            hint="Use --force to replace it, or -o for another place.",
        )
    LocalStore(target.parent).write(target.name, to_yaml(draft).encode())
    semantic_model = draft.model
    time = semantic_model.time.column if semantic_model.time else None
    if as_json:
        print_json(
            {
                "model": str(target),
                "time": time,
                "entity": semantic_model.dataset.entity,
                "dimensions": list(semantic_model.dimensions),
                "metrics": list(semantic_model.metrics),
                "columns": {column: finding.to_dict() for column, finding in findings.items()},
            }
        )
        return
    _print_classes(findings, draft)
    for note in drafted.notes:
        print_line(textwrap.fill(note, 80, subsequent_indent="  ", break_long_words=False))
    shown = sum(1 for metric in semantic_model.metrics.values() if not metric.hidden)
    print_line(
        f"{_count(shown, 'metric')}, {_count(len(semantic_model.dimensions), 'dimension')}, "
        f"time: {time or 'none'}"
    )
    print_line(str(target))
    print_line("Every guess is commented: correct it, then delete the line 'draft: true'.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _print_classes(findings: Mapping[str, Finding], draft: Draft) -> None:
    from mirrorbi.cli.output import print_table

    rows = []
    for column, finding in findings.items():
        # What is written in the file: a name may say more than the values do.
        written = draft.model.privacy.columns.get(column, str(finding.privacy))
        why = (
            finding.reason
            if written == str(finding.privacy)
            else draft.reasons[f"privacy.{column}"]
        )
        rows.append(
            [column, written, why, f"{finding.count:,}" if finding.share is not None else ""]
        )
    print_table(["Column", "Class", "Why", "Count"], rows, numbers=[3])


def _default_target(paths: tuple[Path, ...]) -> Path:
    first = paths[0]
    folder = first.parent if len(paths) > 1 else None
    target = (
        folder / "model.yaml"
        if folder
        else first.with_name(f"{first.name.split('.')[0]}.model.yaml")
    )
    cwd = Path.cwd()
    return target.relative_to(cwd) if target.is_relative_to(cwd) else target
