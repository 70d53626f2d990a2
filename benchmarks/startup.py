"""What each trick at the start of a run saves: with and without it, in turn.

    python benchmarks/startup.py                    # all of them, seven pairs each
    python benchmarks/startup.py -n 3 standby iri

A trick is taken away from outside, by a ``sitecustomize`` that every Python of the run finds
first. CPU seconds are those of command and kernel together: they say more than the clock on a
machine that does other work. A difference is the median over the pairs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
COMMAND = ("-P", "-c", "from mirrorbi.cli.entry import main; main()")
RUN = ("run", "notebooks/kpi_review.ipynb", "-o")

TRICKS = {
    "iri": "from mirrorbi.kernels import json_schema as m; m.import_jsonschema = lambda: None",
    "freeze": "import gc; gc.freeze = gc.disable = lambda: None",
    "exit": "import os; os._exit = lambda _: None",
    "early": "from mirrorbi.reports.run import early_imports as m; m.EARLY_IMPORTS = ''",
    "standby": "from mirrorbi.cli import entry as m; m._will_run = lambda _: False",
}
"""Name -> what takes it away."""


def measured(without: str) -> tuple[float, float]:
    """Return seconds by the clock and of CPU that a run takes."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith("MIRRORBI_")}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sitecustomize.py").write_text(without, encoding="utf-8")
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *COMMAND, *RUN, folder],
            cwd=ROOT,
            env={**environment, "PYTHONPATH": os.pathsep.join((folder, str(ROOT)))},
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        if process.returncode:
            raise SystemExit(f"The run failed without {without!r}.")
    return wall, usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tricks", nargs="*", choices=[*TRICKS, []], default=[])
    parser.add_argument("-n", type=int, default=7, help="pairs of each")
    options = parser.parse_args()
    measured("")
    print(f"{'trick':<10}{'clock with':>12}{'without':>9}{'saves':>7}"
          f"{'CPU with':>11}{'without':>9}{'saves':>7}")  # fmt: skip
    for name in options.tricks or TRICKS:
        pairs = []
        for number in range(options.n):
            order = ("", TRICKS[name]) if number % 2 else (TRICKS[name], "")
            took = {without: measured(without) for without in order}
            pairs.append((took[""], took[TRICKS[name]]))
        line = f"{name:<10}"
        for column, width in ((0, 12), (1, 11)):
            given, taken = ([pair[i][column] for pair in pairs] for i in (0, 1))
            saved = median(t - g for g, t in zip(given, taken, strict=True))
            line += f"{median(given):>{width}.2f}{median(taken):>9.2f}{saved:>7.2f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
