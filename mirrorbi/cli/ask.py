"""``mirrorbi ask``: a question answered by Claude, every figure from a computed fact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mirrorbi.cli.options import AsJson, ModelFile, Source

if TYPE_CHECKING:
    from mirrorbi.narrative.chat import Answer


def ask(
    source: Source,
    question: Annotated[str, typer.Argument(help="In plain words.", metavar="QUESTION")],
    model: ModelFile = None,
    claude_model: Annotated[
        str | None,
        typer.Option(help="Who answers: a name of 'mirrorbi models'.  [settings]", metavar="NAME"),
    ] = None,
    budget: Annotated[
        float | None, typer.Option(help="US dollars that it may cost.", min=0.0, metavar="USD")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Do not use answers kept from before.")
    ] = False,
    code: Annotated[
        bool, typer.Option("--code", help="Show the Python that finds the same facts.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Answer a question with Claude, from computed facts alone.

    What is sent is what 'mirrorbi preview' shows: names of metrics, dimensions and
    members, released aggregates, and the question. Never rows.
    """
    from mirrorbi.cli.output import ProgressLine, print_json, print_line
    from mirrorbi.cli.sources import open_data
    from mirrorbi.narrative.chat import ask as ask_claude
    from mirrorbi.narrative.chat.answer import OURS

    data = open_data(source, model)
    line = ProgressLine()
    line("Asking Claude")
    try:
        answer = ask_claude(
            data, question, model=claude_model, budget=budget, cache=False if no_cache else None
        )
    finally:
        line.clear()
    if as_json:
        print_json(answer.to_dict())
    else:
        _print_answer(answer, code)
        if not code:
            print_line("--code shows the Python that finds the same facts without Claude.")
    if answer.reason in OURS:
        raise typer.Exit(1)


def _print_answer(answer: Answer, code: bool) -> None:
    import textwrap

    from mirrorbi.cli.output import print_line, printable

    for paragraph in answer.text.split("\n"):
        for part in textwrap.wrap(printable(paragraph), 78) or [""]:
            print_line(part)
    titles = [chart.title_text for chart in answer.charts]
    if titles:
        print_line()
        print_line("Charts, shown in a notebook:")
        for title in titles:
            print_line(f"  {printable(title)}")
    print_line()
    print_line("Computed:" if answer.computed else "Nothing was computed.")
    for call in answer.computed:
        lines = textwrap.wrap(printable(call.text), 76, subsequent_indent="  ")
        print_line("\n".join(f"  {text}" for text in lines))
    if answer.replaced:
        count = answer.replaced
        print_line(
            f"{count} {'sentence' if count == 1 else 'sentences'} failed the checks and "
            "stands in our own words or is left out."
        )
    print_line("\n".join(textwrap.wrap(printable(answer.cost_text), 78, subsequent_indent="  ")))
    if code:
        print_line()
        print_line(answer.code.rstrip())
