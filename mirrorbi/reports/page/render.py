"""From what a notebook shows to the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from mirrorbi.narrative.writer.authorship import authorship_lines
from mirrorbi.reports.page.bundle import pick_bundle
from mirrorbi.reports.page.collect import ReportContent
from mirrorbi.reports.page.manifest import calendar_of, written_facts
from mirrorbi.reports.page.page import Page, render_page
from mirrorbi.reports.page.page_reader import read_page
from mirrorbi.reports.page.proofs import make_proofs
from mirrorbi.reports.plan import Plan, shown_path, text_of_value

_NARRATORS = {
    "rules": "Rules of MirrorBI; no language model took part",
    "": "The author of the notebook",
}
_COMPARED = {
    "previous": "the period before",
    "year_ago": "the same period a year ago",
    "average": "the average of the periods before",
}
POLICY = "Computed where the notebook ran; MirrorBI sent nothing to any service"


def render(plan: Plan, content: ReportContent, manifest: dict[str, Any]) -> str:
    """Return the report of an executed notebook as one HTML document."""
    traces = {
        str(trace.get("type", "scatter"))
        for block in content.blocks
        if block["kind"] == "chart"
        for trace in block["spec"]["data"]
    }
    page = Page(
        title=manifest["title"],
        subtitle=subtitle_of(manifest["sweeps"]),
        blocks=tuple(content.blocks),
        contents=tuple(content.contents),
        proofs=make_proofs(written_facts(manifest).values(), manifest["sql"], manifest["locale"]),
        provenance=tuple(provenance(plan, manifest)),
        reproduce=(
            plan.command,
            f"mirrorbi verify {shown_path(plan.report.resolve(), plan.caller)}",
        ),
        manifest=manifest,
        plotly=pick_bundle(traces) if traces else None,
        lang=manifest["locale"].replace("_", "-"),
    )
    shown = read_page(render_page(page)).digest
    return render_page(replace(page, manifest={**manifest, "shown": shown}))


def subtitle_of(sweeps: Iterable[Mapping[str, Any]]) -> str:
    """Return data set and period of the first sweep, as people call them."""
    from mirrorbi.data.periods import Period
    from mirrorbi.wording.periods import format_period

    for sweep in sweeps:
        label, request = sweep["dataset"].get("label", ""), sweep["request"]
        period = request.get("query", request).get("period")
        shown = format_period(Period.parse(period, calendar_of([sweep]))) if period else ""
        return " · ".join(part for part in (label, shown) if part)
    return ""


def provenance(plan: Plan, manifest: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield (label, value) for everything that produced a report.

    The time of its making is not among them, so that running twice gives the same; the
    executed notebook has it.
    """
    for dataset in {
        s["dataset"].get("data_hash"): s["dataset"] for s in manifest["sweeps"]
    }.values():
        yield from _data(dataset)
    for request in (sweep["request"] for sweep in manifest["sweeps"]):
        if request.get("period"):
            word = request.get("compare", "")
            yield "Period", f"{request['period']}, compared with {_COMPARED.get(word, word)}"
            break
    shown = [f"{name} = {text_of_value(value)}" for name, value in manifest["parameters"].items()]
    shown += [f"{name}: secret, not kept" for name in manifest["secrets"]]
    yield "Parameters", "; ".join(shown) or "none"
    yield "Notebook", f"{manifest['notebook']['name']}, sha256:{manifest['notebook']['sha256']}"
    tests = sum(sweep.get("tests", 0) for sweep in manifest["sweeps"])
    if manifest["sweeps"]:
        cited = f"{_count(len(manifest['facts']), 'fact')} cited"
        tables = sum("query" in sweep["request"] for sweep in manifest["sweeps"])
        cited += f", {_count(tables, 'table')}" if tables else ""
        tested = _count(tests, "significance test")
        yield (
            "Statistics",
            f"{cited}; {tested}, false discovery rate controlled over all of them",
        )
    outputs = manifest["foreign"]
    if outputs["outputs"]:
        output_count = (
            f"{_count(outputs['outputs'], 'output')} computed by the notebook, not by MirrorBI"
        )
        review_note = (
            f"; {outputs['reviewed']} marked as reviewed by its author"
            if outputs["reviewed"]
            else ""
        )
        yield (
            "Own outputs",
            f"{output_count}: looked through for personal data, rows and small counts{review_note}",
        )
    if "authorship" in manifest:
        yield from authorship_lines(manifest["authorship"])
    else:
        yield "Text", _NARRATORS.get(manifest["narrator"], manifest["narrator"])
        yield "Policy", POLICY
    yield "Versions", ", ".join(f"{n} {v}" for n, v in manifest["versions"].items())


def _data(dataset: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    rows = dataset.get("rows")
    span = f", {dataset['first']} to {dataset['last']}" if dataset.get("first") else ""
    yield "Data", f"{dataset.get('source', '')}, {_count(rows or 0, 'row')}{span}"
    yield "Data hash", str(dataset.get("data_hash", ""))
    model = dataset.get("model", "")
    drafted = "drafted from the data; nobody has confirmed it"
    yield "Model", drafted if model == "draft" else f"{model}, {dataset.get('model_hash', '')}"
    for note in dataset.get("notes", ()):
        yield "Note", str(note)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
