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
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from mirrorbi.errors import RenderError
from mirrorbi.reports.parameters.secret import Mask

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
class _Seen:
    charts: int = 0
    misses: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    """Text, attribute values and data: all that does not come from our own template."""
    text: list[str] = field(default_factory=list)

    def miss(self, what: str) -> None:
        if what not in self.misses:
            self.misses.append(what)


def uncontrolled(payloads: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what displays say that was not released under any policy, or is refused.

    Parameters
    ----------
    payloads
        What our displays say of themselves.

    Examples
    --------
    >>> sales = {"dataset": {"label": "Sales"}, "policy": "", "request": {}}
    >>> uncontrolled([{"sweeps": [sales]}])
    ['facts of Sales were found with control=False, which is for exploring']
    """
    return list(dict.fromkeys(miss for payload in payloads for miss in _unreleased(payload)))


def _unreleased(payload: Mapping[str, Any]) -> Iterator[str]:
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
            what = f"a table of {label} was" if table else f"facts of {label} were"
            asked = "asked for" if table else "found"
            yield f"{what} {asked} with control=False, which is for exploring"


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
        If anything is missed; the attribute ``misses`` lists it.

    Examples
    --------
    >>> inspect_page("<p>Sales</p>", figures=1)
    Traceback (most recent call last):
        ...
    mirrorbi.errors.RenderError: The page failed its inspection: 0 charts drawn of 1 figure ...
    """
    seen = _Seen()
    reader = _Reader(seen)
    reader.feed(html)
    reader.close()
    if seen.charts != figures:
        made = f"{figures} figure{'' if figures == 1 else 's'} made"
        seen.miss(f"{seen.charts} chart{'' if seen.charts == 1 else 's'} drawn of {made}")
    for fault in faults:
        seen.miss(fault)
    _check_code(seen, code)
    foreign = "\n".join(seen.foreign)
    if mask and mask.found_in(foreign):
        seen.miss("a secret is in the page")
    for path in _paths_in(foreign, places):
        seen.miss(f"an absolute path is in the page: {path}")
    if seen.misses:
        listed = (
            f"{seen.misses[0]}."
            if len(seen.misses) == 1
            else "".join(f"\n  - {miss}" for miss in seen.misses) + "\n"
        )
        error = RenderError(
            f"The page failed its inspection: {listed}",
            hint="It was not published; the last good report stays.",
        )
        error.misses = tuple(seen.misses)  # type: ignore[attr-defined]
        raise error


class _Reader(HTMLParser):
    def __init__(self, seen: _Seen) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = seen
        self.inside: dict[str, str] | None = None
        self.tag = ""
        self.hashes = ""
        self.styles = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _FORBIDDEN:
            self.seen.miss(f"an element that a report may not have: <{tag}>")
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.seen.miss("a page that leads elsewhere: <meta http-equiv=refresh>")
        if tag == "meta" and given.get("http-equiv") == "Content-Security-Policy":
            self.hashes = self.hashes or given.get("content", "")
        for name, value in given.items():
            self._attribute(tag, name, value)
        if tag in ("script", "style"):
            self.tag, self.inside = tag, given

    def handle_endtag(self, tag: str) -> None:
        if tag == self.tag:
            self.tag, self.inside = "", None

    def handle_data(self, data: str) -> None:
        if self.tag == "style":
            self._style(data)
        elif self.tag == "script" and self.inside is not None:
            self._script(data, self.inside)
        else:
            self.seen.foreign.append(data)
            self.seen.text.append(data)

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self.seen.miss(f"an event handler: <{tag} {name}=…>")
        elif name in _ADDRESSES:
            picture = tag == "img" and name == "src" and value.startswith("data:image/")
            if not picture and not value.startswith("#"):
                self.seen.miss(f"an address outside the page: <{tag} {name}={_short(value)}>")
        elif name == "style" and _STYLE_ADDRESS.search(value):
            self.seen.miss(f"an address in a style: {_short(value)}")
        elif name == "srcdoc":
            self.seen.miss(f"a page within the page: <{tag} srcdoc>")
        if not value.startswith("data:image/"):
            self.seen.foreign.append(value)

    def _style(self, text: str) -> None:
        self.styles += 1
        found = _STYLE_ADDRESS.search(text)
        if found:
            self.seen.miss(f"an address in a style: {_short(text[found.start() :])}")

    def _script(self, text: str, given: Mapping[str, str]) -> None:
        kind = given.get("type", "")
        if kind in _INERT:
            if given.get("id") != "mb-plotly":
                self.seen.foreign.append(_unescaped(text))
            if "mb-spec" in given.get("class", "").split():
                self._spec(text)
            return
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        if f"'sha256-{digest}'" not in self.hashes:
            self.seen.miss(f"a script that is not ours: {_short(text)}")

    def _spec(self, text: str) -> None:
        spec = json.loads(text)
        self.seen.charts += 1
        for trace in spec["data"]:
            kind = trace.get("type", "scatter")
            if kind in _NEEDS_MAPS:
                self.seen.miss(f"a chart of type {kind!r} fetches its map: draw it as bars")
        for picture in spec["layout"].get("images") or ():
            source = str(picture.get("source", ""))
            if not source.startswith("data:"):
                self.seen.miss(f"a picture outside the page, in a chart: {_short(source)}")


def _check_code(seen: _Seen, code: Iterable[str]) -> None:
    text = _squeezed("\n".join(seen.text))
    for source in code:
        plain = _squeezed(source)
        if len(plain) >= _SHORTEST_CODE and plain in text:
            seen.miss(f"code of the notebook is in the page: {_short(source.strip())}")


def _paths_in(text: str, places: Iterable[Path]) -> list[str]:
    folders = {Path.home(), Path.cwd(), Path(tempfile.gettempdir()), Path(sys.prefix),
               Path(sys.base_prefix), *places}  # fmt: skip
    found: list[str] = []
    for folder in sorted({str(f) for f in folders if len(f.parts) > 1}, key=len, reverse=True):
        for form in {folder, folder.replace("\\", "/")}:
            hit = re.search(
                rf"(?<![\w.\-/]){re.escape(form)}(?=[/\\]\w[^\s\"'<>]*)?(?![\w.\-])", text
            )
            deep = hit and (len(Path(folder).parts) > 2 or text[hit.end() : hit.end() + 1] in "/\\")
            if hit and deep and not any(form in other or other in form for other in found):
                found.append(form)
    file_address = re.search(r"\bfile:///[^\s\"'<>]+", text)
    return found + ([file_address[0]] if file_address else [])


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


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _short(text: str) -> str:
    plain = _squeezed(text)
    return plain if len(plain) <= 80 else plain[:79] + "…"
