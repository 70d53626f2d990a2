"""Facts over many rows, side by side with other ways to look at the same file.

    python benchmarks/facts_at_scale.py                      # 10 million rows x 12 columns
    python benchmarks/facts_at_scale.py --rows 1000000
    python benchmarks/facts_at_scale.py --ydata PYTHON       # also ydata-profiling, minimal

Each contender runs in a process of its own, three times, in turn; the least time counts.
Seconds are from the open file to the last answer, imports not counted, except for the whole
reports, which are timed from the start of the process to its end. Memory is the peak of the
resident memory of the process and its children, sampled every 20 ms; new children are
looked for every 100 ms. MirrorBI is compiled to bytecode first, as pip does when it installs
a package. ydata-profiling needs an older pandas: install it in a virtual environment of its
own, with psutil and pyarrow, and name its interpreter.
"""

from __future__ import annotations

import argparse
import compileall
import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "data_quality.ipynb"
DIMENSIONS = ["region", "product", "channel", "store"]
METRICS = {
    "orders": ({"agg": "count"}, "count(*)"),
    "revenue": ({"agg": "sum", "column": "revenue"}, "sum(revenue)"),
    "cost": ({"agg": "sum", "column": "cost"}, "sum(cost)"),
    "quantity": ({"agg": "sum", "column": "quantity"}, "sum(quantity)"),
    "mean_price": ({"agg": "avg", "column": "price"}, "avg(price)"),
}
MODEL = {
    "dataset": {"name": "orders", "grain": ["order_id"]},
    "time": {"column": "day"},
    "dimensions": dict.fromkeys(DIMENSIONS),
    "metrics": {name: {"type": "simple", **part} for name, (part, _) in METRICS.items()},
}
QUESTIONS = [
    (metric, dimension, grain)
    for metric in METRICS
    for dimension in DIMENSIONS
    for grain in (None, "month")
]


def make(path: Path, rows: int) -> None:
    """Write the file: invented orders of three years, 12 columns."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 1; SELECT setseed(0.5);")
    connection.execute(
        f"""
        COPY (
          SELECT DATE '2021-01-01' + CAST(floor(random() * 1095) AS INTEGER) AS day,
                 'region ' || CAST(floor(random() * 8) AS INTEGER) AS region,
                 'product ' || CAST(floor(random() * 50) AS INTEGER) AS product,
                 'channel ' || CAST(floor(random() * 5) AS INTEGER) AS channel,
                 'store ' || CAST(floor(random() * 400) AS INTEGER) AS store,
                 CAST(floor(random() * 1000000) AS INTEGER) AS customer,
                 i AS order_id,
                 CAST(1 + floor(random() * 9) AS SMALLINT) AS quantity,
                 round(random() * 100, 2) AS price,
                 round(random() * 900, 2) AS revenue,
                 round(random() * 500, 2) AS cost,
                 CASE WHEN random() < 0.7 THEN NULL ELSE round(random() * 50, 2) END AS discount
          FROM range({rows}) t(i)
        ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
        """
    )


def duckdb_queries(path: str) -> float:
    """40 aggregate queries, one after the other."""
    import duckdb

    connection = duckdb.connect()
    start = time.perf_counter()
    total = 0.0
    for metric, dimension, grain in QUESTIONS:
        keys = f"{dimension}, date_trunc('{grain}', day)" if grain else dimension
        sql = f"SELECT {keys}, {METRICS[metric][1]} FROM '{path}' GROUP BY ALL"
        total += sum(line[-1] for line in connection.execute(sql).fetchall())
    return _print_result(start, total)


def mirrorbi_queries(path: str) -> float:
    """The same 40 aggregates, rolled up from cubes."""
    import pandas as pd

    import mirrorbi
    from mirrorbi.data.query import Query

    del pd
    mirrorbi.open(path, MODEL)
    start = time.perf_counter()
    ds = mirrorbi.open(path, MODEL)
    queries = [Query.of(m, by=d, grain=g) for m, d, g in QUESTIONS]
    ds.prepare(queries)
    total = sum(
        float(ds.answer(query, entities=False).frame[query.metrics[0]].sum()) for query in queries
    )
    return _print_result(start, total)


def duckdb_summarize(path: str) -> float:
    """DuckDB's own SUMMARIZE."""
    import duckdb

    connection = duckdb.connect()
    start = time.perf_counter()
    lines = connection.execute(f"SUMMARIZE FROM '{path}'").fetchall()
    return _print_result(start, len(lines))


def mirrorbi_facts(path: str) -> float:
    """The whole sweep of facts: changes, drivers, trends, unusual values, quality."""
    import mirrorbi

    small = mirrorbi.open(str(Path(path).with_name("small.parquet")), MODEL)
    small.facts()
    start = time.perf_counter()
    facts = mirrorbi.open(path, MODEL).facts()
    return _print_result(start, len(facts))


def mirrorbi_report(path: str) -> float:
    """The whole data_quality report with its HTML, as a command."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mirrorbi", "run", str(NOTEBOOK)]
        subprocess.run([*command, "-p", f"source={path}", "-o", folder], check=True)
        size = sum(page.stat().st_size for page in Path(folder).glob("*.html"))
    return _print_result(start, size)


def ydata_minimal(path: str) -> float:
    """ydata-profiling's minimal report with its HTML."""
    start = time.perf_counter()
    import pandas as pd
    from ydata_profiling import ProfileReport

    report = ProfileReport(pd.read_parquet(path), minimal=True, progress_bar=False)
    return _print_result(start, len(report.to_html()))


def _print_result(start: float, answer: float) -> float:
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "answer": answer}))
    return seconds


def measure(interpreter: str, name: str, path: Path) -> dict[str, float]:
    """Run one contender in a process of its own; return seconds, answer and peak memory."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [interpreter, __file__, "--one", name, str(path)], stdout=subprocess.PIPE, text=True
    )
    peak = 0
    family = psutil.Process(process.pid)
    for sample in itertools.count():
        if process.poll() is not None:
            break
        try:
            # A look through all processes takes a tenth of the time between two samples.
            if sample % 5 == 0:
                members = [family, *family.children(recursive=True)]
            peak = max(peak, sum(member.memory_info().rss for member in members))
        except psutil.NoSuchProcess:
            members = [family]
        time.sleep(0.02)
    output = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"{name} failed")
    result = json.loads(output.strip().splitlines()[-1])
    whole = time.perf_counter() - start
    return {**result, "whole": whole, "peak": peak / 2**20}


def main() -> None:
    """Make the file, run every contender in turn, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--ydata", metavar="PYTHON", help="interpreter that has ydata-profiling")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        globals()[options.one[0]](options.one[1])
        return
    contenders = {
        "duckdb_queries": sys.executable,
        "mirrorbi_queries": sys.executable,
        "duckdb_summarize": sys.executable,
        "mirrorbi_facts": sys.executable,
        "mirrorbi_report": sys.executable,
    }
    if options.ydata:
        contenders["ydata_minimal"] = options.ydata
    compileall.compile_dir(NOTEBOOK.parents[1] / "mirrorbi", quiet=1)
    best: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        make(path, options.rows)
        make(path.with_name("small.parquet"), 20_000)
        print(f"{options.rows:,} rows, {path.stat().st_size / 2**20:.0f} MiB of Parquet\n")
        for _ in range(options.repeat):
            for name, interpreter in contenders.items():
                result = measure(interpreter, name, path)
                whole = name in ("mirrorbi_report", "ydata_minimal")
                result["seconds"] = result["whole"] if whole else result["seconds"]
                least = best.setdefault(name, result)
                least["seconds"] = min(least["seconds"], result["seconds"])
                least["peak"] = min(least["peak"], result["peak"])
    print("| contender | seconds | peak MiB |\n|---|---:|---:|")
    for name, result in best.items():
        print(f"| {globals()[name].__doc__} | {result['seconds']:.2f} | {result['peak']:.0f} |")
    print()
    pairs = [
        ("duckdb_queries", "mirrorbi_queries"),
        ("duckdb_summarize", "mirrorbi_facts"),
        ("ydata_minimal", "mirrorbi_report"),
    ]
    for slow, fast in pairs:
        if slow in best and fast in best:
            faster = best[slow]["seconds"] / best[fast]["seconds"]
            memory = best[fast]["peak"] / best[slow]["peak"]
            print(f"{slow} / {fast}: {faster:.1f}x the time, {memory:.2f} of the memory")
    left, right = best["duckdb_queries"]["answer"], best["mirrorbi_queries"]["answer"]
    assert abs(left - right) <= 1e-9 * abs(left), "the 40 aggregates differ"


if __name__ == "__main__":
    main()
