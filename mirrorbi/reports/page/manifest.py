"""The manifest: what a report carries so that it can be made, and checked, again."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mirrorbi.data.periods import Calendar
from mirrorbi.errors import VerifyError
from mirrorbi.facts.fact import Fact
from mirrorbi.narrative.writer.authorship import merged_authorship
from mirrorbi.reports.page.collect import ReportContent, facts_of
from mirrorbi.reports.plan import Plan

VERSION = 1
ELEMENT = "mirrorbi-manifest"
_PACKAGES = ("mirrorbi", "duckdb", "ibis-framework", "pandas", "plotly", "papermill")


def make_manifest(plan: Plan, content: ReportContent) -> dict[str, Any]:
    """Return the manifest of a report, as plain values.

    It holds no time of its making: the same notebook on the same data gives the same
    manifest.
    """
    sql: dict[str, str] = {}
    for payload in content.payloads:
        sql.update(payload.get("sql") or {})
    return {
        "version": VERSION,
        "run": plan.run_id,
        "title": content.title or plan.notebook.title,
        "headline": content.headline,
        "notebook": {"name": plan.notebook.path.name, "sha256": plan.notebook.sha256},
        "parameters": plan.values,
        "given": plan.given,
        "secrets": sorted(plan.bound.secrets),
        "sweeps": unique(s for p in content.payloads for s in p.get("sweeps") or ()),
        "facts": list(facts_of(content.payloads)),
        "sql": sql,
        "sentences": unique(s for p in content.payloads for s in p.get("sentences") or ()),
        "charts": [
            {"id": f"chart-{n}", "facts": facts}
            for n, facts in enumerate(content.chart_facts, start=1)
        ],
        "foreign": {
            "outputs": len(content.other_outputs),
            "reviewed": sum(output.reviewed for output in content.other_outputs),
        },
        "locale": next((p["locale"] for p in content.payloads if p.get("locale")), "en_GB"),
        "narrator": next((p["narrator"] for p in content.payloads if p.get("narrator")), ""),
        **_authorship(content),
        "versions": versions(),
    }


def _authorship(content: ReportContent) -> dict[str, Any]:
    """Return what is said of who wrote the text, where a model took part."""
    authorship = merged_authorship(p["authorship"] for p in content.payloads if p.get("authorship"))
    return {"authorship": authorship} if authorship else {}


def read_manifest(html: str, where: str = "The file") -> dict[str, Any]:
    """Return the manifest that a page carries.

    Raises
    ------
    VerifyError
        If there is none, or it was written by a later version.
    """
    marker = f'<script type="application/json" id="{ELEMENT}">'
    start = html.find(marker)
    end = html.find("</script>", start)
    try:
        if start < 0:
            raise ValueError("no manifest")
        manifest = json.loads(html[start + len(marker) : end])
        file_version = manifest["version"]
    except (ValueError, TypeError, KeyError):
        raise VerifyError(
            f"{where} is not a report by mirrorbi: it has no manifest that can be read.",
            hint="Give an HTML file that 'mirrorbi run' wrote.",
        ) from None
    if file_version != VERSION:
        raise VerifyError(
            f"{where} has a manifest of version {file_version}; "
            f"this mirrorbi reads version {VERSION}.",
            hint="Use the mirrorbi that wrote it: its version is at the foot of the report.",
        )
    return dict(manifest)


def written_facts(manifest: Mapping[str, Any]) -> dict[str, Fact]:
    """Return the facts that a manifest holds, by id."""
    calendar = calendar_of(manifest["sweeps"])
    return {fact["id"]: Fact.from_dict(fact, calendar) for fact in manifest["facts"]}


def calendar_of(sweeps: Iterable[Mapping[str, Any]]) -> Calendar:
    """Return where weeks and years begin in the data of a report."""
    for sweep in sweeps:
        week_start, year_start = sweep["dataset"].get("calendar") or (0, 1)
        return Calendar(week_start, year_start)
    return Calendar()


def versions() -> dict[str, str]:
    """Return the version of everything that decides what a report says."""
    package_versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            package_versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return package_versions


def unique(values: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return mappings in order, each once."""
    by_text: dict[str, dict[str, Any]] = {}
    for value in values:
        by_text.setdefault(json.dumps(value, sort_keys=True), dict(value))
    return list(by_text.values())
