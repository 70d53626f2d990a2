"""Start a kernel, know what became of it, and end it."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirrorbi.errors import NotebookError, did_you_mean
from mirrorbi.kernels.standby import COMMAND, EARLY, Standby

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

_OWN_NAMES = ("", "python3", "python")
_PATIENCE = 5.0


class Launch:
    """A kernel process that was started, and may still be booting.

    Starting it is quick and needs few imports, so that the caller can import the rest
    while the kernel boots on another core.

    Parameters
    ----------
    folder
        The kernel's working directory.
    environment
        Variables set for the kernel, over those of this process.
    kernel_name
        A Jupyter kernel; the default names give the interpreter that runs MirrorBI.
    early
        What such a kernel imports at once: modules, separated by spaces.
    standby
        A process that becomes this kernel, where one was started already; it is dismissed
        if another interpreter is wanted.

    Raises
    ------
    NotebookError
        If there is no such kernel.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        kernel_name: str = "python3",
        *,
        early: str = "",
        standby: Standby | None = None,
    ) -> None:
        if kernel_name not in _OWN_NAMES and standby is not None:
            standby.dismiss()
            standby = None
        elif kernel_name in _OWN_NAMES and os.name == "posix":
            # It imports while this process imports what talks to it.
            standby = standby or Standby(early)

        from jupyter_client.kernelspec import NoSuchKernel
        from jupyter_core.utils import run_sync

        self.name = kernel_name
        self._dismissed = False
        self._home = tempfile.TemporaryDirectory(prefix="mb", ignore_cleanup_errors=True)
        self.manager = _manager(kernel_name, Path(self._home.name), standby)
        self._wait: Any = run_sync
        env = {**os.environ, EARLY: early, **environment}
        try:
            self._wait(self.manager.start_kernel)(cwd=str(folder), env=env)
        except NoSuchKernel:
            specs = self.manager.kernel_spec_manager.find_kernel_specs()
            raise NotebookError(
                f"The notebook asks for the kernel {kernel_name!r}, which is not installed.",
                hint=did_you_mean(kernel_name, ["python3", *specs], noun="kernels"),
            ) from None
        except BaseException:
            if standby is not None:
                standby.dismiss()
            raise

    def dismiss(self) -> None:
        """Ask an idle kernel to end, and do not wait for it."""
        self._dismissed = True
        self._wait(self.manager.request_shutdown)()

    def end(self) -> None:
        """Wait for a kernel that was dismissed; kill any other, and one that lingers."""
        if self.manager.has_kernel:
            if self._dismissed:
                self._wait(self.manager.finish_shutdown)(waittime=_PATIENCE)
            else:
                self._wait(self.manager.shutdown_kernel)(now=True)
        self._wait(self.manager.cleanup_resources)()
        self._home.cleanup()

    def ending(self) -> str:
        """Return how the process ended, in words; empty while it lives.

        Returns
        -------
        str
            Such as ``"killed by SIGKILL, usually for want of memory"``.
        """
        process = getattr(self.manager.provisioner, "process", None)
        code = process.poll() if process is not None else None
        if code is None:
            return ""
        if code >= 0:
            return f"exit code {code}"
        name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
        return f"killed by {name}" + (", usually for want of memory" if code == -9 else "")


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


def _manager(kernel_name: str, home: Path, standby: Standby | None) -> AsyncKernelManager:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    from mirrorbi.kernels.kernel_client import ReadyClient

    class Manager(AsyncKernelManager):
        async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
            provisioner: Any = self.provisioner
            if standby is None:
                return await super()._async_launch_kernel(kernel_cmd, **kw)
            arguments = kernel_cmd[len(COMMAND) :]
            provisioner.process = standby.start_kernel(arguments, kw["cwd"], kw["env"])
            provisioner.pid = provisioner.pgid = provisioner.process.pid
            provisioner.cwd = kw["cwd"]
            self._reconcile_connection_info(provisioner.connection_info)

    class OwnSpecs(KernelSpecManager):
        def get_kernel_spec(self, name: str) -> Any:
            if name not in _OWN_NAMES:
                return super().get_kernel_spec(name)
            argv = [*COMMAND, "-f", "{connection_file}"]
            return KernelSpec(argv=argv, display_name="Python 3", language="python")

    manager = Manager(
        kernel_name=kernel_name or "python3",
        kernel_spec_manager=OwnSpecs(),
        connection_file=str(home / "kernel.json"),
        client_factory=ReadyClient,
    )
    if os.name == "posix":
        # Sockets in a folder that only this user may enter: no port, nothing on the network.
        manager.transport, manager.ip = "ipc", str(home / "k")
    return manager
