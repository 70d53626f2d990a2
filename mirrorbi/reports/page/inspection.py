"""The last look at a page before it is published: what it must hold, and must not."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirrorbi.errors import RenderError
from mirrorbi.reports.parameters.secret import Mask
from mirrorbi.wording.html_reader import HtmlReader

_FORBIDDEN = frozenset(
    ["applet", "base", "embed", "form", "frame", "frameset", "iframe", "link", "object", "portal"]
)
_ADDRESSES = frozenset(
    [
        "action",
        "background",
        "cite",
        "classid",
        "codebase",
        "data",
        "formaction",
        "href",
        "longdesc",
        "manifest",
        "ping",
        "poster",
        "profile",
        "src",
        "srcset",
        "usemap",
        "xlink:href",
    ]
)
_INERT = ("application/json", "text/plain")
_STYLE_ADDRESS = re.compile(r"@import|expression\s*\(|url\(\s*['\"]?(?!data:|#)", re.IGNORECASE)
_NEEDS_MAPS = frozenset(
    [
        "choropleth",
        "choroplethmap",
        "choroplethmapbox",
        "densitymap",
        "densitymapbox",
        "scattergeo",
        "scattermap",
        "scattermapbox",
    ]
)
_SHORTEST_CODE = 20


@dataclass
class _Findings:
    charts: int = 0
    misses: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    """Text, attribute values and data: all that does not come from our own template."""
    text: list[str] = field(default_factory=list)

    def add(self, miss: str) -> None:
        if miss not in self.misses:
            self.misses.append(miss)


def release_faults(payloads: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what displays say that was not released under any policy, or is refused.

    Parameters
    ----------
    payloads
        What our displays say of themselves.

    Examples
    --------
    >>> sales = {"dataset": {"label": "Sales"}, "policy": "", "request": {}}
    >>> release_faults([{"sweeps": [sales]}])
    ['facts of Sales were found with control=False, which is for exploring']
    """
    return list(dict.fromkeys(miss for payload in payloads for miss in _release_faults_of(payload)))


def _release_faults_of(payload: Mapping[str, Any]) -> Iterator[str]:
    sweeps, name = payload.get("sweeps") or (), payload.get("title") or "a display"
    if payload.get("refused"):
        yield f"the table {name!r}: {str(payload['refused']).rstrip('.')}"
    if payload.get("facts") and not sweeps:
        yield (
            f"{name!r} is of facts that were not released: show facts as ds.facts() returned them"
        )
    for sweep in sweeps:
        if not sweep.get("policy"):
            label = sweep["dataset"].get("label") or "the data"
            table = "query" in sweep["request"]
            subject = f"a table of {label} was" if table else f"facts of {label} were"
            verb = "asked for" if table else "found"
            yield f"{subject} {verb} with control=False, which is for exploring"


def inspect_page(
    html: str,
    *,
    figures: int,
    faults: Iterable[str] = (),
    code: Iterable[str] = (),
    mask: Mask | None = None,
    places: Iterable[Path] = (),
) -> None:
    """Check a page, and name everything that is wrong with it.

    Parameters
    ----------
    html
        The page.
    figures
        How many figures the notebook made: as many charts must be in the page.
    faults
        Figures that are known not to be drawable, and why.
    code
        Sources of the notebook's code cells, none of which may appear.
    mask
        Finds secrets.
    places
        Folders of this machine whose paths may not appear, besides the usual ones.

    Raises
    ------
    RenderError
        If anything is missed; its ``misses`` list it.

    Examples
    --------
    >>> inspect_page("<p>Sales</p>", figures=1)
    Traceback (most recent call last):
        ...
    mirrorbi.errors.RenderError: The page failed its inspection: 0 charts drawn of 1 figure ...
    """
    findings = _Findings()
    _Reader(findings).read(html)
    if findings.charts != figures:
        figure_count = f"{figures} figure{'' if figures == 1 else 's'} made"
        findings.add(
            f"{findings.charts} chart{'' if findings.charts == 1 else 's'} drawn of {figure_count}"
        )
    for fault in faults:
        findings.add(fault)
    _check_code(findings, code)
    foreign = "\n".join(findings.foreign)
    if mask and mask.matches(foreign):
        findings.add("a secret is in the page")
    for path in _paths_in(foreign, places):
        findings.add(f"an absolute path is in the page: {path}")
    if findings.misses:
        listed = (
            f"{findings.misses[0]}."
            if len(findings.misses) == 1
            else "".join(f"\n  - {miss}" for miss in findings.misses) + "\n"
        )
        raise RenderError(
            f"The page failed its inspection: {listed}",
            hint="It was not published; the last good report stays.",
            misses=findings.misses,
        )


class _Reader(HtmlReader[None]):
    def __init__(self, findings: _Findings) -> None:
        super().__init__(None)
        self.findings = findings
        self.hashes = ""

    def start(self, tag: str, attributes: Mapping[str, str], state: None) -> None:
        if tag in _FORBIDDEN:
            self.findings.add(f"an element that a report may not have: <{tag}>")
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            self.findings.add("a page that leads elsewhere: <meta http-equiv=refresh>")
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy":
            self.hashes = self.hashes or attributes.get("content", "")
        for name, value in attributes.items():
            self._attribute(tag, name, value)

    def raw(self, tag: str, attributes: Mapping[str, str], text: str, state: None) -> None:
        if tag == "style":
            self._style(text)
        else:
            self._script(text, attributes)

    def text(self, data: str, state: None) -> None:
        self.findings.foreign.append(data)
        self.findings.text.append(data)

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self.findings.add(f"an event handler: <{tag} {name}=…>")
        elif name in _ADDRESSES:
            is_picture = tag == "img" and name == "src" and value.startswith("data:image/")
            if not is_picture and not value.startswith("#"):
                self.findings.add(f"an address outside the page: <{tag} {name}={_short(value)}>")
        elif name == "style" and _STYLE_ADDRESS.search(value):
            self.findings.add(f"an address in a style: {_short(value)}")
        elif name == "srcdoc":
            self.findings.add(f"a page within the page: <{tag} srcdoc>")
        if not value.startswith("data:image/"):
            self.findings.foreign.append(value)

    def _style(self, text: str) -> None:
        match = _STYLE_ADDRESS.search(text)
        if match:
            self.findings.add(f"an address in a style: {_short(text[match.start() :])}")

    def _script(self, text: str, attributes: Mapping[str, str]) -> None:
        kind = attributes.get("type", "")
        if kind in _INERT:
            if attributes.get("id") != "mb-plotly":
                self.findings.foreign.append(_unescaped(text))
            if "mb-spec" in attributes.get("class", "").split():
                self._spec(text)
            return
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        if f"'sha256-{digest}'" not in self.hashes:
            self.findings.add(f"a script that is not ours: {_short(text)}")

    def _spec(self, text: str) -> None:
        spec = json.loads(text)
        self.findings.charts += 1
        for trace in spec["data"]:
            kind = trace.get("type", "scatter")
            if kind in _NEEDS_MAPS:
                self.findings.add(f"a chart of type {kind!r} fetches its map: draw it as bars")
        for picture in spec["layout"].get("images") or ():
            source = str(picture.get("source", ""))
            if not source.startswith("data:"):
                self.findings.add(f"a picture outside the page, in a chart: {_short(source)}")


def _check_code(findings: _Findings, code: Iterable[str]) -> None:
    text = _spaces_collapsed("\n".join(findings.text))
    for source in code:
        plain = _spaces_collapsed(source)
        if len(plain) >= _SHORTEST_CODE and plain in text:
            findings.add(f"code of the notebook is in the page: {_short(source.strip())}")


def _paths_in(text: str, places: Iterable[Path]) -> list[str]:
    folders = {Path.home(), Path.cwd(), Path(tempfile.gettempdir()), Path(sys.prefix),
               Path(sys.base_prefix), *places}  # fmt: skip
    paths: list[str] = []
    for folder in sorted({str(f) for f in folders if len(f.parts) > 1}, key=len, reverse=True):
        for form in {folder, folder.replace("\\", "/")}:
            match = re.search(
                rf"(?<![\w.\-/]){re.escape(form)}(?=[/\\]\w[^\s\"'<>]*)?(?![\w.\-])", text
            )
            is_specific = match and (
                len(Path(folder).parts) > 2 or text[match.end() : match.end() + 1] in "/\\"
            )
            if match and is_specific and not any(form in other or other in form for other in paths):
                paths.append(form)
    file_address = re.search(r"\bfile:///[^\s\"'<>]+", text)
    return paths + ([file_address[0]] if file_address else [])


def _unescaped(text: str) -> str:
    return "\n".join(_strings(json.loads(text))) if text.lstrip()[:1] in "{[" else text


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _spaces_collapsed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _short(text: str) -> str:
    plain = _spaces_collapsed(text)
    return plain if len(plain) <= 80 else plain[:79] + "…"
