"""HTML of other people keeps its text and its tables, and loses everything that acts."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mirrorbi.reports.page.sanitizer import clean_html, render_markdown, text_of

BITES = st.lists(
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href='javascript:alert(1)'>x</a>",
            "<svg/onload=alert(1)>",
            "<style>@import 'https://e.example/x.css'</style>",
            "<iframe srcdoc='<script>1</script>'>",
            "<td style='background:url(https://e.example)'>",
            "<table><tr><td>1</td></tr></table>",
            "<b>",
            "</b>",
            "<!--",
            "-->",
            "<a href=",
            "'\">",
            "&lt;script&gt;",
            "[x](javascript:alert(1))",
            "![x](data:text/html,<script>)",
            "\n\n",
            "`",
            "<https://e.example>",
        ]
    )
).map("".join)


class Acting(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        if tag in ("script", "style", "iframe", "svg", "object", "embed", "link", "base"):
            self.found.append(tag)
        for name, value in attrs:
            plain = (value or "").strip().lower()
            if name.startswith("on") or name == "style" or plain.startswith("javascript:"):
                self.found.append(f"{tag} {name}={value}")
            if tag == "a" and name == "href" and not plain.startswith("#"):
                self.found.append(f"link {value}")


def acting(markup: str) -> list[str]:
    reader = Acting()
    reader.feed(markup)
    reader.close()
    return reader.found


@given(BITES)
@example("""<a href='"><a href='javascript:alert(1)'>x</a>""")
def test_nothing_that_acts_survives_cleaning(markup: str) -> None:
    assert acting(clean_html(markup)) == []


@given(BITES)
def test_nothing_that_acts_survives_markdown(markup: str) -> None:
    assert acting(render_markdown(markup)) == []


def test_a_table_keeps_its_cells_as_text() -> None:
    markup = clean_html("<table><tr><td colspan=2>&lt;script&gt;1&lt;/script&gt;</td></tr></table>")
    assert '<td colspan="2">&lt;script&gt;1&lt;/script&gt;</td>' in markup


def test_a_link_becomes_text_with_its_address() -> None:
    assert render_markdown("See [the terms](https://e.example/t).").strip() == (
        "<p>See the terms (https://e.example/t).</p>"
    )
    assert "<a" not in render_markdown("<https://e.example>")
    assert '<a href="#drivers">' in render_markdown("[below](#drivers)")


def test_markdown_gives_tables_headings_and_code() -> None:
    markup = render_markdown(
        "## Q&A\n\n|a|b|\n|-|-|\n|1|2|\n\n```py\nx < 1\n```", heading_id=lambda text, level: text
    )
    assert '<h2 id="Q&A">Q&amp;A</h2>' in markup
    assert "<td>1</td>" in markup
    assert "x &lt; 1" in markup


def test_a_picture_beside_the_notebook_is_put_in(tmp_path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    (tmp_path.parent / "outside.png").write_bytes(b"\x89PNG")
    assert 'src="data:image/png;base64,iVBORw=="' in render_markdown(
        "![Logo](logo.png)", folder=tmp_path
    )
    assert "data:" not in render_markdown("![x](../outside.png)", folder=tmp_path)
    assert "data:" not in render_markdown("![x](missing.png)", folder=tmp_path)


def test_a_picture_kept_in_the_cell_is_put_in() -> None:
    kept = {"a.png": {"image/png": "iVBORw=="}}
    assert "data:image/png;base64,iVBORw==" in render_markdown(
        "![x](attachment:a.png)", attachments=kept
    )


@pytest.mark.parametrize("text", ["R&D <cost>", "a < b", "plain"])
def test_text_of_markup_is_the_text(text: str) -> None:
    from html import escape

    assert text_of(f"<p><b>{escape(text)}</b></p>") == text
