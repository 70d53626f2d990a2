"""Fail if a notebook in the tree carries outputs, counters or other traces of a run."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat

ALLOWED_METADATA = {"kernelspec", "language_info"}


def traces(path: Path) -> list[str]:
    """Return what is left of a run in a notebook, in words."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    leftovers = [f"metadata {key!r}" for key in notebook.metadata if key not in ALLOWED_METADATA]
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        if cell.outputs:
            leftovers.append(f"outputs in cell {number}")
        if cell.execution_count is not None:
            leftovers.append(f"a counter in cell {number}")
        leftovers += [
            f"metadata {key!r} in cell {number}" for key in cell.metadata if key != "tags"
        ]
    return leftovers


def main() -> int:
    """Check every notebook under ``notebooks/``."""
    paths = sorted(Path("notebooks").glob("**/*.ipynb"))
    dirty = {path: leftovers for path in paths if (leftovers := traces(path))}
    for path, leftovers in dirty.items():
        print(
            f"{path}: {', '.join(leftovers)}. Strip it: pre-commit run nbstripout --files {path}",
            file=sys.stderr,
        )
    print(f"{len(paths)} notebooks, {len(dirty)} not stripped")
    return 1 if dirty or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
