"""The embedded engine: DuckDB through ibis, with every road to the network closed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from mirrorbi.data.engine.scratch import scratch_folder

if TYPE_CHECKING:
    import pyarrow as pa

_OFFLINE = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "preserve_insertion_order": False,
}


def connect() -> Any:
    """Return a new in-memory DuckDB backend of ibis that never fetches anything.

    Extensions are neither installed nor loaded on demand: a private network refuses the
    download, and a query that needs one should say so at once
    (https://duckdb.org/docs/stable/extensions/overview). What a query cannot hold in memory
    goes, encrypted, into a private folder that ends with the process, never into the current
    one.

    Examples
    --------
    >>> connect().name
    'duckdb'
    """
    from ibis.backends.duckdb import Backend

    # Asked by name, ibis would look through every package that is installed first.
    connection = Backend().connect(":memory:", temp_directory=str(scratch_folder()), **_OFFLINE)
    # What does not fit into memory is written encrypted, with a key that is nowhere but in
    # memory. The module for it that has the better source of chance would have to be fetched.
    connection.raw_sql("SET force_mbedtls_unsafe = 'true'")
    connection.raw_sql("SET temp_file_encryption = true")
    # DuckDB draws its bar on standard output, which belongs to the notebook and to --json.
    connection.raw_sql("SET enable_progress_bar = false")
    # Moments with a zone must not depend on where the machine stands.
    connection.raw_sql("SET TimeZone = 'UTC'")
    return connection


def fetch(expression: Any) -> pa.Table:
    """Return what an ibis table holds, as `to_pyarrow` does, but without importing pandas.

    Examples
    --------
    >>> import ibis
    >>> table = connect().create_table("t", ibis.memtable({"a": [1, 2]}), temp=True)
    >>> fetch(table.aggregate(total=table.a.sum()))["total"].to_pylist()
    [3]
    """
    answer = _engine_answer(expression)
    if answer is None:
        return expression.to_pyarrow()
    from ibis.formats.pyarrow import PyArrowData

    return PyArrowData.convert_table(answer, expression.schema())


def line(expression: Any) -> dict[str, Any]:
    """Return the one line of an aggregate as plain values, by name.

    Examples
    --------
    >>> import ibis
    >>> table = connect().create_table("t", ibis.memtable({"a": [1, 2]}), temp=True)
    >>> line(table.aggregate(rows=table.count(), total=table.a.sum()))
    {'rows': 2, 'total': 3}
    """
    (values,) = lines(expression)
    return values


def lines(expression: Any) -> list[dict[str, Any]]:
    """Return the lines of an aggregate as plain values, by name."""
    return _plain(expression, _engine_answer(expression))


def begin_line(expression: Any) -> Callable[[], dict[str, Any]]:
    """Let the engine compute an aggregate in a thread; return what waits for its line.

    For work that does not ask the same engine meanwhile.
    """
    if not _is_embedded(expression):
        return partial(line, expression)
    backend = expression.get_backend()
    pool = ThreadPoolExecutor(max_workers=1)
    answer = pool.submit(_run, backend, backend.compile(expression))
    pool.shutdown(wait=False)

    def wait() -> dict[str, Any]:
        try:
            (values,) = _plain(expression, answer.result())
            return values
        except BaseException:
            # A scan that nobody waits for any more would go on to its end.
            backend.con.interrupt()
            raise

    return wait


def _plain(expression: Any, answer: pa.Table | None) -> list[dict[str, Any]]:
    rows = (expression.to_pyarrow() if answer is None else answer).to_pylist()
    schema = expression.schema().items()
    return [
        {
            # The engine adds whole numbers up in 128 bits, which Arrow knows as decimals.
            name: int(value) if isinstance(value, Decimal) and dtype.is_integer() else value
            for (name, dtype), value in zip(schema, row.values(), strict=True)
        }
        for row in rows
    ]


def _engine_answer(expression: Any) -> pa.Table | None:
    """Return the answer of the embedded engine, where ibis has nothing to set up in it first."""
    if not _is_embedded(expression):
        return None
    backend = expression.get_backend()
    return _run(backend, backend.compile(expression))


def _is_embedded(expression: Any) -> bool:
    from ibis.expr.operations import InMemoryTable, ScalarUDF

    backend = expression.get_backend()
    return backend.name == "duckdb" and not expression.op().find((InMemoryTable, ScalarUDF))


def _run(backend: Any, sql: str) -> pa.Table:
    return backend.con.sql(sql).to_arrow_table()
