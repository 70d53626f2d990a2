"""The page that tells a report's way is the way that a run takes."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "scripts" / "walk.py"


@pytest.fixture(scope="module")
def walk():
    spec = importlib.util.spec_from_file_location("walk", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_run_takes_the_way_that_the_page_tells_in_few_files_and_downwards() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT], capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 calls upward" in done.stdout


def test_a_function_is_on_the_way_only_after_and_by_one_before_it(walk) -> None:
    a, b, c = (walk.Function("cli/run.py", name) for name in "abc")
    calls = [walk.Call(a, None), walk.Call(b, a), walk.Call(c, b)]
    assert walk.way([a, b, c], calls) == calls
    for page in ([a, c], [a, c, b], [b]):
        with pytest.raises(ValueError, match="was not called"):
            walk.way(page, calls)


def test_a_call_to_a_higher_floor_is_seen(walk) -> None:
    high, low = walk.Function("reports/plan.py", "a"), walk.Function("kernels/kernel.py", "b")
    assert walk.upward([walk.Call(low, high)]) == []
    assert walk.upward([walk.Call(high, low)]) == [walk.Call(high, low)]
