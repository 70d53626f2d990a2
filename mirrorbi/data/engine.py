"""The embedded engine: DuckDB through ibis, with every road to the network closed."""

from __future__ import annotations

from typing import Any

from mirrorbi.data.scratch import scratch_folder

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
    import ibis

    connection = ibis.duckdb.connect(":memory:", temp_directory=str(scratch_folder()), **_OFFLINE)
    # What does not fit into memory is written encrypted, with a key that is nowhere but in
    # memory. The module for it that has the better source of chance would have to be fetched.
    connection.raw_sql("SET force_mbedtls_unsafe = 'true'")
    connection.raw_sql("SET temp_file_encryption = true")
    # DuckDB draws its bar on standard output, which belongs to the notebook and to --json.
    connection.raw_sql("SET enable_progress_bar = false")
    # Moments with a zone must not depend on where the machine stands.
    connection.raw_sql("SET TimeZone = 'UTC'")
    return connection
