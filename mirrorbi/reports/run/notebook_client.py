"""Run the cells of a notebook in a kernel that was started elsewhere."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NotebookExecutionManager

from mirrorbi.errors import CellError
from mirrorbi.reports.run.notebook import place_of, title_of_cell
from mirrorbi.reports.run.papermill_engine import CELL_TIMEOUT, Watch


class _Record(NotebookExecutionManager):  # type: ignore[misc]
    """Papermill's record of a run, without its saving along the way."""

    def __init__(self, nb: Any, watch: Watch) -> None:
        super().__init__(nb, output_path=None, progress_bar=False)
        self.watch = watch
        self.current = 0
        self.code = [i for i, cell in enumerate(nb.cells) if cell.cell_type == "code"]

    def save(self, **_kwargs: Any) -> None:
        """Do nothing: the notebook is saved once, by the run, at its end."""

    def autosave_cell(self, **_kwargs: Any) -> None:
        """Do nothing, for the same reason."""

    def cell_start(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """Note and tell which cell begins."""
        super().cell_start(cell, cell_index, **kwargs)
        self.current = cell_index or 0
        if self.watch.on_cell and self.current in self.code:
            place = self.code.index(self.current) + 1
            title = title_of_cell(self.nb.cells, self.current)
            self.watch.on_cell(place, len(self.code), title)

    @property
    def place(self) -> str:
        """Where the current cell is."""
        return place_of(self.nb.cells, self.current)


def run_cells(
    nb: Any, watch: Watch, output_path: str | None, timeout: float | None, start_timeout: float
) -> Any:
    """Run every cell up to the first failure; the notebook is kept in ``watch`` at any rate."""
    record = _Record(nb, watch)
    record.notebook_start()
    try:
        _execute(record, watch, timeout or CELL_TIMEOUT, start_timeout)
    finally:
        record.notebook_complete()
        watch.mask.clean(record.nb)
        watch.notebook = record.nb
        if output_path:
            from papermill.iorw import write_ipynb

            write_ipynb(record.nb, output_path)
    return record.nb


def _execute(record: _Record, watch: Watch, timeout: float, start_timeout: float) -> None:
    launch = watch.launch
    assert launch is not None  # noqa: S101 (for the type checker: the engine started it)
    client = PapermillNotebookClient(
        record,
        km=launch.manager,
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
        watch.stopped_at = record.current
        raise CellError(
            f"The notebook was stopped: {record.place} took longer than {timeout:g} seconds.",
            hint="Give it more with --timeout, or look at less data.",
        ) from None
    except DeadKernelError:
        watch.stopped_at = record.current
        raise CellError(
            f"The kernel died in {record.place}: {launch.ending() or 'no reason given'}.",
            hint="Look at what that cell loads; look at less data, or run where there is "
            "more memory.",
        ) from None
    except RuntimeError as error:
        how = launch.ending()
        if not how and "Kernel" not in str(error):
            raise
        raise CellError(
            f"The kernel did not start: {how or error}.",
            hint=f"The notebook asks for the kernel {launch.name!r}: 'jupyter kernelspec list' "
            "shows those that are installed.",
        ) from error
    except KeyboardInterrupt:
        run_sync(_forget_tasks)()
        raise
    finally:
        if client.kc is not None:
            client.kc.stop_channels()


async def _forget_tasks() -> None:
    """Cancel what the interrupted loop still waits for, which would be told on stderr."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
