"""The kernel process of a batch run, as `mirrorbi.kernels.standby` starts it.

It is ipykernel, less what a batch never uses. The debugger costs 0.15 s at start. The
parser behind the ``iri`` format of jsonschema costs 2.4 s when the first plotly figure
is shown, since plotly then imports nbformat, which imports jsonschema; nothing in a
notebook's format is an IRI. While the imports last, nothing is garbage: looking for it
costs a quarter of their time. Nor is memory tidied at the end of a process that ends.
What a notebook is going to need is imported whenever nothing else is asked of the kernel.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from threading import Thread
from typing import Any

from mirrorbi.data.engine.lazy_modules import defer
from mirrorbi.kernels.standby import EARLY, await_instructions, has_instructions

_NEXT_CELL = 0.02
"""Seconds in which the next cell is there, if it does not wait for anything."""

_PAUSE = 0.003
"""Seconds between two imports, in which what came in is answered."""

_IRI = ("rfc3987", "rfc3987_syntax")
"""What jsonschema imports to check the format ``iri``."""

_FORMATS = (
    *_IRI,
    *("fqdn", "idna", "isoduration", "jsonpointer", "rfc3339_validator"),
    *("rfc3986_validator", "uri_template", "webcolors"),
)
"""What it imports to check any."""


@contextmanager
def imports_blocked(*names: str) -> Iterator[None]:
    """Let optional imports of these modules fail while the block runs.

    Examples
    --------
    >>> with imports_blocked("antigravity"):
    ...     import antigravity
    Traceback (most recent call last):
        ...
    ModuleNotFoundError: import of antigravity halted; None in sys.modules
    """
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            if sys.modules.get(name, ...) is None:
                del sys.modules[name]


class NoFormats(MetaPathFinder):
    """Hides optional modules from jsonschema, which checks formats with them.

    Whoever else imports them gets them.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        """Find nothing, and let nobody else look, while jsonschema asks for a format."""
        if fullname in self.names:
            asking = sys.modules.get("jsonschema._format")
            if getattr(getattr(asking, "__spec__", None), "_initializing", False):
                raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def leave_out_formats(names: Iterable[str] = _FORMATS) -> None:
    """Let jsonschema be imported without its optional formats, whenever it is."""
    if not any(isinstance(finder, NoFormats) for finder in sys.meta_path):
        sys.meta_path.insert(0, NoFormats(names))


def import_papermill() -> None:
    """Import Papermill without the stores that a local run has no use for: 0.5 s less."""
    leave_out_formats()
    # Asked for by Papermill alone, to read notebooks from the web.
    defer("requests")
    with imports_blocked("boto3", "azure", "gcsfs", "github", "pyarrow"):
        import papermill  # noqa: F401


def import_page() -> None:
    """Import what makes the page of a report, and have its parsers and template ready."""
    for name in ("page.collect", "verify.grounding_file", "page.inspection", "page.render"):
        importlib.import_module(f"mirrorbi.reports.{name}")
    importlib.import_module("mirrorbi.reports.page.sanitizer").render_markdown("")
    importlib.import_module("mirrorbi.reports.page.page").template()


def import_run() -> None:
    """Import what a run needs once its kernel is there, in a process that does no more."""
    with garbage_collection_paused(for_good=True):
        import_papermill()
        importlib.import_module("mirrorbi.reports.run.notebook_client")


@contextmanager
def in_background(work: Callable[[], None]) -> Iterator[None]:
    """Do some work in a thread while the block, which mostly waits, runs."""
    thread = Thread(target=work, daemon=True)
    before = sys.getswitchinterval()
    # Whoever waits must not be late for what he waits for.
    sys.setswitchinterval(0.0005)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        sys.setswitchinterval(before)


@contextmanager
def garbage_collection_paused(*, for_good: bool = False) -> Iterator[None]:
    """Look for no garbage while the block runs.

    Parameters
    ----------
    for_good
        Whether to look for none ever among what is there after the block: for processes
        that end soon, before there is anything of their user.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if for_good:
            gc.freeze()
        if before:
            gc.enable()


def main() -> None:
    """Start the kernel; the process ends when it is shut down."""
    # The first to be registered is the last to be called.
    exit_hook = _ExitHook()
    atexit.register(exit_hook)
    # A cell may have formats of its own to check.
    leave_out_formats(_IRI)
    early = os.environ.get(EARLY, "").split()
    with garbage_collection_paused(for_good=True):
        app = _booted_app(early)
    if early:
        _IdleImports(app, early)
    app.start()
    exit_hook.shut_down = True


class _ExitHook:
    """Ends the process after everything else that is to be done at exit: 0.2 s sooner."""

    shut_down = False

    def __call__(self) -> None:
        if self.shut_down:
            for stream in (sys.__stdout__, sys.__stderr__):
                if stream is not None:
                    with suppress(OSError, ValueError):
                        stream.flush()
            os._exit(0)


def _booted_app(early: list[str]) -> Any:
    with imports_blocked("debugpy"):
        from ipykernel.kernelapp import IPKernelApp
    arguments = sys.argv[1:]
    if not arguments:
        # The sooner its sockets are there, the sooner is the caller connected.
        while early and not has_instructions():
            _import(early.pop(0))
        arguments = await_instructions()
        sys.argv = [__file__, *arguments]
    app = IPKernelApp.instance()
    app.initialize([*arguments, "--HistoryManager.enabled=False"])  # type: ignore[no-untyped-call]
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
        with garbage_collection_paused(for_good=not self.busy_until):
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
