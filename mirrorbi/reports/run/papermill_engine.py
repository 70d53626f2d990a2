"""The Papermill engine: ``papermill --engine mirrorbi IN OUT``, and every run of ours.

It differs from Papermill's own in what happens around the cells: the notebook is saved
once at the end, also after a failure, rather than after each cell; secrets are masked
before anything is saved; the kernel may have been started before Papermill was imported.

Papermill loads this module while Papermill itself is half imported, so it must not
import Papermill at the top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirrorbi.reports.parameters.secret import Mask

if TYPE_CHECKING:
    from mirrorbi.kernels.launch import Launch

CELL_TIMEOUT = 3600.0
"""Seconds that one cell may take before it is stopped."""


@dataclass
class Watch:
    """What a run hears from the engine, and hands to it.

    Parameters
    ----------
    launch
        The kernel; ``None`` starts one.
    mask
        Takes secrets out of whatever is kept.
    on_cell
        Called before each code cell with its place from 1, their number, and its title.
    notebook
        The executed notebook, also after a failure; set by the engine.
    stopped_at
        Index of the cell in which the kernel died or was stopped; set by the engine.
    """

    launch: Launch | None = None
    mask: Mask = field(default_factory=Mask)
    on_cell: Callable[[int, int, str], None] | None = None
    notebook: Any = None
    stopped_at: int | None = None


class MirrorBIEngine:
    """Executes notebooks for Papermill, under the name ``mirrorbi``."""

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        *,
        watch: Watch | None = None,
        execution_timeout: float | None = None,
        start_timeout: float = 60,
        **_ignored: Any,
    ) -> Any:
        """Run every cell up to the first failure and return the notebook.

        Raises
        ------
        CellError
            If the kernel died, did not start, or a cell took too long. An exception in
            a cell is left in the notebook for Papermill to raise.
        """
        from mirrorbi.kernels.launch import Launch, environment_for
        from mirrorbi.reports.run.notebook_client import run_cells

        watch = watch or Watch()
        if watch.launch is None:
            here = Path.cwd()
            watch.launch = Launch(here, environment_for(here, here), kernel_name)
            try:
                return run_cells(nb, watch, output_path, execution_timeout, start_timeout)
            finally:
                watch.launch.end()
        return run_cells(nb, watch, output_path, execution_timeout, start_timeout)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Return the kernel's name; a notebook that names none gets Python."""
        return str(name or nb.metadata.get("kernelspec", {}).get("name") or "python3")

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Return the language of the notebook's code; Python where it names none."""
        spec = nb.metadata.get("kernelspec", {}).get("language")
        info = nb.metadata.get("language_info", {}).get("name")
        return str(language or info or spec or "python")
