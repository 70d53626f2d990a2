"""The Papermill engine: ``papermill --engine mirrorbi IN OUT``, and every run of ours.

It differs from Papermill's own in what happens around the cells: the notebook is saved
once at the end, also after a failure, rather than after each cell; what must not be kept is
taken out before anything is saved; the kernel may have been started before.

Papermill loads this module while Papermill itself is half imported, so it must not
import Papermill at the top.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mirrorbi.kernels.execution import Execution
from mirrorbi.kernels.kernel import Kernel, environment_for


class MirrorBIEngine:
    """Executes notebooks for Papermill, under the name ``mirrorbi``."""

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        *,
        execution: Execution | None = None,
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
        from mirrorbi.kernels.notebook_client import run_cells

        execution = execution or Execution()
        here = Path.cwd()
        kernel = execution.kernel or Kernel(here, environment_for(here, here), kernel_name)
        try:
            return run_cells(
                nb,
                kernel,
                execution,
                output_path=output_path,
                timeout=execution_timeout,
                start_timeout=start_timeout,
            )
        finally:
            if execution.kernel is None:
                kernel.end()

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
