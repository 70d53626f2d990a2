"""Modules that are there without their content until somebody asks for it.

``importlib.util.LazyLoader`` does the same, but before Python 3.12 any second import of
such a module loads it.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any


def defer(name: str) -> ModuleType | None:
    """Put a module in place that is executed when a name is asked for that it lacks.

    Returns
    -------
    ModuleType or None
        The module; ``None`` if it was imported already or there is none of that name.
    """
    spec = None if name in sys.modules else find_spec(name)
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    vars(module)["__getattr__"] = partial(_complete, module, spec)
    sys.modules[name] = module
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], last, module)
    return module


def _complete(module: ModuleType, spec: ModuleSpec, name: str) -> Any:
    # What is asked of every module, by whoever looks through all of them, loads none.
    unknown = AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
    if name.startswith("__") and name != "__all__":
        raise unknown
    if vars(module).pop("__getattr__", None) is None:
        raise unknown
    assert spec.loader is not None  # noqa: S101 (for the type checker)
    spec.loader.exec_module(module)
    return getattr(module, name)
