"""What an executed notebook shows becomes blocks; what it hides stays hidden."""

from __future__ import annotations

from mirrorbi.reports.page.collect import collect, facts_of
from mirrorbi.wording.mime_types import MIRRORBI, PLOTLY


def display(data: dict, **metadata: object) -> dict:
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def code(*outputs: dict, tags: tuple[str, ...] = ()) -> dict:
    return {
        "cell_type": "code",
        "source": "x",
        "metadata": {"tags": list(tags)},
        "outputs": list(outputs),
    }


def text(source: str) -> dict:
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def found(*cells: dict):
    return collect({"cells": list(cells)})


def test_the_first_heading_is_the_title_and_the_second_level_the_contents() -> None:
    page = found(text("# Sales *2024*"), text("## Drivers\n\nx\n\n## Drivers"), text("# More"))
    assert page.title == "Sales 2024"
    assert page.contents == [
        {"id": "drivers", "title": "Drivers"},
        {"id": "drivers-2", "title": "Drivers"},
    ]
    assert "<h1" not in page.blocks[0]["html"]
    assert 'id="drivers-2"' in page.blocks[0]["html"]
    assert "More</h1>" in page.blocks[1]["html"]


def test_our_displays_stay_as_they_are_less_their_notebook_style() -> None:
    payload = {"kind": "section", "headline": "Sales rose.", "facts": [{"id": "f1"}]}
    html = '<style>.a{}</style><p data-fact="f1">5</p>'
    page = found(code(display({"text/html": html, MIRRORBI: payload})))
    assert page.blocks == [{"kind": "fragment", "html": '<p data-fact="f1">5</p>'}]
    assert page.headline == "Sales rose."
    assert [fact["id"] for fact in facts_of([payload, payload])] == ["f1"]


def test_a_chart_of_ours_has_its_title_in_html_and_gives_its_room_back() -> None:
    layout = {
        "title": {"text": "in the figure"},
        "height": 424,
        "margin": {"t": 84, "l": 0},
        "meta": {"title_height": 64, "narrow": 1},
    }
    payload = {"title_html": "<b>Rose</b>", "alt": "Line chart", "facts": [{"id": "f1"}]}
    page = found(code(display({PLOTLY: {"data": [], "layout": layout}, MIRRORBI: payload})))
    [block] = page.blocks
    assert block["spec"]["layout"] == {
        "height": 360,
        "margin": {"t": 20, "l": 0},
        "meta": {"narrow": 1},
    }
    assert (block["title_html"], block["alt"], block["height"]) == (
        "<b>Rose</b>",
        "Line chart",
        360,
    )
    assert page.chart_facts == [["f1"]]


def test_a_figure_of_the_notebook_keeps_its_title() -> None:
    figure = {"data": [{"type": "bar"}], "layout": {"title": {"text": "Two bars"}}}
    page = found(code(display({PLOTLY: figure, "text/html": "<div>fallback</div>"})))
    [block] = page.blocks
    assert block["spec"]["layout"]["title"] == {"text": "Two bars"}
    assert block["alt"] == "Chart: Two bars"
    assert page.figures == 1


def test_a_widget_or_a_scripted_figure_is_a_fault_with_advice() -> None:
    widget = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "FigureWidget({})"}
    script = {"text/html": "<div class=plotly-graph-div></div><script>Plotly.newPlot()</script>"}
    page = found(text("## Bars"), code(display(widget)), code(display(script)))
    assert page.figures == 2
    assert page.faults[0].startswith("cell 2 ('Bars') shows a widget")
    assert "renderer" in page.faults[1]
    assert [block["kind"] for block in page.blocks] == ["markdown"]


def test_printed_text_is_shown_only_where_a_tag_asks_for_it() -> None:
    printed = {"output_type": "stream", "name": "stdout", "text": "hello\n"}
    page = found(code(printed), code(printed, tags=("show-output",)))
    assert page.blocks == [{"kind": "text", "text": "hello"}]


def test_hidden_and_injected_cells_show_nothing() -> None:
    shown = display({"text/plain": "1"})
    tags = ("hide", "parameters", "injected-parameters", "injected-secrets", "remove_output")
    assert found(*(code(shown, tags=(tag,)) for tag in tags)).blocks == []


def test_pictures_become_data_and_the_richest_form_wins() -> None:
    png = display({"image/png": "iVBO\nRw==", "text/html": "<b>x</b>", "text/plain": "x"}, alt="A")
    svg = display({"image/svg+xml": "<svg onload='x()'/>"})
    first, second = found(code(png, svg)).blocks
    assert first == {"kind": "image", "data_uri": "data:image/png;base64,iVBORw==", "alt": "A"}
    assert second["data_uri"].startswith("data:image/svg+xml;base64,")


def test_foreign_html_is_cleaned() -> None:
    table = "<style>p{}</style><table><tr><td onclick='x()'>1</td></tr></table>"
    [block] = found(code(display({"text/html": table}))).blocks
    assert block["kind"] == "html"
    assert "<td>1</td>" in block["html"]
    assert "onclick" not in block["html"]
    assert "style" not in block["html"]
