"""``mirrorbi ledger``: what was sent to Claude, and whether that list was changed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mirrorbi.cli.options import AsJson

if TYPE_CHECKING:
    from mirrorbi.privacy.ledger import Call, FileLedger, S3Ledger

app = typer.Typer(
    help="What was sent to Claude, by whom and when; and whether the list was changed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Place = Annotated[
    str | None,
    typer.Option(
        "--ledger", help="Another ledger than the settings name.", metavar="FOLDER|s3://..."
    ),
]
_KIB = 1024
_MOST = 3
_LISTED = 10


@app.command("show")
def show(
    entry: Annotated[
        str | None, typer.Argument(help="One call, whole: its number.", metavar="[ENTRY]")
    ] = None,
    last: Annotated[int, typer.Option(help="How many calls, newest last.", min=1)] = 20,
    run: Annotated[str | None, typer.Option(help="Only calls of this run.", metavar="ID")] = None,
    place: Place = None,
    as_json: AsJson = False,
) -> None:
    """Show the calls to Claude: when, why, what was sent, the outcome."""
    from mirrorbi.cli.output import print_json, print_line
    from mirrorbi.privacy.ledger import calls_of

    ledger = _ledger(place)
    calls = calls_of(ledger.entries())
    if entry is not None:
        call = _find_call(calls, entry)
        return print_json(_full_dict(call, calls)) if as_json else _print_call(call, calls)
    matches = [call for call in calls if run is None or call.run == run]
    if run is not None and not matches:
        _refuse_run(run, calls)
    shown = matches[-last:]
    if as_json:
        return print_json([call.to_dict() for call in shown])
    if not shown:
        return print_line(f"No call was made: the ledger at {ledger.place} is empty.")
    _print_calls(shown)
    print_line()
    _print_summary(shown, len(matches))
    return None


@app.command("verify")
def verify(
    head: Annotated[
        str | None,
        typer.Option(help="Hash or id of an entry that you noted elsewhere.", metavar="HASH"),
    ] = None,
    place: Place = None,
    as_json: AsJson = False,
) -> None:
    """Check that no entry was changed, moved, added or taken out.

    The exit code is 1 unless the ledger is as it was written. Keep the head that is printed
    somewhere else: given later with --head, it proves that nothing before it was replaced.
    """
    from mirrorbi.cli.output import print_json, print_line, print_table
    from mirrorbi.privacy.ledger import verify_ledger

    verification = verify_ledger(_ledger(place), head=head)
    if as_json:
        print_json(verification.to_dict())
    else:
        if verification.problems:
            print_table(("Where", "What is wrong"), verification.problems)
            print_line()
        for note in verification.notes:
            print_line(note)
        entries = _count(verification.entries, "entry", "entries")
        counts = f"{entries}, {_count(verification.calls, 'call')}"
        if verification.ok:
            print_line(f"Unchanged: {counts} in {verification.place}.")
            if verification.last is not None:
                print_line(f"Head: {verification.last.hash}")
        else:
            count = len(verification.problems)
            print_line(f"Changed: {_count(count, 'problem')} in {counts} in {verification.place}.")
    if not verification.ok:
        raise typer.Exit(1)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Ends in .jsonl or .csv.", metavar="FILE")],
    place: Place = None,
) -> None:
    """Write the ledger to a file: its lines, or a table of its calls."""
    from mirrorbi.cli.output import print_line
    from mirrorbi.privacy.ledger import calls_of
    from mirrorbi.privacy.ledger.export import as_csv, as_lines
    from mirrorbi.storage.local import LocalStore

    ending = file.suffix.lower()
    if ending not in (".jsonl", ".csv"):
        raise typer.BadParameter(f"{file.name!r} ends neither in .jsonl nor in .csv.")
    ledger = _ledger(place)
    content = as_csv(calls_of(ledger.entries())) if ending == ".csv" else as_lines(ledger.lines())
    LocalStore(file.parent).write(file.name, content)
    print_line(str(file))


def _ledger(place: str | None) -> FileLedger | S3Ledger:
    from mirrorbi.privacy.ledger import open_ledger
    from mirrorbi.settings import load_settings

    settings = load_settings()
    if place is not None:
        settings = settings.model_copy(update={"ledger": place})
    return open_ledger(settings)


def _find_call(calls: list[Call], entry: str) -> Call:
    from mirrorbi.errors import QueryError, did_you_mean

    for call in calls:
        if entry in (call.entry, call.entry.partition("-")[0]):
            return call
    raise QueryError(
        f"There is no call {entry!r} in the ledger.",
        hint=did_you_mean(entry, [call.entry for call in calls[-5:]], noun="last calls"),
    )


def _refuse_run(run: str, calls: list[Call]) -> None:
    from mirrorbi.errors import QueryError, did_you_mean

    runs = [call.run for call in reversed(calls) if call.run]
    raise QueryError(
        f"There is no run {run!r} in the ledger.", hint=did_you_mean(run, runs, noun="runs")
    )


def _print_calls(calls: list[Call]) -> None:
    from mirrorbi.bedrock.budget import figure
    from mirrorbi.cli.output import print_table
    from mirrorbi.privacy.ledger.calls import UNKNOWN

    print_table(
        ("Entry", "When (UTC)", "Purpose", "Sent", "Withheld", "USD", "Outcome"),
        [
            (
                call.entry.partition("-")[0],
                call.at[5:16].replace("T", " "),
                call.purpose,
                _size(call.sent),
                str(sum(call.withheld.values()) or ""),
                "" if call.cost is None else figure(call.cost),
                "sent, unknown" if call.outcome == UNKNOWN else call.outcome,
            )
            for call in calls
        ],
        numbers=(0, 3, 4, 5),
    )


def _print_summary(calls: list[Call], total: int) -> None:
    from mirrorbi.bedrock.budget import dollars
    from mirrorbi.bedrock.usage import usage_summary
    from mirrorbi.cli.output import print_line, printable
    from mirrorbi.privacy.ledger.calls import UNKNOWN

    summary = usage_summary(calls)
    usage = summary.usage
    number = f"{len(calls):,} of {total:,} calls" if total > len(calls) else _count(total, "call")
    days = list(dict.fromkeys((summary.first[:10], summary.last[:10])))
    print_line(
        f"{number}, {' to '.join(days)}: "
        f"{usage.input + usage.cache_read + usage.cache_write:,} tokens in, {usage.output:,} out, "
        f"{dollars(usage.cost or Decimal(0))}."
    )
    for name, counts in (("Model", summary.models), ("User", summary.users)):
        for value, count in list(counts.items())[:_MOST]:
            print_line(f"{name}: {printable(value)}{f' ({count:,})' if len(counts) > 1 else ''}")
    print_line(f"Regions: {', '.join(map(printable, summary.regions))}")
    unknown = [call.entry.partition("-")[0] for call in calls if call.outcome == UNKNOWN]
    if unknown:
        print_line()
        print_line(
            f"{_count(len(unknown), 'call')} sent, outcome unknown: "
            f"{', '.join(unknown[:_LISTED])}{' ...' if len(unknown) > _LISTED else ''}. "
            "What became of it was never written:"
        )
        print_line("the process ended, or the connection broke. Bedrock may have charged for it.")


def _print_call(call: Call, calls: list[Call]) -> None:
    """Print one call, with the payloads as they were sent."""
    import json

    from mirrorbi.bedrock.budget import dollars
    from mirrorbi.cli.output import print_line, printable
    from mirrorbi.privacy.ledger.calls import payloads_of

    withheld = ", ".join(f"{count} {rule}" for rule, count in call.withheld.items())
    tokens = f"{call.input:,} in, {call.output:,} out"
    if call.cache_read or call.cache_write:
        tokens += f"; prompt cache: {call.cache_read:,} read, {call.cache_write:,} written"
    rows = (
        ("Entry", call.entry),
        ("Outcome", " ".join(filter(None, (call.outcome, call.error and f"({call.error})")))),
        ("Sent", call.at.replace("T", " ")),
        ("Ended", call.ended.replace("T", " ")),
        ("Run", call.run),
        ("User", call.user if call.user == call.account else f"{call.user} ({call.account})"),
        ("Machine", call.host),
        ("Purpose", call.purpose),
        ("Model", call.model),
        ("Regions", ", ".join(call.regions)),
        ("Policy", call.policy),
        ("Request", call.request_id),
        ("Stopped", call.stop),
        ("Attempts", str(call.attempts or "")),
        ("Tokens", tokens if call.ended else ""),
        ("Cost", "" if call.cost is None else dollars(call.cost)),
        ("Withheld", withheld),
    )
    for name, value in rows:
        if value:
            print_line(f"{name:<9} {printable(value)}")
    bodies = payloads_of(calls)
    for number, part in enumerate(call.disclosures, 1):
        print_line()
        print_line(
            f"Payload {number}: {part['kind']}, {_size(part['bytes'])}, SHA-256 {part['sha256']}"
        )
        body = bodies.get(part["sha256"])
        if body is None:
            print_line("Kept by its hash alone.")
        else:
            print_line(printable(json.dumps(json.loads(body), indent=2, ensure_ascii=False)))


def _full_dict(call: Call, calls: list[Call]) -> dict[str, Any]:
    from mirrorbi.privacy.ledger.calls import payloads_of

    bodies = payloads_of(calls)
    parts = [{**part, "body": bodies.get(part["sha256"])} for part in call.disclosures]
    return {**call.to_dict(), "disclosures": parts}


def _size(size: int) -> str:
    return f"{size} B" if size < _KIB else f"{size / _KIB:,.1f} kB"


def _count(number: int, singular: str, plural: str = "") -> str:
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
