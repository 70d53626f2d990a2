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
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Recompute every figure of a report from the data.

    The exit code is 1 unless every figure is the same.
    """
    from mirrorbi.cli.output import print_table, say, say_json
    from mirrorbi.reports.verify import verify as verify_report

    checked = verify_report(report, source)
    if as_json:
        say_json(checked.to_dict())
    else:
        if checked.problems:
            print_table(
                ("Figure", "State", "In the report", "From the data"),
                [(f.name, f.state, f.shown, f.computed) for f in checked.problems],
            )
            say()
        say(checked.summary)
    if not checked.ok:
        raise typer.Exit(1)
