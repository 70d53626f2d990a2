"""A kernel process that is started before it is known what it will run.

A kernel imports for longer than a run needs to be planned. So its process starts first and
imports; its working folder, environment and connection are told to it when they are known.
This module imports little, since whatever it imports comes before that start.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

EARLY = "MIRRORBI_IMPORT_EARLY"
"""Variable that names what a kernel imports before its first cell is there."""

# A module in the folder of the caller must not stand in for one of the library.
_CODE = (
    "import sys; sys.path[:1] == [''] and sys.path.pop(0); "
    "from mirrorbi.kernels.kernel_process import main; main()"
)

COMMAND = (sys.executable, "-c", _CODE)
"""What starts a kernel of ours; ``-f FILE`` after it, or it waits on its standard input."""


class Standby:
    """A process of ours that imports what a kernel needs, then waits to be told.

    If its caller ends without a word, it ends too.

    Parameters
    ----------
    early
        Modules to import, separated by spaces.
    """

    def __init__(self, early: str = "") -> None:
        self.process = subprocess.Popen(  # noqa: S603 (our own command)
            COMMAND,
            stdin=subprocess.PIPE,
            # A Ctrl-C is for the caller, which ends the kernel in order.
            start_new_session=True,
            env={
                **os.environ,
                **self._parent_variables,
                EARLY: early,
                "PLOTLY_RENDERER": "plotly_mimetype",
            },
        )
        self.claimed = False

    @property
    def _parent_variables(self) -> dict[str, str]:
        """What a kernel must be given to notice that its caller has died."""
        return {"JPY_PARENT_PID": str(os.getpid())}

    def start_kernel(
        self, arguments: Sequence[str], folder: str | Path, environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Make it a kernel, and return its process, which is the caller's from now on.

        A process that has died meanwhile is returned too: that tells why.

        Parameters
        ----------
        arguments
            Of the kernel, as after ``ipykernel_launcher``.
        folder
            Its working directory.
        environment
            All its variables.
        """
        self.claimed = True
        instructions = [list(arguments), str(folder), {**environment, **self._parent_variables}]
        pipe = self.process.stdin
        assert pipe is not None  # noqa: S101 (for the type checker: it was asked for)
        # One that is dead cannot be told.
        with suppress(OSError), pipe:
            pipe.write(json.dumps(instructions).encode() + b"\n")
        self.process.stdin = None
        return self.process

    def dismiss(self) -> None:
        """End it, unless it became a kernel."""
        if not self.claimed:
            self.claimed = True
            self.process.kill()
            self.process.communicate()


def has_instructions() -> bool:
    """Return whether `await_instructions` has something to read, or nothing ever will be."""
    return bool(select.select([0], [], [], 0)[0])


def await_instructions() -> list[str]:
    """In such a process: wait to be told, take folder and variables, return the arguments.

    The process ends here if its caller ended without a word.
    """
    line = sys.stdin.buffer.readline()
    if not line:
        os._exit(0)
    # What a cell reads from the standard input is nothing, as in any kernel.
    null_device = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null_device, 0)
    os.close(null_device)
    arguments, folder, environment = json.loads(line)
    os.chdir(folder)
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)
    return list(arguments)
