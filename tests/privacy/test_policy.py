"""The policy: the strictest of settings and model, key by key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mirrorbi
from mirrorbi.data.model.model_file import parse_model
from mirrorbi.data.model.semantic_model import Model, Privacy
from mirrorbi.errors import PolicyError
from mirrorbi.privacy.policy import Policy, policy_for
from mirrorbi.settings import PrivacySettings


def model(privacy=None, **dimensions):
    return parse_model(
        {
            "dimensions": dimensions or {"region": {}},
            "metrics": {"orders": {"agg": "count"}},
            **({"privacy": privacy} if privacy else {}),
        }
    )


def test_the_defaults_are_private():
    policy = Policy.of(PrivacySettings(), model())
    assert policy == Policy.of() == Policy()
    assert (policy.min_entities, policy.dominance, policy.p_ratio) == (10, 0.90, 0.10)
    assert policy.narrators == ("rules",)


@pytest.mark.parametrize(
    ("key", "mild", "strict"),
    [
        ("min_entities", 5, 20),
        ("dominance", 0.95, 0.8),
        ("p_ratio", 0.05, 0.2),
        ("labels", "plain", "alias"),
        ("retention", "full", "hash"),
        ("approve", "policy", "session"),
        ("approve", "session", "call"),
    ],
)
def test_the_strictest_of_both_wins_whoever_says_it(key, mild, strict):
    for one, other in ((mild, strict), (strict, mild)):
        policy = Policy.of(PrivacySettings(**{key: one}), model({key: other}))
        assert getattr(policy, key) == strict
    assert getattr(Policy.of(PrivacySettings(**{key: mild}), model()), key) == mild


def test_claude_writes_only_where_everybody_who_speaks_allows_it():
    yes, no = PrivacySettings(narrators=("claude",)), PrivacySettings(narrators=("rules",))
    assert Policy.of(yes).narrators == ("rules", "claude")
    assert Policy.of(yes, model({"narrators": ["rules"]})).narrators == ("rules",)
    assert Policy.of(no, model({"narrators": ["claude"]})).narrators == ("rules",)


def test_regions_are_those_that_both_allow():
    here = PrivacySettings(regions=("eu-west-1", "eu-central-1"))
    assert Policy.of(here).regions == ("eu-central-1", "eu-west-1")
    assert Policy.of(here, model({"regions": ["eu-west-1"]})).regions == ("eu-west-1",)
    with pytest.raises(PolicyError, match="us-east-1"):
        Policy.of(here, model({"regions": ["us-east-1"]}))


def test_a_columns_class_is_the_strictest_by_dimension_or_by_column():
    shop = model(
        {"columns": {"mail": "personal"}},
        clerk={"column": "clerk_id", "privacy": "personal"},
        region={},
    )
    policy = Policy.of(PrivacySettings(columns={"clerk": "blocked", "mail": "safe"}), shop)
    assert policy.class_of("clerk") is policy.class_of("clerk_id") is Privacy.BLOCKED
    assert policy.class_of("mail") is Privacy.PERSONAL
    assert policy.class_of("region") is policy.class_of("never named") is Privacy.SAFE


CLASSES = st.dictionaries(st.sampled_from("abc"), st.sampled_from([str(p) for p in Privacy]))
PARTS = st.builds(
    PrivacySettings,
    min_entities=st.none() | st.integers(1, 50),
    dominance=st.none() | st.sampled_from([0.5, 0.9, 1.0]),
    p_ratio=st.none() | st.sampled_from([0.0, 0.1, 0.5]),
    columns=CLASSES,
)


@given(PARTS, PARTS)
def test_no_one_of_two_can_loosen_what_the_other_says(one, other):
    both = Policy.of(one, model(other.model_dump(exclude_none=True)))
    if one.min_entities is not None:
        assert both.min_entities >= one.min_entities
    if one.dominance is not None:
        assert both.dominance <= one.dominance
    if one.p_ratio is not None:
        assert both.p_ratio >= one.p_ratio
    order = list(Privacy)
    for name, named in one.columns.items():
        assert order.index(both.class_of(name)) >= order.index(Privacy(named))
    assert Policy.from_dict(both.to_dict()) == both


def test_the_hash_says_whether_two_policies_are_the_same():
    assert Policy().sha256 == Policy(min_entities=10).sha256
    assert Policy().sha256 != Policy(min_entities=11).sha256
    assert len(Policy().sha256) == 64


def test_a_wrong_key_names_itself():
    with pytest.raises(PolicyError, match="min_entites"):
        Policy.from_dict({"min_entites": 5})
    with pytest.raises(PolicyError, match="dominance"):
        Policy.from_dict({"dominance": 2})


def test_the_policy_of_a_data_set_is_that_of_the_folder_and_its_model(tmp_path):
    import pandas as pd

    (tmp_path / "mirrorbi.toml").write_text("[privacy]\nmin_entities = 25\n", "utf-8")
    frame = pd.DataFrame({"region": ["north", "south"]})
    spec = {
        "dimensions": {"region": {}},
        "metrics": {"orders": {"agg": "count"}},
        "privacy": {"min_entities": 12, "labels": "alias"},
    }
    policy = policy_for(mirrorbi.open(frame, spec), tmp_path)
    assert (policy.min_entities, policy.labels) == (25, "alias")
    assert isinstance(mirrorbi.open(frame, spec).model, Model)
