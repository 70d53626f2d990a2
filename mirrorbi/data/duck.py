"""The backend of ibis for DuckDB, without what it imports for other engines.

It asks the package of all compilers for its own, and that package imports those of twenty
dialects first: as long as all else that it needs. Here the package is there without its
content until anybody asks for more than the one.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

_PACKAGE = "ibis.backends.sql.compilers"


def _defer() -> None:
    """Put the package of compilers in place with that of DuckDB alone."""
    spec = None if _PACKAGE in sys.modules else find_spec(_PACKAGE)
    if spec is None or spec.loader is None:
        return
    package = module_from_spec(spec)
    vars(package)["__getattr__"] = partial(_complete, package, spec)
    sys.modules[_PACKAGE] = package
    parent, _, name = _PACKAGE.rpartition(".")
    setattr(sys.modules[parent], name, package)
    vars(package)["DuckDBCompiler"] = import_module(f"{_PACKAGE}.duckdb").DuckDBCompiler


def _complete(package: ModuleType, spec: ModuleSpec, name: str) -> Any:
    """Give the package its content, since somebody asks for a name that it lacks."""
    if name.startswith("__") or vars(package).pop("__getattr__", None) is None:
        raise AttributeError(f"module {package.__name__!r} has no attribute {name!r}")
    assert spec.loader is not None  # noqa: S101 (for the type checker)
    spec.loader.exec_module(package)
    return getattr(package, name)


_defer()

from ibis.backends.duckdb import Backend  # noqa: E402 (after what it would import)

__all__ = ["Backend"]
