"""``mirrorbi verify``: recompute every figure of a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def verify(
    report: Annotated[Path, typer.Argument(help="The report, an HTML file.", metavar="REPORT")],
    source: Annotated[
        str | None, typer.Option(help="The data, if it lies elsewhere now.", metavar="SOURCE")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="The model, if it is not beside the data.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Recompute every figure of a report from the data.

    The exit code is 1 unless every figure is the same.
    """
    from mirrorbi.cli.output import print_table, say, say_json
    from mirrorbi.reports.verify.verify import verify as verify_report

    checked = verify_report(report, source, model=model)
    if as_json:
        say_json(checked.to_dict())
    else:
        if checked.problems:
            lost = {f.about: f.state for f in checked.problems if f.state in ("gone", "unproven")}
            print_table(
                ("Figure", "State", "In the report", "From the data"),
                [
                    *(
                        (f.name, f.state, f.shown, f.computed)
                        for f in checked.problems
                        if f.state not in ("gone", "unproven")
                    ),
                    *((about, state, "", "") for about, state in lost.items()),
                ],
            )
            say()
        for note in checked.notes:
            say(note)
        say(checked.summary)
    if not checked.ok:
        raise typer.Exit(1)
