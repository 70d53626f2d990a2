"""The kernel process of a run: ipykernel, which imports what is needed while nothing runs.

`mirrorbi.kernels.standby` starts it before it is known what it will run, or a kernel spec does.
What it imports stays: looking through it for garbage takes 0.7 s of a run, and tidying it up at
the end of the process a quarter of a second.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
import time
from contextlib import suppress
from typing import Any

from mirrorbi.kernels.json_schema import import_jsonschema
from mirrorbi.kernels.standby import EARLY, await_instructions, has_instructions

_NEXT_CELL = 0.02
"""Seconds in which the next cell is there, if it does not wait for anything."""

_PAUSE = 0.003
"""Seconds between two imports, in which what came in is answered."""


def main() -> None:
    """Start the kernel; the process ends when it is shut down."""
    # The first to be registered is the last to be called.
    exit_hook = _ExitHook()
    atexit.register(exit_hook)
    early = os.environ.get(EARLY, "").split()
    gc.disable()
    app = _booted_app(early)
    gc.freeze()
    gc.enable()
    if early:
        _IdleImports(app, early)
    app.start()
    exit_hook.shut_down = True


class _ExitHook:
    """Ends the process after everything else that is to be done at exit."""

    shut_down = False

    def __call__(self) -> None:
        if self.shut_down:
            for stream in (sys.__stdout__, sys.__stderr__):
                if stream is not None:
                    with suppress(OSError, ValueError):
                        stream.flush()
            os._exit(0)


def _booted_app(early: list[str]) -> Any:
    from ipykernel.kernelapp import IPKernelApp

    from mirrorbi.kernels.shell import PythonKernel, carry_surrogates

    import_jsonschema()
    arguments = sys.argv[1:]
    if not arguments:
        # The sooner its sockets are there, the sooner is the caller connected.
        while early and not has_instructions():
            _import(early.pop(0))
        arguments = await_instructions()
        sys.argv = [__file__, *arguments]
    app = IPKernelApp.instance(kernel_class=PythonKernel)
    app.initialize([*arguments, "--HistoryManager.enabled=False"])  # type: ignore[no-untyped-call]
    carry_surrogates(app.session)
    folder = os.environ.get("MIRRORBI_NOTEBOOK_FOLDER")
    if folder:
        sys.path.append(folder)
    return app


class _IdleImports:
    """Imports one module after the other, but never while cells come in."""

    def __init__(self, app: Any, names: list[str]) -> None:
        from tornado.ioloop import IOLoop

        self.loop, self.events, self.names = IOLoop.current(), app.shell.events, names
        self.busy_until = 0.0
        for event in ("pre_execute", "post_execute"):
            self.events.register(event, self._wait)
        self.loop.add_callback(self._go_on)

    def _wait(self) -> None:
        self.busy_until = time.monotonic() + _NEXT_CELL

    def _go_on(self) -> None:
        remaining = self.busy_until - time.monotonic()
        if remaining > 0:
            self.loop.call_later(remaining, self._go_on)
            return
        _import(self.names.pop(0))
        if self.names:
            self.loop.call_later(_PAUSE, self._go_on)
            return
        for event in ("pre_execute", "post_execute"):
            self.events.unregister(event, self._wait)


def _import(name: str) -> None:
    with suppress(ImportError):
        importlib.import_module(name)


if __name__ == "__main__":
    main()
