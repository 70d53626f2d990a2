"""The Papermill engine: ``papermill --engine mirrorbi IN OUT``, and every run of ours.

It differs from Papermill's own in what happens around the cells: the notebook is saved
once at the end, also after a failure, rather than after each cell; what must not be kept is
taken out before anything is saved; the kernel may have been started before.

Papermill loads this module while Papermill itself is half imported, so it must not
import Papermill at the top.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from mirrorbi.errors import CellError
from mirrorbi.kernels.execution import Execution
from mirrorbi.kernels.kernel import Kernel, environment_for

if TYPE_CHECKING:
    from mirrorbi.kernels.record import Record

CELL_TIMEOUT = 3600.0
"""Seconds that one cell may take before it is stopped."""


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
            If the kernel died, did not start, did not answer, or a cell took too long. An
            exception in a cell is left in the notebook for Papermill to raise.
        """
        from papermill.iorw import write_ipynb

        from mirrorbi.kernels.record import Record

        execution = execution or Execution()
        here = Path.cwd()
        kernel = execution.kernel or Kernel(here, environment_for(here, here), kernel_name)
        record = Record(nb, execution)
        record.notebook_start()
        try:
            run_cells(record, kernel, execution_timeout or CELL_TIMEOUT, start_timeout)
        finally:
            if execution.kernel is None:
                kernel.end()
            record.notebook_complete()
            if execution.clean:
                execution.clean(record.nb)
            execution.notebook = record.nb
            if output_path:
                write_ipynb(record.nb, output_path)
        return record.nb

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


def run_cells(record: Record, kernel: Kernel, timeout: float, start_timeout: float) -> None:
    """Run the cells of a record's notebook in a kernel, up to the first failure.

    Raises
    ------
    CellError
        If the kernel died, did not start, did not answer, or a cell took too long.
    """
    from mirrorbi.kernels.cell_client import CellClient

    client = CellClient(
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
        if client.unanswered:
            run_sync(_cancel_tasks)()
            raise CellError(
                f"The kernel was done with {record.place}, but did not say how it ended.",
                hint="Look at what the kernel printed: an error there may be its own.",
                cell=record.current,
            ) from None
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
    """Cancel what the loop still waits for, which would be told on stderr."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
