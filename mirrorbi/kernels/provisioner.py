"""How Jupyter starts a kernel of ours: a provisioner, under the entry point ``mirrorbi``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import Popen
from typing import Any, Protocol

import traitlets
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from mirrorbi.kernels.standby import COMMAND

NAME = "mirrorbi"
"""The provisioner, in the metadata of a kernel spec."""


class KernelSource(Protocol):
    """Gives processes that become kernels: one that stands by, or children of a warm one."""

    def start_kernel(
        self, arguments: Sequence[str], folder: str | Path, environment: Mapping[str, str]
    ) -> Popen[bytes]:
        """Return the process that is a kernel now, as the caller's own.

        Parameters
        ----------
        arguments
            Of the kernel, as after ``ipykernel_launcher``.
        folder
            Its working directory.
        environment
            All its variables.
        """
        ...


class Provisioner(LocalProvisioner):
    """Takes a kernel's process from a source; without one it starts it as Jupyter does."""

    source: KernelSource | None = traitlets.Any(None)  # type: ignore[assignment]  # a descriptor

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel and return where it listens."""
        if self.source is None:
            return await super().launch_kernel(cmd, **kwargs)
        process = self.source.start_kernel(cmd[len(COMMAND) :], kwargs["cwd"], kwargs["env"])
        self.process = process
        self.pid = self.pgid = process.pid
        self.cwd = kwargs["cwd"]
        return self.connection_info
