"""The session: what was released is known by the object alone, and a run is judged together."""

import ast
import copy
import gc
import pickle
import re
import weakref
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import mirrorbi
from mirrorbi.charts.fact_chart import chart
from mirrorbi.data.periods import Period
from mirrorbi.errors import RefusedError
from mirrorbi.facts.fact import Fact
from mirrorbi.facts.factset import FactSet
from mirrorbi.privacy.disclosure_control.counts import Threshold, counts_of
from mirrorbi.privacy.gate import Gate
from mirrorbi.privacy.policy import Policy, policy_for
from mirrorbi.privacy.released import release_of
from mirrorbi.privacy.session import Session, session_of
from mirrorbi.settings import RUN

MODEL = {
    "time": {"column": "day"},
    "dimensions": {"city": {}},
    "metrics": {"sales": {"agg": "sum", "column": "sales"}},
}


def frame(last_day: int = 2) -> pd.DataFrame:
    """Three hundred sales through thirty days of January, and some more on the 31st."""
    days = [1 + n % 30 for n in range(300)] + [31] * last_day
    return pd.DataFrame(
        {
            "day": pd.to_datetime([f"2024-01-{day:02d}" for day in days]),
            "city": ["Oslo" if n % 3 else "Rome" for n in range(len(days))],
            "sales": 1.0,
        }
    )


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The name of a run that this process takes part in, one for each test."""
    monkeypatch.setenv(RUN, request.node.name)
    return request.node.name


@pytest.fixture
def ds() -> mirrorbi.Analysis:
    return mirrorbi.open(frame(), MODEL)


@pytest.fixture
def facts(ds: mirrorbi.Analysis) -> FactSet:
    found = ds.facts(kinds="share", period="2024-01")
    assert len(found) > 1
    return found


def forged(fact: Fact) -> Fact:
    other = fact.replace()
    object.__setattr__(other, "_release", release_of(fact))
    return other


BY_HAND = {
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
    "replaced": replace,
    "replaced by its method": lambda fact: fact.replace(score=fact.score),
    "unpickled": lambda fact: pickle.loads(pickle.dumps(fact)),  # noqa: S301 (our own)
    "read again": lambda fact: Fact.from_dict(fact.to_dict(), fact.period.calendar),
    "built": lambda fact: Fact(
        **{name: getattr(fact, name) for name in Fact.__dataclass_fields__ if name != "_id"}
    ),
    "given the release of another": forged,
}


@pytest.mark.parametrize("make", BY_HAND.values(), ids=BY_HAND)
def test_only_the_very_object_is_released(ds, facts, make):
    fact, policy = facts[0], policy_for(ds)
    other = make(fact)
    assert (other, other.id) == (fact, fact.id)
    assert release_of(fact).request == ds.session.releases_of([fact], ds, policy)[0].request
    assert release_of(other) is None
    assert ds.session.releases_of([other], ds, policy) == [None]
    assert chart(fact).sweep["policy"] == policy.sha256
    assert chart(other).sweep == {}
    assert Gate(ds).disclose([fact]).handles
    with pytest.raises(RefusedError, match="do not say how they were found"):
        Gate(ds).disclose([other])


def test_a_set_that_claims_a_policy_and_an_origin_releases_nothing(ds):
    raw = ds.facts(control=False, kinds="share", period="2024-01")
    claimed = FactSet(raw, origin=ds, policy=policy_for(ds).sha256, dataset=raw.dataset)
    assert ds.session.releases_of(claimed, ds, policy_for(ds)) == [None] * len(raw)
    assert chart(claimed[0]).sweep == {}


def test_what_was_released_elsewhere_or_otherwise_is_not_released_here(ds, facts):
    policy = policy_for(ds)
    again = mirrorbi.open(frame(), MODEL)
    assert again.data_hash == ds.data_hash
    assert again.session is not ds.session
    assert again.session.releases_of(facts, again, policy) == [None] * len(facts)
    with pytest.raises(RefusedError):
        Gate(again).disclose(list(facts))
    joined = mirrorbi.open(frame(), MODEL, session=ds.session)
    assert None not in joined.session.releases_of(facts, joined, policy)
    for other in (
        mirrorbi.open(frame(20), MODEL, session=ds.session),
        mirrorbi.open(frame(), {**MODEL, "dimensions": {}}, session=ds.session),
    ):
        assert other.session.releases_of(facts, other, policy) == [None] * len(facts)
        with pytest.raises(RefusedError):
            Gate(other).disclose(list(facts))
    strict = Policy(min_entities=50)
    assert ds.session.releases_of(facts, ds, strict) == [None] * len(facts)


def test_facts_keep_their_release_without_their_set_and_hold_no_data():
    data = mirrorbi.open(frame(), MODEL)
    fact, alive = data.facts(kinds="share", period="2024-01")[0], weakref.ref(data)
    del data
    gc.collect()
    assert alive() is None
    assert chart(fact).sweep["request"]["kinds"] == ["share"]


def test_outside_of_a_run_each_answer_is_judged_by_itself(ds):
    assert not ds.session.run
    assert ds.session is not mirrorbi.open(frame(), MODEL).session
    policy = policy_for(ds)
    assert ds.session.audit(ds, policy) is not ds.session.audit(ds, policy)
    for period in ("2024-01", "2024-01-01/2024-01-30"):
        assert ds.query("sales", period=period).shown["rows"].notna().all()


def test_two_opens_of_the_same_data_in_one_run_share_an_audit(run):
    one, other = mirrorbi.open(frame(), MODEL), mirrorbi.open(frame(), MODEL)
    assert one.session is other.session
    assert repr(one.session) == f"<Session of run {run}>"
    policy = policy_for(one)
    assert one.session.audit(one, policy) is other.session.audit(other, policy)
    assert one.query("sales", period="2024-01").shown["rows"].tolist() == [302]
    assert other.query("sales", period="2024-01-01/2024-01-30").shown["rows"].isna().all()


def test_other_data_another_model_or_policy_have_an_audit_of_their_own(run):
    one = mirrorbi.open(frame(), MODEL)
    more, plain = (
        mirrorbi.open(frame(20), MODEL),
        mirrorbi.open(frame(), {**MODEL, "dimensions": {}}),
    )
    policy, strict = policy_for(one), Policy(min_entities=50)
    audits = [one.session.audit(ds, policy) for ds in (one, more, plain)]
    audits.append(one.session.audit(one, strict))
    assert len({id(audit) for audit in audits}) == len(audits)


def test_an_answer_of_a_run_is_the_same_after_the_variable_is_gone(run, monkeypatch):
    ds = mirrorbi.open(frame(), MODEL)
    monkeypatch.delenv(RUN)
    assert ds.query("sales", period="2024-01").shown["rows"].tolist() == [302]
    assert ds.query("sales", period="2024-01-01/2024-01-30").shown["rows"].isna().all()


def test_two_runs_of_one_process_know_nothing_of_each_other(run, monkeypatch):
    first = mirrorbi.open(frame(), MODEL)
    monkeypatch.setenv(RUN, f"{run}-2")
    assert mirrorbi.open(frame(), MODEL).session is not first.session


def test_a_run_takes_no_other_session(run):
    own = mirrorbi.open(frame(), MODEL).session
    assert mirrorbi.open(frame(), MODEL, session=own).session is own
    with pytest.raises(RefusedError, match="has a session of its own"):
        mirrorbi.open(frame(), MODEL, session=Session())


def test_data_that_nobody_opened_has_no_session():
    from mirrorbi.data.dataset import Dataset

    opened = mirrorbi.open(frame(), MODEL)
    with pytest.raises(RefusedError, match="has no session"):
        session_of(Dataset(opened._opened, opened.model))


def test_disclosure_control_alone_remembers_a_release():
    root = Path(mirrorbi.__file__).parent
    callers = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("remember", "stamp")
    }
    assert callers == {"privacy/session.py", "privacy/disclosure_control/release.py"}


def test_verdicts_do_not_depend_on_what_was_asked_before(ds):
    counts = counts_of(ds)
    first, second = ({"city": (name,)} for name in ("Rome", "Oslo"))
    month, day = (Period.parse(text) for text in ("2024-01", "2024-01-31"))

    def verdicts() -> list[bool]:
        threshold = Threshold(counts, least=2, questions=1)
        return [threshold.passes(*cell) for cell in ((first, month), (second, month), ({}, day))]

    # Both cities are one question; the day is another, and one too many.
    assert verdicts() == [True, True, False]
    assert Threshold(counts, least=2, questions=1).passes({}, day)
    assert verdicts() == [True, True, False]


def test_the_same_question_has_the_same_answer_after_others():
    asked = {"period": "2024-01-01/2024-01-30", "kinds": ["value", "share"]}
    fresh, busy = mirrorbi.open(frame(), MODEL), mirrorbi.open(frame(), MODEL)
    for period in ("2024-01", "2024-01-02/2024-01-31"):
        busy.facts(period=period)
    one, other = fresh.facts(**asked), busy.facts(**asked)
    assert len(one)
    assert (list(one), one.withheld) == (list(other), other.withheld)


def test_whether_this_is_a_run_is_read_in_one_place():
    root = Path(mirrorbi.__file__).parent
    readers = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if re.search(r"\bRUN\b|MIRRORBI_RUN_ID", path.read_text(encoding="utf-8"))
    }
    assert readers == {"settings.py", "privacy/session.py", "reports/run/run.py"}
