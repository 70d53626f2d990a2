"""What tests of the client share."""

from __future__ import annotations

import pandas as pd
import pytest

import mirrorbi
from mirrorbi.bedrock.budget import Budget
from mirrorbi.bedrock.client import Claude
from mirrorbi.bedrock.request import Instruction, Request, RunTag
from mirrorbi.privacy.gate import Gate
from mirrorbi.privacy.ledger import FileLedger, calls_of
from mirrorbi.privacy.policy import Policy
from mirrorbi.settings import ClaudeSettings


@pytest.fixture(scope="session")
def shop():
    days = pd.date_range("2024-01-01", periods=180, freq="D")
    frame = pd.DataFrame(
        {
            "day": days.repeat(40),
            "city": ["Rome", "Oslo", "Lima", "Bonn"] * (180 * 10),
            "sales": [float(5 + i % 7) for i in range(180 * 40)],
        }
    )
    return mirrorbi.open(frame)


@pytest.fixture(scope="session")
def policy():
    return Policy(narrators=("rules", "claude"))


@pytest.fixture
def gate(shop, policy):
    return Gate(shop, policy)


@pytest.fixture
def disclosure(gate):
    return gate.question("Which city sold most?")


@pytest.fixture
def ask(disclosure):
    def made(**more):
        return Request(
            (Instruction("voice.md"),),
            ((disclosure,),),
            **{"purpose": "ask", **more},
        )

    return made


@pytest.fixture
def ledger(tmp_path):
    return FileLedger(tmp_path / "ledger")


@pytest.fixture
def calls(ledger):
    return lambda: calls_of(ledger.entries())


@pytest.fixture
def connected(bedrock, ledger, policy):
    """Claude against the loopback; what differs is given."""

    def made(*, rules=policy, cache=None, budget=None, session=None, **settings):
        quick = {"residency": "geo", "backoff": 0.02, "read_timeout": 2.0, "connect_timeout": 1.0}
        return Claude(
            ClaudeSettings(**{**quick, **settings}),
            ledger=ledger,
            policy=rules,
            tag=RunTag(run="run-1", user="analyst"),
            budget=budget if budget is not None else Budget(),
            cache=cache,
            session=session,
        )

    return made
