"""Compute everything that a report says again, and compare."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirrorbi._version import __version__
from mirrorbi.data.ingest.discovery import find_source
from mirrorbi.errors import (
    FactError,
    QueryError,
    RefusedError,
    SourceError,
    VerifyError,
    did_you_mean,
)
from mirrorbi.facts.fact import Fact
from mirrorbi.reports.page.manifest import read_manifest, written_facts
from mirrorbi.reports.page.page_reader import read_page
from mirrorbi.reports.verify.compare_facts import ReportFacts, agree
from mirrorbi.reports.verify.compare_tables import check_tables
from mirrorbi.reports.verify.compare_text import STATES, Figure, check_figures

if TYPE_CHECKING:
    from mirrorbi.analysis import Analysis
    from mirrorbi.data.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of every figure of a report.

    Parameters
    ----------
    report
        The file that was checked.
    figures
        Every figure in text, every fact, every chart and every table.
    notes
        What else a reader should know: data or model that differ.
    """

    report: Path
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every figure is the same."""
        return all(figure.state == "same" for figure in self.figures)

    @property
    def problems(self) -> tuple[Figure, ...]:
        """The figures that are not the same."""
        return tuple(figure for figure in self.figures if figure.state != "same")

    @property
    def summary(self) -> str:
        """The result in one line.

        Examples
        --------
        >>> Verification(Path("a.html"), (Figure("On-time rate", "same"),)).summary
        '1 figure checked: 1 same.'
        """
        counts = Counter(figure.state for figure in self.figures)
        total = len(self.figures)
        if not total:
            return "The report cites no fact: there is nothing to check."
        state_counts = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
        return f"{total} figure{'' if total == 1 else 's'} checked: {state_counts}."

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values, ready for JSON."""
        return {
            "report": str(self.report),
            "ok": self.ok,
            "summary": self.summary,
            "notes": list(self.notes),
            "figures": [
                {name: getattr(figure, name) for name in Figure.__slots__}
                for figure in self.figures
            ],
        }


def verify(
    report: str | Path, source: Any = None, *, model: str | Path | None = None
) -> Verification:
    """Compute every fact that a report cites again, and compare with what the page says.

    Figures in text, charts and the facts themselves are compared. A figure that was changed
    by hand in the page is ``edited``; one that the data gives differently now is ``changed``.

    Parameters
    ----------
    report
        An HTML file that `run` wrote.
    source
        The data, where it is not found under the name that the report gives.
    model
        The semantic model, where it does not lie beside the data.

    Raises
    ------
    VerifyError
        If the file is no report, or its data is not found.
    """
    path = Path(report)
    html = _read(path)
    manifest = read_manifest(html, where=f"'{path}'")
    page = read_page(html)
    notes: list[str] = []
    computed: dict[str, Fact] = {}
    written = written_facts(manifest)
    tables: list[Figure] = []
    complete, untouched = True, manifest.get("shown") == page.digest
    datasets: dict[str, Analysis | None] = {}
    for sweep in manifest["sweeps"]:
        dataset_key = json.dumps(sweep["dataset"], sort_keys=True)
        if dataset_key not in datasets:
            datasets[dataset_key] = _open(sweep["dataset"], path, source, model)
        dataset = datasets[dataset_key]
        if dataset is None:
            complete = False
            label = sweep["dataset"].get("label", "The data")
            notes.append(f"{label} was held in memory and has no file: give one with --source.")
        else:
            notes += _differences(sweep["dataset"], dataset.describe())
            try:
                if "query" in sweep["request"]:
                    tables += check_tables(html, sweep["request"], dataset, untouched=untouched)
                    continue
                recomputed = _recompute(dataset, sweep["request"])
                # Two sweeps may find one fact with another q each: the one told counts.
                computed |= {
                    key: fact
                    for key, fact in recomputed.items()
                    if key not in computed or not agree(written.get(key), computed[key])
                }
            except (QueryError, FactError, RefusedError) as error:
                what = "A table" if "query" in sweep["request"] else "The facts"
                notes.append(f"{what} of the report cannot be asked of this data: {error}")
                if "query" in sweep["request"]:
                    tables.append(Figure("A table", "gone"))
            computed |= recompute_derived(written, computed, dataset)
    made_by = manifest["versions"].get("mirrorbi", "")
    facts = ReportFacts(
        written,
        computed,
        complete,
        manifest["locale"],
        redrawn=made_by == __version__,
        untouched=untouched,
    )
    figures = [*check_figures(html, page, manifest, facts), *tables]
    if not facts.redrawn:
        notes.append(f"The report was made by mirrorbi {made_by}; this is {__version__}.")
    if not facts.untouched:
        what = "the text or a chart is not what the run wrote"
        figures.append(Figure("The page as a whole", "edited", what))
    own_charts = sum(1 for entry in manifest["charts"] if not entry["facts"])
    if own_charts:
        drawn = "1 chart is" if own_charts == 1 else f"{own_charts} charts are"
        notes.append(f"{drawn} the notebook's own work, which is not computed again.")
    return Verification(path, tuple(figures), tuple(dict.fromkeys(notes)))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        near = [str(p) for p in path.parent.glob("*.html")] if path.parent.is_dir() else []
        raise VerifyError(
            f"The report '{path}' cannot be read: {reason}.",
            hint=did_you_mean(str(path), near, noun="reports") if near else "Check the path.",
        ) from None


def _open(
    recorded: Mapping[str, Any], report: Path, source: Any, model: str | Path | None
) -> Analysis | None:
    from mirrorbi import analysis

    if source is not None:
        return analysis.open(source, model)
    if recorded.get("kind") in ("frame", "ibis"):
        return None
    name = str(recorded["source"])
    refusal: SourceError | None = None
    for place in (name, report.resolve().parent / name, report.resolve().parent.parent / name):
        try:
            find_source(place)
        except SourceError as error:
            refusal = refusal or error
        else:
            return analysis.open(place, model)
    raise VerifyError(
        f"The data of this report, {name!r}, is not found here.",
        hint="Give it with --source, or run the command where the report was made.",
    ) from refusal


def _differences(recorded: Mapping[str, Any], current: Mapping[str, Any]) -> Iterator[str]:
    if current["data_hash"] != recorded.get("data_hash"):
        yield (
            f"The data is not the data of the report: {current['source']} has "
            f"{current['rows']:,} rows and {current['data_hash'][:19]}…, the report was made from "
            f"{recorded.get('rows', 0):,} rows and {str(recorded.get('data_hash'))[:19]}…"
        )
    if current["model_hash"] != recorded.get("model_hash"):
        yield (
            f"The model is not the model of the report: {current['model']} instead of "
            f"{recorded.get('model')}, or its content differs."
        )


def recompute_derived(
    written: Mapping[str, Fact], computed: Mapping[str, Fact], dataset: Dataset
) -> dict[str, Fact]:
    """Return the derived facts of a report, computed again from their parents as they are now."""
    from mirrorbi.facts.derive import derive_again

    derived = (fact for fact in written.values() if fact.kind == "derived")
    recomputed = (derive_again(fact, computed, dataset.metric) for fact in derived)
    return {fact.id: fact for fact in recomputed if fact is not None}


def _recompute(dataset: Dataset, request: Mapping[str, Any]) -> dict[str, Fact]:
    from mirrorbi.facts import find_facts
    from mirrorbi.narrative.sweep_summary import facts_with_summary
    from mirrorbi.privacy.disclosure_control import controlled
    from mirrorbi.privacy.policy import Policy

    arguments = {name: value for name, value in request.items() if name != "control"}
    if "control" not in request:
        return facts_with_summary(find_facts(dataset, **arguments))
    return facts_with_summary(
        controlled(dataset, Policy.from_dict(request["control"]), **arguments)
    )
