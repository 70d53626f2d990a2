"""A kernel: started, watched and ended."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import traitlets
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from mirrorbi.errors import NotebookError, did_you_mean
from mirrorbi.kernels.kernel_client import ReadyClient
from mirrorbi.kernels.provisioner import NAME, KernelSource
from mirrorbi.kernels.standby import COMMAND

_OWN_NAMES = ("", "python3", "python")
_PATIENCE = 5.0


class Kernel:
    """A kernel process that was started, and may still be booting.

    Parameters
    ----------
    folder
        The kernel's working directory.
    environment
        Variables set for the kernel, over those of this process.
    name
        A Jupyter kernel; the default names give the interpreter that runs MirrorBI.
    source
        Gives the process of such a kernel; by default one is started.

    Raises
    ------
    NotebookError
        If there is no such kernel.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        name: str = "python3",
        *,
        source: KernelSource | None = None,
    ) -> None:
        self.name = name
        self._dismissed = False
        self._home = tempfile.TemporaryDirectory(prefix="mb", ignore_cleanup_errors=True)
        home = Path(self._home.name)
        self.manager = AsyncKernelManager(
            kernel_name=name or "python3",
            kernel_spec_manager=_KernelSpecs(source=source),
            connection_file=str(home / "kernel.json"),
            client_factory=ReadyClient,
        )
        if os.name == "posix":
            # Sockets in a folder that only this user may enter: no port, nothing on the network.
            self.manager.transport, self.manager.ip = "ipc", str(home / "k")
        try:
            run_sync(self.manager.start_kernel)(cwd=str(folder), env={**os.environ, **environment})
        except NoSuchKernel:
            specs = self.manager.kernel_spec_manager.find_kernel_specs()
            raise NotebookError(
                f"The notebook asks for the kernel {name!r}, which is not installed.",
                hint=did_you_mean(name, ["python3", *specs], noun="kernels"),
            ) from None

    def dismiss(self) -> None:
        """Ask an idle kernel to end, and do not wait for it."""
        self._dismissed = True
        run_sync(self.manager.request_shutdown)()

    def end(self) -> None:
        """Wait for a kernel that was dismissed; kill any other, and one that lingers."""
        if self.manager.has_kernel:
            if self._dismissed:
                run_sync(self.manager.finish_shutdown)(waittime=_PATIENCE)
            else:
                run_sync(self.manager.shutdown_kernel)(now=True)
        run_sync(self.manager.cleanup_resources)()
        self._home.cleanup()

    def ending(self) -> str:
        """Return how the process ended, in words; empty while it lives.

        Returns
        -------
        str
            Such as ``"killed by SIGKILL, usually for want of memory"``.
        """
        provisioner = self.manager.provisioner
        code = None if provisioner is None else run_sync(provisioner.poll)()
        if code is None:
            return ""
        if code >= 0:
            return f"exit code {code}"
        name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
        return f"killed by {name}" + (", usually for want of memory" if code == -9 else "")


class _KernelSpecs(KernelSpecManager):
    """The kernels that are installed; Python's names mean the interpreter of this process."""

    source: KernelSource | None = traitlets.Any(None)  # type: ignore[assignment]  # a descriptor

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return how a kernel is started."""
        if kernel_name not in _OWN_NAMES:
            return super().get_kernel_spec(kernel_name)
        provisioner = {"provisioner_name": NAME, "config": {"source": self.source}}
        return KernelSpec(
            argv=[*COMMAND, "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
            metadata={"kernel_provisioner": provisioner},
        )


def environment_for(
    caller: Path, notebook_folder: Path, further: Iterable[Path] = ()
) -> dict[str, str]:
    """Return the variables that every kernel of a run is given.

    Parameters
    ----------
    caller
        The folder from which the run was asked for: sources are found relative to it,
        then to the notebook.
    notebook_folder
        Also where a notebook's own modules are imported from.
    further
        Folders looked into after these two.
    """
    places = os.pathsep.join(map(str, dict.fromkeys((caller, notebook_folder, *further))))
    return {
        "MIRRORBI_PATH": places,
        "MIRRORBI_NOTEBOOK_FOLDER": str(notebook_folder),
        "PLOTLY_RENDERER": "plotly_mimetype",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
