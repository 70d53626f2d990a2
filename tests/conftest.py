"""What tests of every room share."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

# Examples of ours open data and run engines: how long one takes says nothing about the code.
settings.register_profile("mirrorbi", deadline=None)
settings.load_profile("mirrorbi")


@pytest.fixture(scope="session")
def loopback() -> ModuleType:
    """The module tests/bedrock/loopback.py: its steps and blocks."""
    if "bedrock_loopback" in sys.modules:
        return sys.modules["bedrock_loopback"]
    path = Path(__file__).parent / "bedrock" / "loopback.py"
    spec = importlib.util.spec_from_file_location("bedrock_loopback", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bedrock_loopback"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def bedrock_server(loopback: ModuleType) -> Iterator[Any]:
    """The server behind `bedrock`: one port, so that boto3's client is made once."""
    with loopback.Bedrock() as server:
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
