"""``mirrorbi ledger``: what was sent to Claude, and whether that list was changed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
_LOST = 10


@app.command("show")
def show(
    entry: Annotated[
        str | None, typer.Argument(help="One call, whole: its number.", metavar="[ENTRY]")
    ] = None,
    last: Annotated[int, typer.Option(help="How many calls, newest last.", min=1)] = 20,
    run: Annotated[str | None, typer.Option(help="Only calls of this run.", metavar="ID")] = None,
    place: Place = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the calls as JSON.")] = False,
) -> None:
    """Show the calls to Claude: when, why, what was sent, the outcome."""
    from mirrorbi.cli.output import say, say_json
    from mirrorbi.privacy.ledger import calls_of

    ledger = _ledger(place)
    calls = calls_of(ledger.entries())
    if entry is not None:
        call = _one(calls, entry)
        return say_json(_whole(call, calls)) if as_json else _tell(call, calls)
    chosen = [call for call in calls if run is None or call.run == run]
    if run is not None and not chosen:
        _refuse_run(run, calls)
    shown = chosen[-last:]
    if as_json:
        return say_json([call.to_dict() for call in shown])
    if not shown:
        return say(f"No call was made: the ledger at {ledger.place} is empty.")
    _table(shown)
    say()
    _summary(shown, len(chosen))
    return None


@app.command("verify")
def verify(
    head: Annotated[
        str | None,
        typer.Option(help="Hash or id of an entry that you noted elsewhere.", metavar="HASH"),
    ] = None,
    place: Place = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check that no entry was changed, moved, added or taken out.

    The exit code is 1 unless the ledger is as it was written. Keep the head that is printed
    somewhere else: given later with --head, it proves that nothing before it was replaced.
    """
    from mirrorbi.cli.output import print_table, say, say_json
    from mirrorbi.privacy.ledger import verify_ledger

    checked = verify_ledger(_ledger(place), head=head)
    if as_json:
        say_json(checked.to_dict())
    else:
        if checked.problems:
            print_table(("Where", "What is wrong"), checked.problems)
            say()
        for note in checked.notes:
            say(note)
        what = f"{_count(checked.entries, 'entry', 'entries')}, {_count(checked.calls, 'call')}"
        if checked.ok:
            say(f"Unchanged: {what} in {checked.place}.")
            if checked.last is not None:
                say(f"Head: {checked.last.hash}")
        else:
            count = len(checked.problems)
            say(f"Changed: {_count(count, 'problem')} in {what} in {checked.place}.")
    if not checked.ok:
        raise typer.Exit(1)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Ends in .jsonl or .csv.", metavar="FILE")],
    place: Place = None,
) -> None:
    """Write the ledger to a file: its lines, or a table of its calls."""
    from mirrorbi.cli.output import say
    from mirrorbi.privacy.ledger import calls_of
    from mirrorbi.privacy.ledger.export import as_csv, as_lines
    from mirrorbi.storage.local import LocalStore

    ending = file.suffix.lower()
    if ending not in (".jsonl", ".csv"):
        raise typer.BadParameter(f"{file.name!r} ends neither in .jsonl nor in .csv.")
    ledger = _ledger(place)
    content = as_csv(calls_of(ledger.entries())) if ending == ".csv" else as_lines(ledger.lines())
    LocalStore(file.parent).write(file.name, content)
    say(str(file))


def _ledger(place: str | None) -> FileLedger | S3Ledger:
    from mirrorbi.privacy.ledger import open_ledger
    from mirrorbi.settings import load_settings

    settings = load_settings()
    if place is not None:
        settings = settings.model_copy(update={"ledger": place})
    return open_ledger(settings)


def _one(calls: list[Call], wanted: str) -> Call:
    from mirrorbi.errors import QueryError, did_you_mean

    for call in calls:
        if wanted in (call.entry, call.entry.partition("-")[0]):
            return call
    raise QueryError(
        f"There is no call {wanted!r} in the ledger.",
        hint=did_you_mean(wanted, [call.entry for call in calls[-5:]], noun="last calls"),
    )


def _refuse_run(run: str, calls: list[Call]) -> None:
    from mirrorbi.errors import QueryError, did_you_mean

    known = [call.run for call in reversed(calls) if call.run]
    raise QueryError(
        f"There is no run {run!r} in the ledger.", hint=did_you_mean(run, known, noun="runs")
    )


def _table(calls: list[Call]) -> None:
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


def _summary(calls: list[Call], of: int) -> None:
    from mirrorbi.bedrock.budget import dollars
    from mirrorbi.bedrock.usage import usage_summary
    from mirrorbi.cli.output import printable, say
    from mirrorbi.privacy.ledger.calls import UNKNOWN

    account = usage_summary(calls)
    used = account.usage
    number = f"{len(calls):,} of {of:,} calls" if of > len(calls) else _count(of, "call")
    days = list(dict.fromkeys((account.first[:10], account.last[:10])))
    say(
        f"{number}, {' to '.join(days)}: "
        f"{used.input + used.cache_read + used.cache_write:,} tokens in, {used.output:,} out, "
        f"{dollars(used.cost or Decimal(0))}."
    )
    for name, counted in (("Model", account.models), ("User", account.users)):
        for value, count in list(counted.items())[:_MOST]:
            say(f"{name}: {printable(value)}{f' ({count:,})' if len(counted) > 1 else ''}")
    say(f"Regions: {', '.join(map(printable, account.regions))}")
    lost = [call.entry.partition("-")[0] for call in calls if call.outcome == UNKNOWN]
    if lost:
        say()
        say(
            f"{_count(len(lost), 'call')} sent, outcome unknown: {', '.join(lost[:_LOST])}"
            f"{' ...' if len(lost) > _LOST else ''}. What became of it was never written:"
        )
        say("the process ended, or the connection broke. Bedrock may have charged for it.")


def _tell(call: Call, calls: list[Call]) -> None:
    """Print one call, with the payloads as they were sent."""
    import json

    from mirrorbi.bedrock.budget import dollars
    from mirrorbi.cli.output import printable, say
    from mirrorbi.privacy.ledger.calls import payloads_of

    held = ", ".join(f"{count} {rule}" for rule, count in call.withheld.items())
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
        ("Withheld", held),
    )
    for name, value in rows:
        if value:
            say(f"{name:<9} {printable(value)}")
    bodies = payloads_of(calls)
    for number, part in enumerate(call.disclosures, 1):
        say()
        say(f"Payload {number}: {part['kind']}, {_size(part['bytes'])}, SHA-256 {part['sha256']}")
        body = bodies.get(part["sha256"])
        if body is None:
            say("Kept by its hash alone.")
        else:
            say(printable(json.dumps(json.loads(body), indent=2, ensure_ascii=False)))


def _whole(call: Call, calls: list[Call]) -> dict[str, Any]:
    from mirrorbi.privacy.ledger.calls import payloads_of

    bodies = payloads_of(calls)
    parts = [{**part, "body": bodies.get(part["sha256"])} for part in call.disclosures]
    return {**call.to_dict(), "disclosures": parts}


def _size(size: int) -> str:
    return f"{size} B" if size < _KIB else f"{size / _KIB:,.1f} kB"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
