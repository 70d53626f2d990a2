"""The kernel process of a batch run: ``python -m mirrorbi.reports.kernel -f FILE``.

It is ipykernel, less what a batch never uses. The debugger costs 0.15 s at start. The
parser behind the ``iri`` format of jsonschema costs 2.4 s when the first plotly figure
is shown, since plotly then imports nbformat, which imports jsonschema; nothing in a
notebook's format is an IRI.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


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


def main() -> None:
    """Start the kernel; returns when it is shut down."""
    if sys.path and sys.path[0] in ("", str(Path.cwd())):
        del sys.path[0]
    with left_out("debugpy"):
        from ipykernel.kernelapp import IPKernelApp
    app = IPKernelApp.instance()
    app.initialize([*sys.argv[1:], "--HistoryManager.enabled=False"])  # type: ignore[no-untyped-call]
    folder = os.environ.get("MIRRORBI_NOTEBOOK_FOLDER")
    if folder:
        sys.path.append(folder)
    import_formats()
    _import_early(os.environ.get("MIRRORBI_IMPORT_EARLY", ""))
    app.start()  # type: ignore[no-untyped-call]


def _import_early(names: str) -> None:
    """Import what the notebook will, while its first cell is still on the way."""
    for name in names.split():
        with suppress(ImportError):
            importlib.import_module(name)


if __name__ == "__main__":
    main()
