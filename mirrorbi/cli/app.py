"""The command line: ``mirrorbi``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from mirrorbi._version import __version__
from mirrorbi.cli import ask, check, facts, ledger, model, models, preview, query, run, verify
from mirrorbi.cli.output import print_line

app = typer.Typer(
    name="mirrorbi",
    help="Business numbers explained, with figures that can be recomputed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    rich_markup_mode=None,
)
app.command("run")(run.run)
app.command("facts")(facts.facts)
app.command("ask")(ask.ask)
app.command("preview")(preview.preview)
app.command("query")(query.query)
app.command("model")(model.model)
app.command("models")(models.models)
app.command("verify")(verify.verify)
app.command("check")(check.check)
app.add_typer(ledger.app, name="ledger")


def _version(value: bool) -> None:
    if value:
        print_line(f"mirrorbi {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks.", envvar="MIRRORBI_DEBUG")
    ] = False,
) -> None:
    if debug:
        os.environ["MIRRORBI_DEBUG"] = "1"
