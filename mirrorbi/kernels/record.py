"""Papermill's record of an execution, without its saving along the way."""

from __future__ import annotations

from typing import Any

from nbformat import from_dict
from papermill.engines import NotebookExecutionManager

from mirrorbi.kernels.execution import Execution


class Record(NotebookExecutionManager):  # type: ignore[misc]
    """Notes when each cell ran and how it ended, and tells which one begins."""

    def __init__(self, nb: Any, execution: Execution) -> None:
        super().__init__(nb, output_path=None, progress_bar=False)
        self.execution = execution
        self.current = 0

    def save(self, **_kwargs: Any) -> None:
        """Do nothing: the notebook is saved once, by the run, at its end."""

    def autosave_cell(self, **_kwargs: Any) -> None:
        """Do nothing, for the same reason."""

    def cell_start(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """Note and tell which cell begins."""
        super().cell_start(cell, cell_index, **kwargs)
        self.current = cell_index or 0
        if self.execution.on_cell and cell.cell_type == "code":
            self.execution.on_cell(self.nb, self.current)

    def cell_exception(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """Note that the kernel answered with an error, also where it put none among the outputs."""
        super().cell_exception(cell, cell_index, **kwargs)
        error = kwargs["exception"]
        if not any(output.output_type == "error" for output in cell.outputs):
            # Not its traceback, which holds what the cell printed.
            output: dict[str, Any] = {
                "output_type": "error",
                "ename": error.ename,
                "evalue": error.evalue,
            }
            output["traceback"] = []
            cell.outputs.append(from_dict(output))  # type: ignore[no-untyped-call]

    @property
    def place(self) -> str:
        """Where the current cell is."""
        return self.execution.place_of(self.nb, self.current)
