"""The notebooks of the package on real data: small, provable, the same when run twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mirrorbi.reports.page.manifest import read_manifest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LARGEST = 800_000


def command(*words: object) -> subprocess.CompletedProcess[str]:
    env = {name: v for name, v in os.environ.items() if not name.startswith("MIRRORBI_")}
    return subprocess.run(
        [sys.executable, "-m", "mirrorbi", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=env,
        timeout=180,
        check=False,
    )


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def made(request, tmp_path_factory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp(request.param.stem)
    done = command("run", request.param.relative_to(ROOT), "-o", folder, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return request.param, json.loads(done.stdout)


def test_the_report_is_small_and_says_its_finding(made) -> None:
    _, result = made
    report = Path(result["report"])
    html = report.read_text()
    assert report.stat().st_size <= LARGEST
    assert result["charts"] >= 1
    assert result["headline"].endswith(".")
    assert html.count('class="mb-fig"') > 5
    assert read_manifest(html)["headline"] == result["headline"]


def test_every_figure_of_the_report_is_proven(made) -> None:
    _, result = made
    done = command("verify", result["report"], "--source", "notebooks/data/flights.parquet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "same." in done.stdout


def test_cells_are_thin(made) -> None:
    path, _ = made
    for cell in json.loads(path.read_text())["cells"]:
        source = "".join(cell["source"])
        assert len(source.splitlines()) <= 8
        assert "def " not in source
        assert "lambda" not in source


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    notebook = "notebooks/data_quality.ipynb"
    pages = []
    for _ in range(2):
        assert command("run", notebook, "-o", tmp_path).returncode == 0
        pages.append((tmp_path / "data_quality.html").read_bytes())
    assert pages[0] == pages[1]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("tool", ["papermill", "nbval"])
def test_a_notebook_runs_under_other_tools(path: Path, tool: str, tmp_path: Path) -> None:
    words = {
        "papermill": ["papermill", path.name, tmp_path / "out.ipynb", "--no-progress-bar"],
        "nbval": ["pytest", "--nbval-lax", "-q", "-p", "no:cacheprovider", path.name],
    }
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words[tool])],
        capture_output=True,
        text=True,
        cwd=path.parent,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
