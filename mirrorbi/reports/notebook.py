"""A notebook file as plain values: read, checked, and walked by heading."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirrorbi.errors import NotebookError, did_you_mean

INJECTED = frozenset({"injected-parameters", "injected-secrets", "papermill-error-cell-tag"})
"""Tags of cells that a run puts into a notebook."""

_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook as it lies on disk, before any run.

    Parameters
    ----------
    path
        Resolved.
    content
        The parsed file, notebook format 4.
    sha256
        Of the file's bytes.
    """

    path: Path
    content: dict[str, Any]
    sha256: str

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The cells, in order."""
        cells: list[dict[str, Any]] = self.content["cells"]
        return cells

    @property
    def kernel(self) -> str:
        """The Jupyter kernel that the notebook asks for; Python where it names none."""
        spec = self.content.get("metadata", {}).get("kernelspec", {})
        return str(spec.get("name") or "python3")

    @property
    def title(self) -> str:
        """The first heading; without one, the name of the file in words."""
        return next((text for _, _, text in headings(self.cells)), words_of(self.stem))


def load_notebook(path: str | Path) -> Notebook:
    """Return the notebook at a path.

    Raises
    ------
    NotebookError
        If there is no such file, or it is no notebook of format 4.

    Examples
    --------
    >>> load_notebook("nowhere.ipynb")
    Traceback (most recent call last):
        ...
    mirrorbi.errors.NotebookError: There is no notebook 'nowhere.ipynb'. ...
    """
    file = Path(path)
    if not file.is_file():
        folder = file.parent
        near = [str(p) for p in folder.glob("*.ipynb")] if folder.is_dir() else []
        raise NotebookError(
            f"There is no notebook {str(path)!r}.",
            hint=did_you_mean(str(path), near, noun="notebooks")
            if near
            else "Give the path of an .ipynb file.",
        )
    raw = file.read_bytes()
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise NotebookError(
            f"{file.name} is not a notebook: {error}.", hint="Open it in JupyterLab and save it."
        ) from None
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise NotebookError(
            f"{file.name} is not a notebook of format 4.",
            hint="Open it in JupyterLab and save it, which brings it to the format of today.",
        )
    return Notebook(file.resolve(), content, hashlib.sha256(raw).hexdigest())


def source_of(cell: Mapping[str, Any]) -> str:
    """Return a cell's text; notebook files hold it as one string or a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def tags_of(cell: Mapping[str, Any]) -> frozenset[str]:
    """Return a cell's tags."""
    return frozenset(cell.get("metadata", {}).get("tags", ()))


def headings(cells: list[dict[str, Any]]) -> Iterator[tuple[int, int, str]]:
    """Yield (index of the cell, level, text) of each Markdown heading, in order."""
    for index, cell in enumerate(cells):
        if cell.get("cell_type") == "markdown":
            for match in _HEADING.finditer(_FENCE.sub("", source_of(cell))):
                yield index, len(match[1]), plain_heading(match[2])


def place_of(cells: list[dict[str, Any]], index: int) -> str:
    """Return where a cell is, as its author knows it: ``"cell 5 ('Drivers')"``.

    The number leaves out cells that a run puts in; the title is the nearest heading above.
    """
    number = sum(1 for cell in cells[: index + 1] if not tags_of(cell) & INJECTED)
    title = title_of_cell(cells, index)
    return f"cell {number} ({title!r})" if title else f"cell {number}"


def title_of_cell(cells: list[dict[str, Any]], index: int) -> str:
    """Return the nearest heading above a cell; empty where there is none."""
    above = [text for _, _, text in headings(cells[: index + 1])]
    return above[-1] if above else ""


def plain_heading(text: str) -> str:
    """Return a heading without Markdown's marks.

    Examples
    --------
    >>> plain_heading("What *changed* in [May](#may)")
    'What changed in May'
    """
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"[*_`]+(?=\S)|(?<=\S)[*`]+", "", text).strip()


def words_of(stem: str) -> str:
    """Return a file's name as a title.

    Examples
    --------
    >>> words_of("kpi_review")
    'Kpi review'
    """
    text = re.sub(r"[_\-]+", " ", stem).strip()
    return text[:1].upper() + text[1:]
