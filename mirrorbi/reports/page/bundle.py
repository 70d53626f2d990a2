"""The drawing library that a report carries: compressed, once, checked."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from mirrorbi.errors import RenderError


@dataclass(frozen=True, slots=True)
class Bundle:
    """One build of plotly.js, ready to be put into a page.

    Parameters
    ----------
    name, version
        Of the build.
    base64
        The script, gzip-compressed, as base64 text.
    csp_hash
        SHA-256 of the script in the form that a content security policy takes.
    """

    name: str
    version: str
    base64: str = field(repr=False)
    csp_hash: str


def pick_bundle(trace_types: AbstractSet[str]) -> Bundle:
    """Return the smallest build that draws these trace types.

    The basic and the cartesian build are kept in the package (0.50 and 0.64 MB as
    base64). Any other type, such as a map or a surface, takes the full build of the
    installed plotly package (1.96 MB).

    Raises
    ------
    RenderError
        If a kept build is not the one described beside it.

    Examples
    --------
    >>> pick_bundle({"bar", "scatter"}).name
    'plotly.js-basic-dist-min'
    >>> pick_bundle({"bar", "heatmap"}).name
    'plotly.js-cartesian-dist-min'
    >>> pick_bundle({"scattergeo"}).name
    'plotly.js-dist-min'
    """
    for number, build in enumerate(_bundle_index()["builds"]):
        if trace_types <= set(build["traces"]):
            return _packaged_build(number)
    return _full_build()


@cache
def _bundle_index() -> dict[str, Any]:
    text = (files("mirrorbi.reports.page") / "assets" / "plotly-bundle.json").read_text("utf-8")
    index: dict[str, Any] = json.loads(text)
    return index


@cache
def _packaged_build(number: int) -> Bundle:
    build = _bundle_index()["builds"][number]
    compressed = (files("mirrorbi.reports.page") / "assets" / build["file"]).read_bytes()
    if hashlib.sha256(compressed).hexdigest() != build["sha256_gz"]:
        raise RenderError(
            f"The file {build['file']} is not the one that plotly-bundle.json describes.",
            hint="Reinstall mirrorbi, or run mirrorbi/reports/page/assets/renew.py.",
        )
    return _bundle(
        build["name"], _bundle_index()["version"], compressed, bytes.fromhex(build["sha256"])
    )


@cache
def _full_build() -> Bundle:
    from plotly.offline import get_plotlyjs

    raw = str(get_plotlyjs()).encode()
    match = re.search(rb"plotly\.js v(\d+\.\d+\.\d+)", raw[:200])
    version = match[1].decode() if match else ""
    compressed = gzip.compress(raw, compresslevel=9, mtime=0)
    return _bundle("plotly.js-dist-min", version, compressed, hashlib.sha256(raw).digest())


def _bundle(name: str, version: str, compressed: bytes, raw_hash: bytes) -> Bundle:
    return Bundle(
        name=name,
        version=version,
        base64=base64.b64encode(compressed).decode(),
        csp_hash="sha256-" + base64.b64encode(raw_hash).decode(),
    )
