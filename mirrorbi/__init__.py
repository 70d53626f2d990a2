"""MirrorBI: business numbers explained, with figures that can be recomputed.

This is the table of contents; everything is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mirrorbi._version import __version__

if TYPE_CHECKING:
    from mirrorbi import testing
    from mirrorbi.analysis import Analysis, open  # noqa: A004 (the public name, as in io.open)
    from mirrorbi.charts import chart
    from mirrorbi.data.model.semantic_model import Model
    from mirrorbi.data.periods import Grain, Period
    from mirrorbi.data.query import Query, Result
    from mirrorbi.errors import MirrorBIError
    from mirrorbi.facts import Fact, FactSet
    from mirrorbi.narrative import Narrative, narrate
    from mirrorbi.reports.parameters.parameter_cell import Secret
    from mirrorbi.reports.run.run import run
    from mirrorbi.reports.verify.verify import verify

__all__ = [
    "Analysis",
    "Fact",
    "FactSet",
    "Grain",
    "MirrorBIError",
    "Model",
    "Narrative",
    "Period",
    "Query",
    "Result",
    "Secret",
    "__version__",
    "chart",
    "narrate",
    "open",
    "run",
    "testing",
    "verify",
]

_HOMES = {
    "Analysis": "mirrorbi.analysis",
    "Fact": "mirrorbi.facts",
    "FactSet": "mirrorbi.facts",
    "Grain": "mirrorbi.data.periods",
    "MirrorBIError": "mirrorbi.errors",
    "Model": "mirrorbi.data.model.semantic_model",
    "Narrative": "mirrorbi.narrative",
    "Period": "mirrorbi.data.periods",
    "Query": "mirrorbi.data.query",
    "Result": "mirrorbi.data.query",
    "Secret": "mirrorbi.reports.parameters.parameter_cell",
    "chart": "mirrorbi.charts",
    "narrate": "mirrorbi.narrative",
    "open": "mirrorbi.analysis",
    "run": "mirrorbi.reports.run.run",
    "verify": "mirrorbi.reports.verify.verify",
}


def __getattr__(name: str) -> Any:
    if name == "testing":
        return importlib.import_module("mirrorbi.testing")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'mirrorbi' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
