"""Run the cells of a notebook in a kernel that was started elsewhere."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NotebookExecutionManager
from papermill.iorw import write_ipynb

from mirrorbi.errors import CellError
from mirrorbi.kernels.execution import Execution
from mirrorbi.kernels.kernel import Kernel

CELL_TIMEOUT = 3600.0
"""Seconds that one cell may take before it is stopped."""


class _Record(NotebookExecutionManager):  # type: ignore[misc]
    """Papermill's record of a run, without its saving along the way."""

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

    @property
    def place(self) -> str:
        """Where the current cell is."""
        return self.execution.place_of(self.nb, self.current)


def run_cells(
    nb: Any,
    kernel: Kernel,
    execution: Execution,
    *,
    output_path: str | None,
    timeout: float | None,
    start_timeout: float,
) -> Any:
    """Run every cell up to the first failure; ``execution`` keeps the notebook at any rate.

    Raises
    ------
    CellError
        If the kernel died, did not start, or a cell took too long.
    """
    record = _Record(nb, execution)
    record.notebook_start()
    try:
        _run(record, kernel, timeout or CELL_TIMEOUT, start_timeout)
    finally:
        record.notebook_complete()
        if execution.clean:
            execution.clean(record.nb)
        execution.notebook = record.nb
        if output_path:
            write_ipynb(record.nb, output_path)
    return record.nb


def _run(record: _Record, kernel: Kernel, timeout: float, start_timeout: float) -> None:
    client = PapermillNotebookClient(
        record,
        km=kernel.manager,
        timeout=timeout,
        startup_timeout=start_timeout,
        interrupt_on_timeout=False,
    )
    try:
        client.reset_execution_trackers()
        client.start_new_kernel_client()
        client.papermill_execute_cells()
        reply = client.wait_for_reply(client.kc.kernel_info())
        record.nb.metadata["language_info"] = reply["content"]["language_info"]
        client.set_widgets_metadata()
    except CellTimeoutError:
        raise CellError(
            f"The notebook was stopped: {record.place} took longer than {timeout:g} seconds.",
            hint="Give it more with --timeout, or look at less data.",
            cell=record.current,
            timeout=timeout,
        ) from None
    except DeadKernelError:
        ending = kernel.ending()
        raise CellError(
            f"The kernel died in {record.place}: {ending or 'no reason given'}.",
            hint="Look at what that cell loads; look at less data, or run where there is "
            "more memory.",
            cell=record.current,
            ending=ending,
        ) from None
    except RuntimeError as error:
        ending = kernel.ending()
        if not ending and "Kernel" not in str(error):
            raise
        raise CellError(
            f"The kernel did not start: {ending or error}.",
            hint=f"The notebook asks for the kernel {kernel.name!r}: 'jupyter kernelspec list' "
            "shows those that are installed.",
            ending=ending,
        ) from error
    except KeyboardInterrupt:
        run_sync(_cancel_tasks)()
        raise
    finally:
        if client.kc is not None:
            client.kc.stop_channels()


async def _cancel_tasks() -> None:
    """Cancel what the interrupted loop still waits for, which would be told on stderr."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
