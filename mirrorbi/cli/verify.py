"""``mirrorbi verify``: recompute every figure of a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mirrorbi.cli.options import AsJson


def verify(
    report: Annotated[Path, typer.Argument(help="The report, an HTML file.", metavar="REPORT")],
    source: Annotated[
        str | None, typer.Option(help="The data, if it lies elsewhere now.", metavar="SOURCE")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="The model, if it is not beside the data.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every figure of a report from the data.

    The exit code is 1 unless every figure is the same.
    """
    from mirrorbi.cli.output import print_json, print_line, print_table
    from mirrorbi.reports.verify.verify import verify as verify_report

    verification = verify_report(report, source, model=model)
    if as_json:
        print_json(verification.to_dict())
    else:
        if verification.problems:
            unproven = {
                f.about: f.state for f in verification.problems if f.state in ("gone", "unproven")
            }
            print_table(
                ("Figure", "State", "In the report", "From the data"),
                [
                    *(
                        (f.name, f.state, f.shown, f.computed)
                        for f in verification.problems
                        if f.state not in ("gone", "unproven")
                    ),
                    *((about, state, "", "") for about, state in unproven.items()),
                ],
            )
            print_line()
        for note in verification.notes:
            print_line(note)
        print_line(verification.summary)
    if not verification.ok:
        raise typer.Exit(1)
