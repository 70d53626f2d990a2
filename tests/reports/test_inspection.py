"""The inspection names every fault of a page, and passes a page without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirrorbi.errors import RenderError
from mirrorbi.reports.page.bundle import pick_bundle
from mirrorbi.reports.page.inspection import inspect_page
from mirrorbi.reports.page.page import Page, render_page
from mirrorbi.reports.parameters.secret import Mask

CHART = {"kind": "chart", "id": "chart-1", "spec": {"data": [{"type": "bar"}], "layout": {}}}


def page(*blocks: dict, **parts: object) -> str:
    return render_page(Page("Sales", blocks=blocks, plotly=pick_bundle({"bar"}), **parts))


def fragment(html: str) -> str:
    return page({"kind": "fragment", "html": html})


def test_a_sound_page_passes() -> None:
    html = page(CHART, {"kind": "html", "html": "<b>1</b>"}, {"kind": "text", "text": "<script>"})
    assert inspect_page(html, figures=1, code=["import mirrorbi as mb  # 20 signs"]) is None


@pytest.mark.parametrize(
    ("markup", "miss"),
    [
        ("<script>alert(1)</script>", "a script that is not ours: alert(1)"),
        ("<script type=module>1</script>", "a script that is not ours"),
        ('<p onclick="x()">', "an event handler: <p onclick=…>"),
        ("<svg/onload=x()>", "an event handler: <svg onload=…>"),
        ("<iframe></iframe>", "<iframe>"),
        ("<object data=x></object>", "<object>"),
        ("<base href='//e.example'>", "<base>"),
        ("<form action=x>", "<form>"),
        ("<img src='https://e.example/a.png'>", "<img src=https://e.example/a.png>"),
        ("<img src='logo.png'>", "<img src=logo.png>"),
        ("<img srcset='https://e.example/a.png 2x'>", "srcset"),
        ("<img src='data:text/html,x'>", "<img src="),
        ("<a href='https://e.example'>x</a>", "<a href=https://e.example>"),
        ("<a href='javascript:x()'>x</a>", "<a href=javascript:x()>"),
        ("<a href='data:text/html,x'>x</a>", "<a href="),
        ("<svg><image xlink:href='//e.example/a'/></svg>", "xlink:href"),
        ("<video poster='//e.example/a'></video>", "poster"),
        ("<p style='background:url(//e.example/a)'>", "an address in a style"),
        ("<style>@import '//e.example'</style>", "an address in a style: @import"),
        ("<style>p{background:URL( 'https://e.example')}</style>", "an address in a style"),
        ("<meta http-equiv=refresh content='0;url=//e.example'>", "leads elsewhere"),
        ("<p>file:///etc/passwd</p>", "an absolute path is in the page: file:///etc/passwd"),
    ],
)
def test_what_acts_or_leads_outside_is_named(markup: str, miss: str) -> None:
    with pytest.raises(RenderError) as caught:
        inspect_page(fragment(markup), figures=0)
    assert miss in str(caught.value)


@pytest.mark.parametrize(
    "markup",
    [
        "<a href='#drivers'>x</a>",
        "<img src='data:image/png;base64,AA=='>",
        "<p>https://e.example is an address in words</p>",
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
        "<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0'/></svg>",
        "<p style='color:#123456'>x</p>",
    ],
)
def test_harmless_markup_passes(markup: str) -> None:
    assert inspect_page(fragment(markup), figures=0) is None


def test_as_many_charts_must_be_drawn_as_figures_were_made() -> None:
    with pytest.raises(RenderError, match=r"1 chart drawn of 2 figures made"):
        inspect_page(page(CHART), figures=2)


@pytest.mark.parametrize(
    ("spec", "miss"),
    [
        ({"data": [{"type": "scattergeo"}], "layout": {}}, "'scattergeo' fetches its map"),
        (
            {"data": [], "layout": {"images": [{"source": "https://e.example/a.png"}]}},
            "a picture outside the page, in a chart: https://e.example/a.png",
        ),
    ],
)
def test_a_chart_that_fetches_is_named(spec: dict, miss: str) -> None:
    with pytest.raises(RenderError) as caught:
        inspect_page(page({**CHART, "spec": spec}), figures=1)
    assert miss in str(caught.value)


def test_code_of_the_notebook_is_found_whatever_its_spacing() -> None:
    source = "frame = mb.open('x.csv')\n\nframe.facts()"
    html = page({"kind": "text", "text": "frame = mb.open('x.csv')\n  frame.facts()"})
    with pytest.raises(RenderError, match="code of the notebook is in the page"):
        inspect_page(html, figures=0, code=[source])


@pytest.mark.parametrize("where", ["text", "attribute", "manifest", "spec"])
def test_a_secret_is_found_wherever_it_is(where: str) -> None:
    secret = "hunter22"  # noqa: S105
    html = {
        "text": lambda: page({"kind": "text", "text": secret}),
        "attribute": lambda: fragment(f"<p title='{secret}'>x</p>"),
        "manifest": lambda: page(manifest={"parameters": {"a": [secret]}}),
        "spec": lambda: page({**CHART, "spec": {"data": [], "layout": {"title": secret}}}),
    }[where]()
    with pytest.raises(RenderError, match="a secret is in the page") as caught:
        inspect_page(html, figures=int(where == "spec"), mask=Mask([secret]))
    assert secret not in str(caught.value)


def test_a_path_of_this_machine_is_found_and_others_are_not(tmp_path: Path) -> None:
    assert inspect_page(page({"kind": "text", "text": "/shop/garden"}), figures=0) is None
    for text in (str(tmp_path), f"read '{tmp_path}/sales.csv'", f"{Path.home()}/sales.csv"):
        with pytest.raises(RenderError, match="an absolute path is in the page"):
            inspect_page(page({"kind": "text", "text": text}), figures=0, places=[tmp_path])


def test_every_fault_is_listed() -> None:
    with pytest.raises(RenderError) as caught:
        inspect_page(fragment("<iframe></iframe><p onclick=x>"), figures=1, faults=["cell 3 …"])
    assert len(caught.value.misses) == 4
