"""Secrets are found in every form that a notebook would print by accident."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.errors import ParameterError
from mirrorbi.reports.parameters.secret import MASK, Mask, environment_of, reveal

FORMS = [
    str,
    repr,
    json.dumps,
    lambda s: json.dumps(s, ensure_ascii=False),
    html.escape,
    quote,
    lambda s: base64.b64encode(s.encode()).decode(),
    lambda s: s.encode().hex(),
]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=4), st.sampled_from(FORMS))
def test_a_secret_is_masked_in_every_form(secret: str, form) -> None:
    shown = form(secret)
    masked = Mask([secret])(f"before {shown} after")
    assert MASK in masked
    assert shown.strip("'\"=") not in masked.replace("before ", "").replace(" after", "")


def test_nested_values_are_masked_in_place_keys_too() -> None:
    value = {"hunter22": ["x hunter22", {"n": 3}], "b": None}
    assert Mask(["hunter22"]).clean(value) is value
    assert value == {"b": None, MASK: [f"x {MASK}", {"n": 3}]}


def test_the_longer_of_two_overlapping_secrets_wins() -> None:
    assert Mask(["abcd", "abcdefgh"])("abcdefgh") == MASK


def test_no_secret_masks_nothing() -> None:
    mask = Mask()
    assert not mask
    assert mask("hunter22") == "hunter22"
    assert not mask.matches("hunter22")


def test_a_secret_is_revealed_once(monkeypatch) -> None:
    for name, value in environment_of({"token": "hunter22"}).items():
        monkeypatch.setenv(name, value)
    assert reveal("token") == "hunter22"
    with pytest.raises(ParameterError, match="'token' is not in this kernel"):
        reveal("token")
