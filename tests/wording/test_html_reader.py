"""HTML is nested as a browser nests it, however it is written."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mirrorbi.wording.html_reader import HtmlReader


class Paths(HtmlReader[str]):
    """Notes where each text and script stands."""

    def __init__(self) -> None:
        super().__init__("")
        self.texts: list[tuple[str, str]] = []
        self.scripts: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str], state: str) -> str:
        return f"{state}/{tag}"

    def text(self, data: str, state: str) -> None:
        self.texts.append((state, data))

    def raw(self, tag: str, attributes: Mapping[str, str], text: str, state: str) -> None:
        self.scripts.append(text)


@pytest.mark.parametrize(
    ("html", "texts"),
    [
        ("<p>a<br>b</p>", [("/p", "a"), ("/p", "b")]),
        ("<p>a<br/>b</p>", [("/p", "a"), ("/p", "b")]),
        ("<p>a<track>b", [("/p", "a"), ("/p", "b")]),
        ("<div/>a", [("/div", "a")]),
        ("<svg><path/>a</svg>b", [("/svg", "a"), ("", "b")]),
        ("<div><b>a</div>c", [("/div/b", "a"), ("", "c")]),
        ("</p>a", [("", "a")]),
        ("<P>a</P>b", [("/p", "a"), ("", "b")]),
        ("<script>if (1 < 2) '<b>'</script>a", [("", "a")]),
        ("<p>&lt;b&gt;</p>", [("/p", "<b>")]),
    ],
)
def test_text_stands_where_a_browser_has_it(html: str, texts: list[tuple[str, str]]) -> None:
    assert Paths().read(html).texts == texts


@pytest.mark.parametrize(
    "html", ["<script>x < 1</script>", "<script/>x < 1</script>", "<script>x < 1"]
)
def test_a_script_is_read_whole_also_one_that_is_never_closed(html: str) -> None:
    reader = Paths().read(html)
    assert (reader.scripts, reader.texts) == (["x < 1"], [])
