"""The kernel process of a batch run, as `mirrorbi.reports.standby` starts it.

It is ipykernel, less what a batch never uses. The debugger costs 0.15 s at start. The
parser behind the ``iri`` format of jsonschema costs 2.4 s when the first plotly figure
is shown, since plotly then imports nbformat, which imports jsonschema; nothing in a
notebook's format is an IRI. While the imports last, nothing is garbage: looking for it
costs a quarter of their time. Nor is memory tidied at the end of a process that ends.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mirrorbi.reports.standby import EARLY, is_told, listen


@contextmanager
def left_out(*names: str) -> Iterator[None]:
    """Let optional imports of these modules fail while the block runs.

    Examples
    --------
    >>> with left_out("antigravity"):
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


def import_formats() -> None:
    """Import jsonschema without the parser of IRIs."""
    with left_out("rfc3987_syntax", "rfc3987"):
        import jsonschema  # type: ignore[import-untyped]  # noqa: F401


def import_papermill() -> None:
    """Import Papermill without the stores that a local run has no use for: 0.5 s less."""
    import_formats()
    with left_out("boto3", "azure", "gcsfs", "github", "pyarrow"):
        import papermill  # noqa: F401


def import_page() -> None:
    """Import what makes the page of a report, and have its parsers and template ready."""
    for name in ("client", "collect", "grounding", "inspection", "render"):
        importlib.import_module(f"mirrorbi.reports.{name}")
    importlib.import_module("mirrorbi.reports.markup").render_markdown("")
    importlib.import_module("mirrorbi.reports.page").template()


def import_run() -> None:
    """Import what a run needs once its kernel is there, in a process that does no more."""
    with undisturbed():
        import_papermill()
        import_page()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Look for no garbage while the block runs, and never among what it leaves behind.

    For processes that end soon: what is there after the block is kept for good.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def main() -> None:
    """Start the kernel; the process ends when it is shut down."""
    # The first to be registered is the last to be called.
    leave = _Leave()
    atexit.register(leave)
    with undisturbed():
        app = _booted()
    app.start()
    leave.shut_down = True


class _Leave:
    """Ends the process after everything else that is to be done at exit: 0.2 s sooner."""

    shut_down = False

    def __call__(self) -> None:
        if self.shut_down:
            for stream in (sys.__stdout__, sys.__stderr__):
                if stream is not None:
                    with suppress(OSError, ValueError):
                        stream.flush()
            os._exit(0)


def _booted() -> Any:
    with left_out("debugpy"):
        from ipykernel.kernelapp import IPKernelApp
    early = os.environ.get(EARLY, "").split()
    arguments = sys.argv[1:]
    if not arguments:
        # The sooner its sockets are there, the sooner is the caller connected.
        while early and not is_told():
            _import(early.pop(0))
        arguments = listen()
        sys.argv = [__file__, *arguments]
    app = IPKernelApp.instance()
    app.initialize([*arguments, "--HistoryManager.enabled=False"])  # type: ignore[no-untyped-call]
    folder = os.environ.get("MIRRORBI_NOTEBOOK_FOLDER")
    if folder:
        sys.path.append(folder)
    import_formats()
    for name in early:
        _import(name)
    return app


def _import(name: str) -> None:
    """Import what the notebook will, while its first cell is still on the way."""
    with suppress(ImportError):
        importlib.import_module(name)
