"""Sparklines."""

import re
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.charts import sparkline

values = st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9)), min_size=2, max_size=40)


@given(values)
def test_everything_is_drawn_inside_the_box(series):
    svg = sparkline(series)
    if sum(v is not None for v in series) < 2:
        assert svg == ""
        return
    root = ET.fromstring(svg)  # noqa: S314 (our own markup)
    path = " ".join(part.get("d", "") for part in root.iter("path"))
    points = re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)
    points.append((root.find("circle").get("cx"), root.find("circle").get("cy")))
    assert all(0 <= float(x) <= 120 and 0 <= float(y) <= 28 for x, y in points)


def test_the_way_to_an_incomplete_period_is_dashed():
    svg = sparkline([1, 2, 3], [True, True, False])
    assert svg.count("mb-spark-open") == 1
    assert "mb-spark-open" not in sparkline([1, 2, 3])


def test_a_gap_is_not_bridged():
    svg = sparkline([1, 2, None, 3, 4])
    assert svg.count("M") == 2


def test_the_label_is_escaped_and_read_out():
    svg = sparkline([1, 2], label="<b>Sales & costs</b>")
    assert "<title>&lt;b&gt;Sales &amp; costs&lt;/b&gt;</title>" in svg
    assert 'role="img"' in svg
    assert 'aria-hidden="true"' in sparkline([1, 2])


def test_a_constant_series_is_a_level_line():
    heights = set(re.findall(r"[ML][\d.]+ ([\d.]+)", sparkline([5, 5, 5])))
    assert heights == {"14.0"}


def test_colours_come_from_the_page():
    assert "currentColor" in sparkline([1, 2])
    assert "#" not in sparkline([1, 2])
