"""The command line: ``mirrorbi``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mirrorbi._version import __version__
from mirrorbi.cli import ask, check, facts, ledger, model, models, preview, query, run, verify
from mirrorbi.cli.entry import main
from mirrorbi.cli.output import print_error, print_fault, print_line
from mirrorbi.errors import MirrorBIError

if TYPE_CHECKING:
    from mirrorbi.kernels.standby import Standby

__all__ = ["app", "carry_out", "main"]

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


def carry_out(standby: Standby | None = None) -> int | str | None:
    """Do what the command line says and return the exit code.

    Parameters
    ----------
    standby
        A kernel that is starting, for the command that may want one.
    """
    code: int | str | None = 0
    try:
        app(prog_name="mirrorbi", obj=standby)
    except MirrorBIError as error:
        if os.environ.get("MIRRORBI_DEBUG"):
            raise
        print_error(error)
        code = error.exit_code
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = _discard_output()
    except SystemExit as exit_:
        code = exit_.code
    except Exception as error:  # never a bare traceback: it may quote the data
        if os.environ.get("MIRRORBI_DEBUG"):
            raise
        print_fault(error)
        code = 1
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = _discard_output()
    if code == 130:
        sys.stderr.write("Stopped.\n")
    return code


def _discard_output() -> int:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141
