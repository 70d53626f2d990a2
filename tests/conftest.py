"""What tests of every room share."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

from mirrorbi import testing

# Examples of ours open data and run engines: how long one takes says nothing about the code.
settings.register_profile("mirrorbi", deadline=None)
settings.load_profile("mirrorbi")


@pytest.fixture(scope="session")
def loopback() -> ModuleType:
    """The module `mirrorbi.testing`: its steps and blocks."""
    return testing


@pytest.fixture(scope="session")
def bedrock_server() -> Iterator[Any]:
    """The server behind `bedrock`: one port, so that boto3's client is made once."""
    with testing.Bedrock() as server:
        yield server


@pytest.fixture
def bedrock(bedrock_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A Bedrock without a script yet, to which boto3 in this test and its children is sent."""
    bedrock_server.reset()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in bedrock_server.environment.items():
        monkeypatch.setenv(name, value)
    yield bedrock_server
    bedrock_server.reset()
