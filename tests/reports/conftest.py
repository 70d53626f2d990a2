"""Notebooks made on the spot, one per behaviour."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

Make = Callable[..., Path]


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
