"""Import jsonschema without its parser of IRIs, which takes a second to build.

Papermill and plotly import nbformat, which imports jsonschema; nothing in a notebook's format
is an IRI. Whoever else imports the parser gets it.
"""

from __future__ import annotations

import sys

_IRI = ("rfc3987", "rfc3987_syntax")


def import_jsonschema() -> None:
    """Import jsonschema, which then checks every format but ``iri`` and ``iri-reference``."""
    absent = [name for name in _IRI if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: not to be found
    try:
        import jsonschema  # noqa: F401
    finally:
        for name in absent:
            del sys.modules[name]
