"""The page in a real browser: drawn, quiet, reachable, and closed to the network."""

from __future__ import annotations

import http.server
import importlib.util
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from mirrorbi.charts import chart, charts, sparkline
from mirrorbi.charts.theme import DARK, LIGHT, PRINT
from mirrorbi.reports.page.bundle import pick_bundle
from mirrorbi.reports.page.page import Page, Proof, render_page
from mirrorbi.wording.sentence import Sentence, fill, markup

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 375, "height": 800}
DESK = {"width": 1240, "height": 900}

OVERLAPS = """(minimum) => {
  const found = [];
  for (const plot of document.querySelectorAll(".mb-plot")) {
    const texts = [...plot.querySelectorAll("svg text")].filter((t) => t.textContent.trim());
    const boxes = texts.map((t) => [t.textContent, t.getBoundingClientRect()]);
    boxes.forEach(([a, x], i) => boxes.slice(i + 1).forEach(([b, y]) => {
      const wide = Math.min(x.right, y.right) - Math.max(x.left, y.left);
      const high = Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top);
      if (wide > minimum && high > minimum) found.push([plot.parentNode.id, a, b, wide, high]);
    }));
  }
  return found;
}"""

CUT_OFF = """() => {
  const found = [];
  for (const plot of document.querySelectorAll(".mb-plot")) {
    const frame = plot.querySelector("svg.main-svg").getBoundingClientRect();
    for (const text of plot.querySelectorAll("svg text")) {
      const box = text.getBoundingClientRect();
      if (!box.width) continue;
      if (box.left < frame.left - 1 || box.right > frame.right + 1
          || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
        found.push([plot.parentNode.id, text.textContent, box.left - frame.left,
                    frame.right - box.right]);
    }
  }
  return found;
}"""


def chromium() -> str | None:
    """Return the path of a Chromium, if there is one."""
    named = os.environ.get("MIRRORBI_CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return named or next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def invented() -> Any:
    path = Path(__file__).parents[1] / "charts" / "gallery.py"
    spec = importlib.util.spec_from_file_location("page_gallery", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = chromium()
    if path is None:
        missing = "No Chromium found: install it, or set MIRRORBI_CHROMIUM to its path"
        if os.environ.get("MIRRORBI_REQUIRE_BROWSER"):
            pytest.fail(missing)
        pytest.skip(missing)
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield found
        found.close()


def chart_block(drawn: Any, n: int) -> dict[str, Any]:
    payload, figure = drawn.payload(), drawn.figure()
    words = {key: payload[key] for key in ("title_html", "subtitle_html", "alt", "table_html")}
    return {"kind": "chart", "id": f"chart-{n}", "spec": figure, **words}


def page_of(facts: list[Any], *extra: Any, **parts: Any) -> Page:
    drawn = charts(facts)
    first = drawn[0]
    template = f"{{{{f.metric}}}}: {{{{f.{first.fact.estimate}}}}}."
    sentence = Sentence(template, {"f": first.fact.id})
    words = markup(fill(sentence, [first.fact]))
    line = sparkline([0.7, 0.8, 0.6], label="On-time rate")
    blocks = [
        {"kind": "fragment", "html": f'<p class="mb-headline">{words}</p>{line}'},
        {"kind": "markdown", "html": '<h2 id="changed">What changed</h2>'},
        *(chart_block(one, n) for n, one in enumerate(drawn)),
        *extra,
    ]
    proofs = [
        Proof(
            id=one.fact.id,
            title=one.title_text,
            definition=one.fact.definition,
            sql=("SELECT 1",),
            values=(("Value", "64.7%"),),
        )
        for one in drawn
    ]
    common: dict[str, Any] = {
        "title": "KPI review",
        "blocks": tuple(blocks),
        "proofs": tuple(proofs),
        "provenance": (("Data", "flights.parquet"),),
        "plotly": pick_bundle({"bar", "scatter"}),
    }
    return Page(**{**common, **parts})


@pytest.fixture(scope="module")
def whole(invented, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_page(page_of([*invented.gallery(), invented.daily()])), "utf-8")
    return path


@pytest.fixture(scope="module")
def small(invented, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("page") / "small.html"
    path.write_text(render_page(page_of([invented.change(), invented.daily()])), "utf-8")
    return path


class Visit:
    """One opened page, what it said, and what it asked for."""

    def __init__(self, browser: Any, path: Path, **context: Any) -> None:
        options = {"viewport": DESK, "offline": True, **context}
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        if context.get("java_script_enabled", True):
            self.page.wait_for_selector("html[data-ready]", timeout=20_000)

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def ask(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)

    def drawn(self) -> tuple[int, int]:
        return tuple(
            self.page.locator(selector).count()
            for selector in (".mb-chart", ".mb-chart[data-drawn=true]")
        )


@pytest.fixture
def visit(browser, small):
    opened = []

    def go(path: Path | None = None, **context: Any) -> Visit:
        opened.append(Visit(browser, path or small, **context))
        return opened[-1]

    yield go
    for one in opened:
        one.context.close()


def written(tmp_path: Path, page: Page) -> Path:
    path = tmp_path / "page.html"
    path.write_text(render_page(page), "utf-8")
    return path


def test_every_chart_is_drawn_in_silence_and_without_a_request(visit, whole):
    seen = visit(whole)
    charts_found, drawn = seen.drawn()
    assert charts_found == drawn == 25
    assert seen.said == []
    assert seen.asked == [whole.as_uri()]
    visible = seen.ask(
        "[...document.querySelectorAll('.mb-plot svg.main-svg')].filter("
        "s => s.getBoundingClientRect().height > 50).length"
    )
    assert visible >= 25


@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 640}, DESK])
def test_nothing_runs_out_of_the_page_or_over_another(visit, whole, size):
    seen = visit(whole, viewport=size)
    assert seen.ask("document.documentElement.scrollWidth") <= size["width"]
    assert seen.ask(CUT_OFF) == []
    if size["width"] >= 375:
        assert seen.ask(OVERLAPS, 2) == []


def test_long_and_hostile_names_stay_in_their_place(visit, invented, tmp_path):
    from mirrorbi.facts.fact import Table

    fact = next(fact for fact in invented.gallery() if fact.kind == "share")
    names = ["<img src=x onerror=alert(1)>", "W" * 80, "Ünïcödé ünd mehr Ünïcödé", "東京" * 20]
    value = fact.table.rows[0][1]
    share = fact.table.rows[0][2]
    table = Table(fact.table.columns, tuple((name, value, share) for name in names))
    seen = visit(written(tmp_path, page_of([fact.replace(table=table)])), viewport=PHONE)
    assert seen.said == []
    assert seen.ask(OVERLAPS, 2) == []
    assert seen.ask(CUT_OFF) == []
    assert "<img src=x" in seen.page.locator(".mb-plot").inner_text()
    assert seen.ask("document.querySelectorAll('.mb-plot img').length") == 0


def test_a_proof_opens_and_closes_by_keyboard(visit):
    seen = visit()
    figure = seen.page.locator(".mb-headline .mb-fig").first
    figure.focus()
    seen.page.keyboard.press("Enter")
    proof = seen.page.locator(".mb-proof:popover-open")
    assert proof.count() == 1
    assert figure.get_attribute("aria-expanded") == "true"
    assert proof.locator("pre").all_inner_texts() == ["SELECT 1"]
    at, box = figure.bounding_box(), proof.bounding_box()
    assert abs(box["y"] - (at["y"] + at["height"])) < 20
    assert box["x"] >= 0
    seen.page.keyboard.press("Escape")
    assert proof.count() == 0
    assert seen.ask("document.activeElement.className") == "mb-fig"
    assert figure.get_attribute("aria-expanded") == "false"


def test_a_proof_opens_on_hover_and_closes_when_the_pointer_leaves(visit):
    seen = visit()
    figure = seen.page.locator(".mb-headline .mb-fig").first
    figure.hover()
    seen.page.locator(".mb-proof:popover-open").wait_for(timeout=3000)
    seen.page.mouse.move(1200, 880)
    seen.page.wait_for_function(
        "() => !document.querySelector('.mb-proof:popover-open')", timeout=3000
    )
    assert seen.said == []


def test_a_tapped_proof_stays_inside_a_phone(visit):
    seen = visit(viewport=PHONE, has_touch=True)
    seen.page.locator(".mb-fig").last.scroll_into_view_if_needed()
    seen.page.locator(".mb-fig").last.tap()
    box = seen.page.locator(".mb-proof:popover-open").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]


def background(seen: Visit) -> tuple[str, str]:
    body = seen.ask("getComputedStyle(document.body).backgroundColor")
    plot = seen.ask("document.querySelector('.mb-plot svg.main-svg').style.background")
    return body, plot


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def test_dark_and_light_follow_the_system_and_the_button(visit):
    seen = visit(color_scheme="dark")
    assert background(seen) == (rgb(DARK["paper"]),) * 2
    seen.page.click("#mb-theme")
    seen.page.wait_for_function(
        "wanted => document.querySelector('.mb-plot svg.main-svg').style.background === wanted",
        arg=rgb(LIGHT["paper"]),
    )
    assert background(seen) == (rgb(LIGHT["paper"]),) * 2
    assert background(visit(color_scheme="light")) == (rgb(LIGHT["paper"]),) * 2


def test_charts_change_with_the_system_while_open(visit):
    seen = visit(color_scheme="light")
    seen.page.emulate_media(color_scheme="dark")
    seen.page.wait_for_function(
        "wanted => document.querySelector('.mb-plot svg.main-svg').style.background === wanted",
        arg=rgb(DARK["paper"]),
    )
    assert seen.said == []


def test_charts_are_drawn_anew_for_paper(visit):
    seen = visit(color_scheme="dark")
    seen.ask("dispatchEvent(new Event('beforeprint'))")
    widths = (
        "[...document.querySelectorAll('.mb-plot svg.main-svg')].map(s => +s.getAttribute('width'))"
    )
    assert max(seen.ask(widths)) <= 680
    assert background(seen)[1] == rgb(PRINT["paper"])
    assert seen.ask("document.querySelector('.mb-provenance').open") is True
    seen.ask("dispatchEvent(new Event('afterprint'))")
    assert max(seen.ask(widths)) > 680
    pdf = seen.page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.startswith(b"%PDF")
    assert seen.said == []


def test_the_browser_itself_refuses_scripts_and_requests(visit, invented, tmp_path, listener):
    address, heard = listener
    attack = (
        "<script>window.taken = 1</script>"
        f'<img src="{address}/x.png" onerror="window.taken = 2">'
        '<img src="data:image/png;base64,xx" onerror="window.taken = 3">'
        f'<link rel="stylesheet" href="{address}/x.css"><iframe src="{address}/x.html"></iframe>'
        f'<div style="background: url({address}/y.png)">x</div>'
    )
    path = written(tmp_path, page_of([invented.change()], {"kind": "fragment", "html": attack}))
    seen = visit(path, offline=False)
    assert seen.drawn() == (1, 1)
    assert seen.ask("window.taken") is None
    assert len(seen.said) >= 5
    assert all("Content Security Policy" in text for text in seen.said)
    assert heard == []


@pytest.fixture
def listener():
    """Listen on this machine; return the address and the paths that were asked for."""
    heard: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    server.server_close()


def test_a_chart_that_cannot_be_drawn_shows_its_words_and_figures(visit, invented, tmp_path):
    html = render_page(page_of([invented.change()]))
    path = tmp_path / "broken.html"
    start = html.index(">", html.index('id="mb-plotly"')) + 1
    path.write_text(html[:start] + "AAAA" + html[start + 4 :], "utf-8")
    seen = visit(path)
    assert seen.drawn() == (1, 0)
    assert seen.page.locator(".mb-alt").first.is_visible()
    assert seen.page.locator(".mb-data table").is_visible()
    assert any("could not be drawn" in text for text in seen.said)


def test_without_scripts_the_words_of_every_chart_are_read(visit, whole):
    seen = visit(whole, java_script_enabled=False)
    words = seen.page.locator("noscript .mb-alt")
    assert words.count() == 25
    assert words.first.is_visible()
    assert not seen.page.locator("#mb-theme").is_visible()


def test_a_chart_is_named_for_a_screen_reader(visit):
    seen = visit()
    names = seen.ask(
        "[...document.querySelectorAll('.mb-plot')].map(p => "
        "[p.getAttribute('role'), p.getAttribute('aria-label').length])"
    )
    assert all(role == "img" and length > 40 for role, length in names)
    assert seen.ask("document.querySelectorAll('h1').length") == 1
    seen.page.keyboard.press("Tab")
    assert seen.ask("document.activeElement.className") == "mb-skip"


@pytest.mark.parametrize("trace", ["heatmap", "scatterpolar", "scattergl", "sankey"])
def test_larger_libraries_draw_other_traces(visit, tmp_path, trace):
    data = {
        "scatterpolar": {"r": [1, 2, 3], "theta": [0, 90, 180]},
        "scattergl": {"x": [1, 2], "y": [2, 1]},
        "sankey": {
            "node": {"label": ["a", "b"]},
            "link": {"source": [0], "target": [1], "value": [1]},
        },
        "heatmap": {"z": [[1, 2], [3, 4]]},
    }[trace]
    block = {
        "kind": "chart",
        "id": "other",
        "spec": {"data": [{"type": trace, **data}], "layout": {}},
        "alt": "Another chart",
    }
    page = Page(title="Other", blocks=(block,), plotly=pick_bundle({trace}))
    seen = visit(written(tmp_path, page))
    assert seen.drawn() == (1, 1), seen.said
    assert [text for text in seen.said if "WebGL" not in text] == []


def test_a_chart_in_a_notebook_has_its_title_inside(invented):
    drawn = chart(invented.change())
    page = page_of([invented.change()])
    html = render_page(page)
    assert drawn.figure()["layout"]["height"] == drawn.height + 64
    assert f"height:{drawn.height}px" in html
    assert '"title_height"' not in html
