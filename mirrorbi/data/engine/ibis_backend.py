"""The backend of ibis for DuckDB, without what it imports for other engines.

It asks the package of all compilers for its own, and that package imports those of twenty
dialects first: as long as all else that it needs. Here the package is there without its
content until anybody asks for more than the one.
"""

from __future__ import annotations

from importlib import import_module

from mirrorbi.data.engine.lazy_modules import defer

_PACKAGE = "ibis.backends.sql.compilers"

_package = defer(_PACKAGE)
if _package is not None:
    vars(_package)["DuckDBCompiler"] = import_module(f"{_PACKAGE}.duckdb").DuckDBCompiler

from ibis.backends.duckdb import Backend  # noqa: E402 (after what it would import)

__all__ = ["Backend"]
