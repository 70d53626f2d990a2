"""What tests of every room share."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest
from hypothesis import settings
from nbformat import v4

from mirrorbi import testing
from mirrorbi.cli.entry import exit_code

Make = Callable[..., Path]

# Examples of ours open data and run engines: how long one takes says nothing about the code.
settings.register_profile("mirrorbi", deadline=None)
settings.load_profile("mirrorbi")


@pytest.fixture(scope="session")
def mirrorbi_command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """``mirrorbi`` as a person types it, in this process: what it prints and its exit code.

    Start, signals, terminals and what one process keeps from another need one of their own.
    """

    def typed(*words: object, cwd: Path | None = None, **env: str) -> Any:
        output, errors = io.BytesIO(), io.BytesIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["mirrorbi", *map(str, words)])
            patch.setattr(sys, "stdout", io.TextIOWrapper(output, "utf-8", write_through=True))
            patch.setattr(sys, "stderr", io.TextIOWrapper(errors, "utf-8", write_through=True))
            for name, value in env.items():
                patch.setenv(name, value)
            if cwd is not None:
                patch.chdir(cwd)
            code = exit_code() or 0
            # Read before the streams are collected, which closes what they wrote to.
            said = (output.getvalue().decode(), errors.getvalue().decode())
        return subprocess.CompletedProcess(words, code, *said)

    return typed


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


def code(source: str, *tags: str) -> nbformat.NotebookNode:
    return v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {})


def text(source: str) -> nbformat.NotebookNode:
    return v4.new_markdown_cell(source)


def write_notebook(path: Path, *cells: nbformat.NotebookNode) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(v4.new_notebook(cells=list(cells)), path)
    return path


@pytest.fixture(scope="session")
def cells() -> tuple[Callable[..., nbformat.NotebookNode], Callable[..., nbformat.NotebookNode]]:
    """Return the makers of a code cell and of a Markdown cell."""
    return code, text


@pytest.fixture(scope="session")
def write() -> Make:
    """Return the writer of a notebook file: path, then cells."""
    return write_notebook
