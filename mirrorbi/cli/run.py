"""``mirrorbi run``: a notebook becomes a report."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from mirrorbi.cli.options import AsJson

_NARRATORS = ("rules", "claude")


def run(
    context: typer.Context,
    notebook: Annotated[Path, typer.Argument(help="The notebook, an .ipynb file.", metavar="NB")],
    parameters: Annotated[
        list[str] | None,
        typer.Option("-p", "--param", help="A parameter; repeat for more.", metavar="NAME=VALUE"),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("-f", "--params-file", help="Parameters in a YAML file.")
    ] = None,
    help_params: Annotated[
        bool, typer.Option("--help-params", help="Show the notebook's parameters and stop.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder of the report.  [reports]")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds that one cell may take.  [3600]", min=0.1)
    ] = None,
    narrator: Annotated[
        str | None, typer.Option(help="Who writes: rules or claude.  [settings]", metavar="WHO")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Ask Claude anew, whatever was answered before.")
    ] = False,
    budget: Annotated[
        str | None,
        typer.Option(help="US dollars that Claude may cost.  [settings]", metavar="USD"),
    ] = None,
    open_report: Annotated[bool, typer.Option("--open", help="Open the report.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a notebook and write its report as one HTML file."""
    from mirrorbi.cli.output import ProgressLine, pairs_of, print_json, print_line

    if help_params:
        _show_parameters(notebook, as_json)
        return
    values = {**(_from_file(file) if file else {}), **pairs_of(parameters or (), "-p")}

    from mirrorbi.kernels.json_schema import import_jsonschema
    from mirrorbi.kernels.standby import Standby
    from mirrorbi.reports.plan import make_plan

    line = ProgressLine()
    line(f"{notebook.name} starting")
    try:
        with interrupted_by_sigterm():
            plan = make_plan(
                notebook,
                values,
                output=output,
                environment=_environment(narrator, no_cache, budget),
            )
            # What is refused is refused before the rest is imported, which takes most of a second.
            import_jsonschema()
            from mirrorbi.reports.run.run import perform

            outcome = perform(
                plan,
                timeout,
                progress=lambda n, of, title: line(f"{notebook.name} {n}/{of} {title}".rstrip()),
                source=context.find_object(Standby),
            )
    finally:
        line.clear()
    if as_json:
        print_json(
            {
                "report": str(outcome.report),
                "notebook": str(outcome.notebook),
                "headline": outcome.headline,
                "seconds": round(outcome.seconds, 2),
                "charts": outcome.charts,
                "facts": outcome.facts,
                "files": str(outcome.files) if outcome.files else None,
            }
        )
    else:
        if outcome.headline:
            print_line(outcome.headline)
        print_line(str(outcome.report))
        if outcome.files:
            print_line(f"{outcome.files}/")
        print_line(f"{outcome.seconds:.1f} s")
    if open_report:
        typer.launch(str(outcome.report.resolve()))


def _environment(narrator: str | None, no_cache: bool, budget: str | None) -> dict[str, str]:
    """Return what was asked for this run alone, as variables of the environment."""
    from mirrorbi.errors import SettingsError, did_you_mean

    variables = {}
    if narrator is not None:
        if narrator not in _NARRATORS:
            raise SettingsError(
                f"--narrator {narrator!r} is nobody who writes.",
                hint=did_you_mean(narrator, _NARRATORS, noun="narrators"),
            )
        variables["MIRRORBI_NARRATOR"] = narrator
    if no_cache:
        variables["MIRRORBI_CLAUDE_CACHE"] = "false"
    if budget is not None:
        variables["MIRRORBI_CLAUDE_BUDGET_RUN"] = budget
    return variables


def _show_parameters(notebook: Path, as_json: bool) -> None:
    from mirrorbi.cli.output import print_json, print_line, print_table
    from mirrorbi.reports.notebook import load_notebook
    from mirrorbi.reports.parameters.parameter_cell import read_parameters

    declared = read_parameters(load_notebook(notebook))
    if as_json:
        print_json(
            [
                {
                    "name": p.name,
                    "type": p.type.text,
                    "default": None if p.secret else p.default,
                    "required": p.required,
                    "secret": p.secret,
                    "help": p.help,
                }
                for p in declared.values()
            ]
        )
    elif declared:
        print_table(
            ("Parameter", "Type", "Default", "What it does"),
            [(p.name, p.type.text, _default(p), p.help) for p in declared.values()],
        )
    else:
        print_line(f"{notebook.name} has no parameters.")


def _default(parameter: Any) -> str:
    if parameter.required:
        return "(required)"
    return "" if parameter.secret else repr(parameter.default)


def _from_file(path: Path) -> Mapping[str, Any]:
    import yaml

    from mirrorbi.errors import ParameterError

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ParameterError(
            f"The parameters file '{path}' cannot be read: {error.strerror}.",
            hint="Give the path of a YAML file after -f.",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParameterError(
            f"The parameters file '{path}' is not YAML: {' '.join(str(error).split())}.",
            hint="Write one 'name: value' a line.",
        ) from None
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise ParameterError(
            f"The parameters file '{path}' holds a {type(values).__name__}, not names and values.",
            hint="Write one 'name: value' a line.",
        )
    return values


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """Make SIGTERM end a run as Ctrl-C does: the kernel too, and nothing half-written."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
