"""The page: what a report shows, and its one HTML file.

`Page` is plain values; `render_page` lays them out with the template beside this
module. Text is escaped by the template. Only fields named ``html`` or ``…_html`` are
put in as they are: they come from our own displays, or have been sanitised.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypedDict

from mirrorbi.charts.theme import css_tokens, palettes
from mirrorbi.reports.page.bundle import Bundle

_HEIGHT = 420
"""Pixels of a figure that names no height."""


class MarkdownBlock(TypedDict):
    """Prose of a Markdown cell, rendered and sanitised. Headings carry their ids."""

    kind: Literal["markdown"]
    html: str


class FragmentBlock(TypedDict):
    """HTML of one of our own displays, which escape all they show."""

    kind: Literal["fragment"]
    html: str


class _ChartPart(TypedDict):
    kind: Literal["chart"]
    id: str
    spec: dict[str, Any]


class ChartBlock(_ChartPart, total=False):
    """A plotly figure: ``spec`` is ``{"data": […], "layout": {…}}``.

    ``title_html`` and ``subtitle_html`` stand above it in HTML, ``alt`` says what it
    shows, ``table_html`` is its data as a table, ``height`` is in pixels.
    """

    title_html: str
    subtitle_html: str
    alt: str
    table_html: str
    height: int


class HtmlBlock(TypedDict):
    """HTML of somebody else, such as a pandas table, sanitised."""

    kind: Literal["html"]
    html: str


class _ImagePart(TypedDict):
    kind: Literal["image"]
    data_uri: str


class ImageBlock(_ImagePart, total=False):
    """A picture as a ``data:`` URI."""

    alt: str


class TextBlock(TypedDict):
    """Plain text that a cell printed."""

    kind: Literal["text"]
    text: str


Block = MarkdownBlock | FragmentBlock | ChartBlock | HtmlBlock | ImageBlock | TextBlock


class Entry(TypedDict):
    """One line of the contents: the id of a heading and its text."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What opens at a figure: how it was computed.

    Parameters
    ----------
    id
        The fact's id.
    title
        The statement in a few words.
    definition, period, n, method, interval
        Text, formatted; an empty one is left out.
    sql
        The queries that give it straight from the data.
    values
        Label and formatted text of each quantity.
    """

    id: str
    title: str
    definition: str = ""
    period: str = ""
    n: str = ""
    method: str = ""
    interval: str = ""
    sql: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """All that one report shows.

    Parameters
    ----------
    title
        Of the report.
    subtitle
        Data set and period.
    blocks
        The body, in order.
    contents
        The sections, in order; none or one gives no list.
    proofs
        One per fact that a figure cites.
    provenance
        Label and value per line: data, parameters, versions, who wrote the text.
    reproduce
        The commands that make and check this report.
    manifest
        What ``mirrorbi verify`` reads, as plain values.
    plotly
        The drawing library; ``None`` where there is no chart.
    lang
        Language of the text, BCP 47.
    """

    title: str
    subtitle: str = ""
    blocks: tuple[Block, ...] = ()
    contents: tuple[Entry, ...] = ()
    proofs: tuple[Proof, ...] = ()
    provenance: tuple[tuple[str, str], ...] = ()
    reproduce: tuple[str, ...] = ()
    manifest: dict[str, Any] = field(default_factory=dict)
    plotly: Bundle | None = None
    lang: str = "en-GB"


def render_page(page: Page) -> str:
    """Return the page as one HTML document that requests nothing.

    The content security policy names the hashes of the two scripts that may run, so
    that the browser itself refuses any other script and every request.

    Examples
    --------
    >>> html = render_page(Page(title="Sales <b>review</b>"))
    >>> "<h1>Sales &lt;b&gt;review&lt;/b&gt;</h1>" in html
    True
    """
    script = _asset("page.js")
    hashes = [_csp_hash(script)]
    if page.plotly:
        hashes.append(page.plotly.csp_hash)
    texts = dict.fromkeys(text for proof in page.proofs for text in proof.sql)
    queries = {text: number for number, text in enumerate(texts)}
    return str(
        template().render(
            report=page,
            blocks=[_sized_block(block) for block in page.blocks],
            queries=queries,
            queries_json=json_for_script(list(queries)),
            style=css_tokens() + _asset("page.css"),
            script=script,
            script_hashes=" ".join(f"'{value}'" for value in hashes),
            manifest_json=json_for_script(page.manifest),
            palettes_json=json_for_script(palettes()),
            json_for_script=json_for_script,
        )
    )


def json_for_script(value: object) -> str:
    r"""Return JSON that cannot end the script element that holds it.

    Examples
    --------
    >>> json_for_script({"a": "</script>"})
    '{"a":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _sized_block(block: Block) -> Block:
    """Give a figure its height; take out a title that it has in HTML, and its room."""
    if block["kind"] != "chart":
        return block
    layout = dict(block["spec"]["layout"])
    if block.get("title_html"):
        layout.pop("title", None)
        title_height = layout.get("meta", {}).get("title_height", 0)
        if title_height:
            layout["meta"] = {k: v for k, v in layout["meta"].items() if k != "title_height"}
            layout["margin"] = {**layout["margin"], "t": layout["margin"]["t"] - title_height}
            layout["height"] -= title_height
    height = int(layout.get("height") or block.get("height") or _HEIGHT)
    return {**block, "spec": {**block["spec"], "layout": layout}, "height": height}


def _csp_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256-" + base64.b64encode(digest).decode()


@cache
def _asset(name: str) -> str:
    from importlib.resources import files

    return (files("mirrorbi.reports.page") / "template" / name).read_text(encoding="utf-8")


@cache
def template() -> Any:
    """Return the template of the page, compiled once."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mirrorbi.reports.page", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")
