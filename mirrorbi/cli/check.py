"""``mirrorbi check``: what a finished file exposes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mirrorbi.cli.options import AsJson

_WORDS = {
    "personal_data": "personal data",
    "row_values": "single rows",
    "small_counts": "counts of few",
    "secret": "secret",
    "path": "path",
    "address": "address outside",
    "parameter": "parameters",
    "hidden": "hidden",
    "formula": "formula",
}


def check(
    report: Annotated[
        Path, typer.Argument(help="HTML, .ipynb, .csv, .xlsx or text.", metavar="REPORT")
    ],
    as_json: AsJson = False,
) -> None:
    """Say what a finished file exposes, our own or another's.

    Looks for personal data, values of single rows, counts of few, secrets, paths,
    addresses outside the file, parameters, and what is there without being shown.
    Personal data and secrets are masked. Exits with 1 if anything is found.
    """
    from mirrorbi.cli.output import print_json, print_line, print_table
    from mirrorbi.privacy.exposure import check_file

    exposures = check_file(report)
    if as_json:
        print_json({"file": str(report), "exposes": [exposure.to_dict() for exposure in exposures]})
    elif not exposures:
        print_line(f"Nothing was found in {report}.")
        print_line("Read it all the same: what a sentence gives away, no program knows.")
    else:
        rows = [
            [
                _WORDS[e.what],
                e.detail + (f": {_example(e.examples[0])}" if e.examples else ""),
                e.where,
                f"{e.count:,}",
            ]
            for e in exposures
        ]
        print_table(["Kind", "What", "Where", "Count"], rows, numbers=[3])
        print_line(
            f"{len(exposures)} {'thing' if len(exposures) == 1 else 'things'} found in {report}."
        )
    if exposures:
        raise typer.Exit(1)


def _example(text: str) -> str:
    return text if len(text) <= 48 else text[:47] + "…"
