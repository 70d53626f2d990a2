"""The page as text: escaped, self-contained, small; and the library that it carries."""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib.util
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from mirrorbi.charts import charts
from mirrorbi.reports.page.bundle import pick_bundle
from mirrorbi.reports.page.page import Page, Proof, json_for_script, render_page

ASSETS = files("mirrorbi.reports.page") / "assets"


@pytest.fixture(scope="module")
def facts():
    path = Path(__file__).parents[1] / "charts" / "gallery.py"
    spec = importlib.util.spec_from_file_location("markup_gallery", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.gallery()


def blocks_of(facts):
    for n, drawn in enumerate(charts(facts)):
        payload = drawn.payload()
        words = {key: payload[key] for key in ("title_html", "subtitle_html", "alt", "table_html")}
        yield {"kind": "chart", "id": f"chart-{n}", "spec": drawn.figure(), **words}


def test_every_plain_text_of_the_page_is_escaped():
    evil = "<img src=x onerror=alert(1)>"
    proof = Proof(evil, evil, evil, evil, evil, evil, evil, (evil,), ((evil, evil),))
    page = Page(
        title=evil,
        subtitle=evil,
        blocks=(
            {"kind": "text", "text": evil},
            {"kind": "image", "data_uri": evil, "alt": '" onload="x'},
            {"kind": "chart", "id": evil, "spec": {"data": [], "layout": {"a": evil}}, "alt": evil},
        ),
        contents=({"id": '"><b>', "title": evil}, {"id": "b", "title": evil}),
        proofs=(proof,),
        provenance=((evil, evil),),
        reproduce=(evil,),
        manifest={"x": "</script><script>alert(1)</script>"},
    )
    html = render_page(page)
    assert "<img src=x" not in html
    assert '" onload="' not in html
    assert html.count("</script>") == html.count("<script")
    assert '"><b>' not in html


def test_the_manifest_comes_back_as_it_was():
    manifest = {"text": "</script> & <!-- \u2028 ü", "n": [1, None]}
    html = render_page(Page(title="A", manifest=manifest))
    found = re.search(r'id="mirrorbi-manifest">(.*?)</script>', html)
    assert json.loads(found[1]) == manifest


def test_json_refuses_what_is_not_json():
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_for_script({"a": float("nan")})


def test_a_page_with_every_chart_names_no_address(facts):
    html = render_page(
        Page(title="A", blocks=tuple(blocks_of(facts)), plotly=pick_bundle({"bar", "scatter"}))
    )
    assert not re.search(r"https?://|(?:src|href)=\"(?!#|data:)", html)
    assert "@import" not in html
    assert "url(" not in html


def test_a_page_with_a_dozen_charts_is_under_the_budget(facts):
    html = render_page(
        Page(title="A", blocks=tuple(blocks_of(facts[:12])), plotly=pick_bundle({"bar", "scatter"}))
    )
    assert len(html.encode()) < 640_000


def test_a_page_without_charts_carries_no_library():
    html = render_page(Page(title="A", blocks=({"kind": "text", "text": "x"},)))
    assert 'id="mb-plotly"' not in html
    assert len(html) < 40_000


def test_the_policy_allows_the_two_scripts_and_nothing_else():
    bundle = pick_bundle({"bar"})
    html = render_page(Page(title="A", plotly=bundle))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1]
    script = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    assert len(script) == 1
    own = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{own}' '{bundle.csp_hash}'"
    assert "connect-src" not in rules


@pytest.mark.parametrize("place", [0, 1])
def test_the_kept_libraries_are_those_described_beside_them(place):
    described = json.loads((ASSETS / "plotly-bundle.json").read_text("utf-8"))
    about = described["builds"][place]
    small = (ASSETS / about["file"]).read_bytes()
    raw = gzip.decompress(small)
    assert hashlib.sha256(small).hexdigest() == about["sha256_gz"]
    assert hashlib.sha256(raw).hexdigest() == about["sha256"]
    assert small[4:8] == b"\0\0\0\0"  # no time stamp (RFC 1952)
    assert f"v{described['version']}".encode() in raw[:200]
    assert described["licence"] == "MIT"
    assert (ASSETS / "plotly-LICENSE.txt").read_text("utf-8").startswith("MIT License")
    assert len(small) * 4 / 3 < 660_000


@pytest.mark.parametrize(
    ("traces", "name"),
    [
        ({"bar", "scatter"}, "plotly.js-basic-dist-min"),
        (set(), "plotly.js-basic-dist-min"),
        ({"bar", "heatmap"}, "plotly.js-cartesian-dist-min"),
        ({"bar", "scattergeo"}, "plotly.js-dist-min"),
    ],
)
def test_the_smallest_library_that_draws_everything_is_picked(traces, name):
    bundle = pick_bundle(traces)
    assert bundle.name == name
    raw = gzip.decompress(base64.b64decode(bundle.base64))
    digest = base64.b64encode(hashlib.sha256(raw).digest()).decode()
    assert bundle.csp_hash == f"sha256-{digest}"
    assert f"v{bundle.version}".encode() in raw[:200]


def test_a_query_that_many_figures_share_is_kept_once():
    proofs = tuple(Proof(f"f{i}", "A", sql=("SELECT 1", f"SELECT {i}")) for i in range(2, 9))
    html = render_page(Page(title="A", proofs=proofs))
    assert html.count("SELECT 1") == 1
    assert (
        'id="proof-f3" role="dialog" aria-label="How this figure was computed" data-queries="0 2 "'
        in html
    )


def test_the_same_page_gives_the_same_bytes(facts):
    page = Page(title="A", blocks=tuple(blocks_of(facts[:3])), plotly=pick_bundle({"bar"}))
    assert render_page(page) == render_page(page)


def test_a_list_of_one_section_is_left_out():
    one = render_page(Page(title="A", contents=({"id": "a", "title": "Only"},)))
    two = render_page(
        Page(title="A", contents=({"id": "a", "title": "One"}, {"id": "b", "title": "Two"}))
    )
    assert "mb-contents" not in re.sub(r"<style>.*?</style>", "", one, flags=re.DOTALL)
    assert '<a href="#b">Two</a>' in two
