"""HTML of other people made safe: an allow list, and no address but anchors.

Markdown is read with mistune, HTML is cleaned with bleach: both come with nbconvert,
which needs a second to import.
"""

from __future__ import annotations

import base64
import html
import mimetypes
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_TAGS = """a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4
h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td
tfoot th thead tr u ul var"""
_ATTRIBUTES = {
    "*": ["title", "lang", "dir"],
    "a": ["href"],
    "img": ["src", "alt", "width", "height"],
    "ol": ["start"],
    "td": ["colspan", "rowspan", "align"],
    "th": ["colspan", "rowspan", "align", "scope"],
    "col": ["span"],
}
_DROPPED_WHOLE = re.compile(
    r"<(style|script|head|template|noscript)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE
)
_REST = r"""(?:[^>"']|"[^"]*"|'[^']*')*"""
_EXTERNAL_LINK = re.compile(
    rf"""<a\s{_REST}?href=(?:"(?!#)([^"]*)"|'(?!#)([^']*)'){_REST}>(.*?)</a>""", re.DOTALL
)


def slug_of(text: str) -> str:
    """Return the id of a heading.

    Examples
    --------
    >>> slug_of("What changed, and by how much?")
    'what-changed-and-by-how-much'
    """
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-") or "section"


def clean_html(text: str) -> str:
    """Return HTML with only harmless elements; a link becomes its text and address.

    ``<script>`` and ``<style>`` elements are dropped with their content; any other
    element that is not allowed appears as text.

    Examples
    --------
    >>> clean_html('<b onclick="x()">9</b><iframe>')
    '<b>9</b>&lt;iframe&gt;'
    """
    text = _cleaner().clean(_DROPPED_WHOLE.sub("", text))
    return _EXTERNAL_LINK.sub(_link_as_text, text)


def render_markdown(
    text: str,
    *,
    attachments: Mapping[str, Mapping[str, str]] | None = None,
    folder: Path | None = None,
    heading_id: Callable[[str, int], str] | None = None,
) -> str:
    """Return Markdown as HTML with only harmless elements.

    Pictures kept in the cell or beside the notebook are put in as ``data:`` URIs.

    Parameters
    ----------
    text
        CommonMark with tables and strikethrough.
    attachments
        Of the cell: name to MIME type to Base64.
    folder
        Where the notebook lies.
    heading_id
        Gives the id of each heading from its text and level.
    """
    from mistune import HTMLRenderer, Markdown
    from mistune.plugins.formatting import strikethrough
    from mistune.plugins.table import table

    class Renderer(HTMLRenderer):
        def image(self, text: str, url: str, title: str | None = None) -> str:
            source = _embed(url, attachments or {}, folder) or url
            return f'<img src="{html.escape(source)}" alt="{html.escape(text)}">'

        def block_code(self, code: str, info: str | None = None) -> str:
            return f"<pre><code>{html.escape(code)}</code></pre>\n"

    renderer = Renderer(escape=False)
    rendered = Markdown(renderer, plugins=[table, strikethrough])(text)
    cleaned = clean_html(str(rendered))
    if heading_id is None:
        return cleaned
    return re.sub(
        r"<h([1-6])>(.*?)</h\1>",
        lambda m: f'<h{m[1]} id="{heading_id(text_of(m[2]), int(m[1]))}">{m[2]}</h{m[1]}>',
        cleaned,
        flags=re.DOTALL,
    )


def text_of(markup: str) -> str:
    """Return the text of a piece of HTML.

    Examples
    --------
    >>> text_of("<b>R&amp;D</b> cost")
    'R&D cost'
    """
    return html.unescape(re.sub(r"<[^>]*>", "", markup)).strip()


def data_uri(mime: str, payload: str | bytes) -> str:
    """Return a picture as a ``data:`` URI; text is taken as Base64, or as SVG source."""
    if isinstance(payload, str) and mime == "image/svg+xml":
        payload = payload.encode()
    if isinstance(payload, bytes):
        payload = base64.b64encode(payload).decode()
    return f"data:{mime};base64,{''.join(payload.split())}"


def _embed(url: str, attachments: Mapping[str, Mapping[str, str]], folder: Path | None) -> str:
    if url.startswith("attachment:"):
        attachment = attachments.get(url.removeprefix("attachment:"), {})
        return next((data_uri(mime, payload) for mime, payload in attachment.items()), "")
    if folder is None or ":" in url or url.startswith(("/", "#")):
        return ""
    picture = (folder / url).resolve()
    mime = mimetypes.guess_type(picture.name)[0] or ""
    inside = picture.is_relative_to(folder.resolve())
    if not inside or not mime.startswith("image/") or not picture.is_file():
        return ""
    return data_uri(mime, picture.read_bytes())


def _link_as_text(match: re.Match[str]) -> str:
    address, text = match[1] if match[1] is not None else match[2], match[3]
    return text if html.unescape(address) in text_of(text) else f"{text} ({address})"


@cache
def _cleaner() -> Any:
    from bleach.sanitizer import Cleaner

    return Cleaner(
        tags=frozenset(_TAGS.split()),
        attributes=_ATTRIBUTES,
        protocols=("http", "https", "mailto", "data"),
        strip=False,
        strip_comments=True,
    )
