"""Residency and the model table: what is called, where it is processed, what is refused."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirrorbi.bedrock.models import claude_models, find_model, geographies
from mirrorbi.bedrock.residency import route_for, routes_of
from mirrorbi.errors import ModelIdError, ResidencyError, SettingsError
from mirrorbi.settings import ClaudeSettings, ModelSettings, load_settings

MODELS = claude_models()
REGIONS = sorted({region for geo in geographies().values() for region in geo.sources})
ARN = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123"


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_entry_can_be_read_and_says_where_it_is_from(name):
    model = MODELS[name]
    assert model.name == name
    assert re.fullmatch(r"anthropic\.claude-[a-z0-9-]+(-v1)?(:0)?", model.id)
    assert model.label.startswith("Claude ")
    assert set(model.profiles) <= {*geographies(), "global"}
    assert (model.context or 10**6) > (model.output or 0)
    assert all(url.startswith("https://") for url in model.source)
    assert model.source
    assert isinstance(model.checked, date)
    assert model.successor in {"", *MODELS}
    prices = (model.input_price, model.output_price)
    assert all(p is None or p > 0 for p in prices)
    assert (model.cache_read_price or 0) < (model.input_price or 1)


def test_the_default_is_served_and_takes_a_temperature():
    model, profile = find_model(ClaudeSettings().model)
    assert (model.name, profile) == ("claude-sonnet-4-6", "")
    assert not model.ended()
    assert model.sampling


def test_capabilities_are_those_that_are_known():
    can = {name: (m.sampling, m.forced_tool) for name, m in MODELS.items()}
    assert can["claude-sonnet-5"] == (False, False)
    assert can["claude-sonnet-5-5"] == (False, False)
    assert can["claude-sonnet-4-6"] == (True, True)


@pytest.mark.parametrize(
    "name",
    [
        "claude-sonnet-4",
        "anthropic.claude-sonnet-4-20250514-v1:0",
        "eu.anthropic.claude-sonnet-4-20250514-v1:0",
        "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-sonnet-4-20250514-v1:0",
    ],
)
def test_a_model_past_its_end_names_its_successor(name):
    with pytest.raises(ModelIdError, match="end of life on Bedrock on 2026-10-14") as caught:
        route_for(ClaudeSettings(model=name, residency="global"), "eu-west-1")
    assert 'model = "claude-sonnet-4-6"' in caught.value.hint


def test_a_model_ends_on_the_day():
    model = MODELS["claude-sonnet-4"]
    assert not model.ended(date(2026, 10, 13))
    assert model.ended(date(2026, 10, 14))


@pytest.mark.parametrize(
    ("region", "residency", "id", "regions"),
    [
        ("eu-west-1", "geo", "eu.anthropic.claude-sonnet-4-6",
         "eu-central-1 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-3"),
        ("eu-central-2", "geo", "eu.anthropic.claude-sonnet-4-6",
         "eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-3"),
        ("us-west-2", "geo", "us.anthropic.claude-sonnet-4-6", "us-east-1 us-east-2 us-west-2"),
        ("ca-central-1", "geo", "us.anthropic.claude-sonnet-4-6",
         "ca-central-1 us-east-1 us-east-2 us-west-2"),
        ("ap-northeast-1", "geo", "jp.anthropic.claude-sonnet-4-6",
         "ap-northeast-1 ap-northeast-3"),
        ("ap-southeast-2", "global", "au.anthropic.claude-sonnet-4-6",
         "ap-southeast-2 ap-southeast-4"),
        ("sa-east-1", "global", "global.anthropic.claude-sonnet-4-6", "global"),
    ],
)  # fmt: skip
def test_the_profile_that_stays_nearest(region, residency, id, regions):  # noqa: A002
    route = route_for(ClaudeSettings(residency=residency), region)
    assert (route.id, " ".join(route.regions)) == (id, regions)


def test_what_would_cross_is_named_and_refused():
    with pytest.raises(ResidencyError) as caught:
        route_for(ClaudeSettings(), "eu-west-1")
    assert "eu-central-1, eu-north-1, eu-south-1, eu-south-2, eu-west-3" in caught.value.what
    assert 'residency = "geo"' in caught.value.hint
    with pytest.raises(ResidencyError, match="any commercial AWS region") as caught:
        route_for(ClaudeSettings(residency="geo"), "sa-east-1")
    assert 'residency = "global"' in caught.value.hint


def test_a_policy_narrows_and_never_widens():
    geo = ClaudeSettings(residency="geo")
    reached = route_for(geo, "ap-northeast-1").regions
    assert route_for(geo, "ap-northeast-1", reached).regions == reached
    with pytest.raises(ResidencyError, match="may process the call in ap-northeast-3"):
        route_for(geo, "ap-northeast-1", ["ap-northeast-1"])
    with pytest.raises(ResidencyError):
        route_for(ClaudeSettings(), "ap-northeast-1", reached)
    everywhere = ClaudeSettings(residency="global", model="global.anthropic.claude-sonnet-4-6")
    with pytest.raises(ResidencyError, match="any commercial AWS region"):
        route_for(everywhere, "eu-west-1", REGIONS)


@given(
    st.sampled_from([name for name, model in MODELS.items() if not model.ended()]),
    st.sampled_from(REGIONS),
    st.sampled_from(["region", "geo", "global"]),
    st.lists(st.sampled_from(REGIONS), unique=True),
)
def test_no_route_leaves_what_is_allowed(name, region, residency, allowed):
    try:
        route = route_for(ClaudeSettings(model=name, residency=residency), region, allowed)
    except (ResidencyError, ModelIdError):
        return
    assert not allowed or set(route.regions) <= set(allowed)
    if residency != "global":
        assert "global" not in route.regions
    if residency == "region":
        assert route.regions == (region,)
    assert route in routes_of(MODELS[name], region)


def test_a_profile_of_a_geography_costs_its_surcharge():
    model = MODELS["claude-sonnet-4-6"]
    near, far = routes_of(model, "eu-west-1")
    assert near.model.input_price == Decimal("3.30")
    assert near.model.cache_read_price == Decimal("0.33")
    assert far.model.input_price == Decimal("3.00")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("claude-sonet-4-6", "Did you mean 'claude-sonnet-4-6'"),
        ("gpt-4", r"\[claude.models.\"gpt-4\"\]"),
        (ARN, rf"\[claude.models.\"{ARN}\"\]"),
    ],
)
def test_an_unknown_model_says_how_to_declare_it(name, says):
    with pytest.raises(ModelIdError, match="is not known") as caught:
        route_for(ClaudeSettings(model=name), "eu-west-1")
    assert re.search(says, caught.value.hint)


def test_a_declared_model_can_do_what_is_said_of_it(tmp_path):
    (tmp_path / "mirrorbi.toml").write_text(
        f'[claude]\nmodel = "{ARN}"\n\n[claude.models."{ARN}"]\n'
        'name = "Ours"\ncontext = 50000\ninput_price = 1.5\nregions = ["eu-west-1"]\n'
    )
    settings = load_settings(tmp_path, {}).claude
    route = route_for(settings, "eu-west-1")
    assert (route.id, route.regions, route.reach) == (ARN, ("eu-west-1",), "region")
    assert (route.model.label, route.model.context) == ("Ours", 50_000)
    assert route.model.input_price == Decimal("1.5")
    assert not route.model.sampling


def test_an_application_profile_of_unknown_reach_needs_its_regions():
    settings = ClaudeSettings(model=ARN, models={ARN: ModelSettings()}, residency="geo")
    with pytest.raises(ResidencyError, match="nothing says where") as caught:
        route_for(settings, "eu-west-1")
    assert "regions = [...]" in caught.value.hint
    wide = settings.model_copy(update={"residency": "global"})
    assert route_for(wide, "eu-west-1").regions == ("global",)
    with pytest.raises(ResidencyError):
        route_for(wide, "eu-west-1", ["eu-west-1"])


def test_settings_can_correct_the_table():
    said = ModelSettings(regional=("eu-west-2",), input_price=Decimal(2))
    settings = ClaudeSettings(models={"claude-sonnet-4-6": said})
    route = route_for(settings, "eu-west-2")
    assert (route.id, route.regions) == ("anthropic.claude-sonnet-4-6", ("eu-west-2",))
    assert route.model.input_price == Decimal(2)
    assert route.model.output_price == Decimal(15)
    assert route.model.sampling, "what is not said stays as the table has it"


def test_a_wrong_region_is_said():
    arn = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6"
    with pytest.raises(ModelIdError, match="is of us-east-1, the endpoint of eu-west-1"):
        route_for(ClaudeSettings(model=arn), "eu-west-1")
    with pytest.raises(ModelIdError, match="cannot be called from eu-west-1"):
        route_for(ClaudeSettings(model="us.anthropic.claude-sonnet-4-6"), "eu-west-1")
    with pytest.raises(ModelIdError, match="cannot be called from ap-south-1"):
        route_for(ClaudeSettings(model="claude-haiku-5-5", residency="global"), "ap-south-1")


def test_without_a_region_nothing_is_guessed(bedrock, connected, monkeypatch, tmp_path):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="in which AWS region"):
        assert connected().route


def test_the_region_of_a_profile_is_used(bedrock, connected, monkeypatch, tmp_path):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text("[profile tokyo]\nregion = ap-northeast-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert connected(profile="tokyo").model == "jp.anthropic.claude-sonnet-4-6"
    assert connected(profile="tokyo", region="us-east-1").regions[0] == "us-east-1"
