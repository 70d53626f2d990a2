"""``mirrorbi preview``: what Claude would see, before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mirrorbi.cli.options import (
    Comparison,
    Dimensions,
    Grain,
    Kinds,
    Members,
    Metrics,
    ModelFile,
    Period,
    Source,
)

if TYPE_CHECKING:
    from mirrorbi.privacy.preview import Preview


def preview(
    source: Source,
    top: Annotated[
        int | None, typer.Option(help="How many facts; all, if not said.", min=1)
    ] = None,
    kind: Kinds = None,
    metric: Metrics = None,
    by: Dimensions = None,
    where: Members = None,
    grain: Grain = None,
    period: Period = None,
    compare: Comparison = "previous",
    model: ModelFile = None,
    question: Annotated[
        str | None, typer.Option(help="Show a question as it would be sent, instead of facts.")
    ] = None,
    vocabulary: Annotated[
        bool, typer.Option("--vocabulary", help="Show the names that Claude may ask for, instead.")
    ] = False,
    as_bytes: Annotated[
        bool, typer.Option("--bytes", help="Print the payload, byte for byte.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print payload, size, hash and what is held back.")
    ] = False,
) -> None:
    """Show what Claude would see of a data set. Nothing is sent, no cloud is needed."""
    import sys

    from mirrorbi.cli.output import print_json, print_line, print_table
    from mirrorbi.cli.sources import members_of, open_data
    from mirrorbi.errors import ParameterError
    from mirrorbi.privacy.gate import Gate

    if as_bytes and as_json:
        raise ParameterError("--bytes and --json exclude each other.", hint="Leave one out.")
    if vocabulary and question is not None:
        raise ParameterError(
            "--vocabulary and --question exclude each other.", hint="Leave one out."
        )
    data = open_data(source, model)
    gate = Gate(data, approve=lambda _: True)
    if question is not None:
        shown = gate.question(question).preview()
    elif vocabulary:
        shown = gate.vocabulary().preview()
    else:
        fact_set = data.facts(
            metrics=metric,
            by=by,
            where=members_of(where),
            grain=grain,
            period=period,
            compare=compare,
            kinds=kind,
        )
        shown = gate.preview(fact_set if top is None else fact_set.top(top))
    if as_bytes:
        sys.stdout.flush()
        sys.stdout.buffer.write(shown.body)
        return
    if as_json:
        print_json(shown.to_dict())
        return
    if shown.kind == "facts":
        print_table(("", "What Claude sees", "Figures"), [_table_row(line) for line in shown.lines])
    else:
        print_line(shown.payload_text())
    _print_summary(shown, gate.policy.narrators)


def _print_summary(shown: Preview, narrators: tuple[str, ...]) -> None:
    from mirrorbi.cli.output import print_line, print_table

    print_line()
    for line in shown.summary():
        print_line(line)
    if shown.withheld:
        print_line()
        print_table(
            ("Rule", "Cells", "What stays here"),
            [(part.rule, f"{part.cells:,}", part.what) for part in shown.withheld],
            numbers=(1,),
        )
    if "claude" not in narrators:
        print_line()
        print_line('Nothing is sent under this policy: narrators = ["rules"].')


def _table_row(line: tuple[str, ...]) -> tuple[str, str, str]:
    handle, kind, metric, scope, times, figures = line
    return handle, f"{kind}: {metric}, {scope}\n{times}".strip(), figures
