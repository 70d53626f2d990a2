"""The colours can be read and told apart."""

from itertools import combinations

import pytest

from mirrorbi.charts.theme import (
    DARK,
    LIGHT,
    MARK_ROLES,
    PRINT,
    TEXT_ROLES,
    css_tokens,
    palettes,
    role_of,
)

MODES = {"light": LIGHT, "dark": DARK, "print": PRINT}

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color
# Vision Deficiency" (2009), severity 1.0, on linear RGB.
BLINDNESS = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour: str) -> list[float]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def luminance(colour: str) -> float:
    r, g, b = linear(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """WCAG 2.2, relative luminance contrast ratio."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, kind: str) -> list[float]:
    rgb = linear(colour)
    seen = [
        min(1.0, max(0.0, sum(w * c for w, c in zip(row, rgb, strict=True))))
        for row in BLINDNESS[kind]
    ]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.95047, 1.0, 1.08883)
    xyz = [
        sum(w * c for w, c in zip(row, seen, strict=True)) / n
        for row, n in zip(to_xyz, white, strict=True)
    ]
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz]
    return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]


def difference(a: str, b: str, kind: str) -> float:
    """CIE 1976 colour difference: 2.3 is just noticeable."""
    return sum((x - y) ** 2 for x, y in zip(lab(a, kind), lab(b, kind), strict=True)) ** 0.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("role", TEXT_ROLES)
def test_text_has_aa_contrast(mode, role):
    tokens = MODES[mode]
    assert contrast(tokens[role], tokens["paper"]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("role", MARK_ROLES)
def test_marks_have_contrast_of_three(mode, role):
    tokens = MODES[mode]
    assert contrast(tokens[role], tokens["paper"]) >= 3


@pytest.mark.parametrize("mode", MODES)
def test_text_over_a_band_has_aa_contrast(mode):
    tokens = MODES[mode]
    assert contrast(tokens["ink"], tokens["band"]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", BLINDNESS)
def test_better_worse_and_accent_stay_apart_for_the_colour_blind(mode, kind):
    tokens = MODES[mode]
    for a, b in combinations(("better", "worse", "accent"), 2):
        assert difference(tokens[a], tokens[b], kind) > 18, (a, b)


def test_every_mode_has_every_role():
    assert set(LIGHT) == set(DARK) == set(PRINT)


def test_light_colours_differ_so_that_each_maps_to_one_dark_colour():
    assert len(set(LIGHT.values())) == len(LIGHT)
    assert len(palettes()["dark"]) == len(DARK)


def test_style_sheet_holds_every_token_of_both_modes():
    css = css_tokens()
    for tokens in (LIGHT, DARK):
        for role, colour in tokens.items():
            assert f"--{role}:{colour};" in css


@pytest.mark.parametrize(
    ("direction", "better", "role"),
    [
        ("up", "up", "better"),
        ("down", "up", "worse"),
        ("down", "down", "better"),
        ("up", "down", "worse"),
        ("up", None, "accent"),
        ("flat", "up", "accent"),
        (None, "down", "accent"),
    ],
)
def test_good_news_depends_on_the_metric_not_the_sign(direction, better, role):
    assert role_of(direction, better) == role
