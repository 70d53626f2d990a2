"""A kernel's process that starts before it is known what it will run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid

import psutil
import pytest

from mirrorbi.kernels.standby import Standby

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a kernel stands by on POSIX only")


def command(*words: object, **kwargs: object) -> subprocess.CompletedProcess[str]:
    # The folder of the caller is no place of modules, as for the installed command.
    line = [sys.executable, "-P", "-m", "mirrorbi", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False, **kwargs)  # type: ignore[call-overload]


def living(mark: str) -> list[int]:
    """Return the processes that were given a mark in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if mark in process.environ().values() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_it_ends_if_its_caller_ends_without_a_word() -> None:
    standby = Standby()
    assert standby.process.stdin is not None
    standby.process.stdin.close()
    assert standby.process.wait(timeout=60) == 0


def test_one_that_nobody_took_is_ended() -> None:
    standby = Standby()
    standby.dismiss()
    assert standby.process.returncode == -9
    standby.dismiss()


def test_one_that_became_a_kernel_is_its_takers(tmp_path) -> None:
    standby = Standby()
    process = standby.start_kernel(["--help"], tmp_path, os.environ)
    standby.dismiss()
    assert process.wait(timeout=60) == 0  # it showed the help of a kernel and ended


def test_a_dead_one_is_handed_over_to_tell_why(tmp_path) -> None:
    standby = Standby()
    standby.process.kill()
    standby.process.wait()
    assert standby.start_kernel([], tmp_path, {}).poll() == -9


@pytest.mark.parametrize("given", ["rowz=1", "rows=x"])
def test_a_run_that_is_refused_leaves_no_process(tmp_path, write, cells, given) -> None:
    code, _ = cells
    path = write(
        tmp_path / "a.ipynb", code("import mirrorbi as mb"), code("rows: int = 1", "parameters")
    )
    mark = uuid.uuid4().hex
    done = command("run", path, "-p", given, env={**os.environ, "A_MARK": mark})
    assert done.returncode == 2
    assert living(mark) == []


def test_another_kernel_gets_none_of_it(tmp_path, write, cells) -> None:
    code, _ = cells
    path = write(tmp_path / "a.ipynb", code("import mirrorbi as mb"))
    content = json.loads(path.read_text())
    content["metadata"]["kernelspec"] = {"name": "no-such-kernel", "display_name": "x"}
    path.write_text(json.dumps(content))
    mark = uuid.uuid4().hex
    done = command("run", path, "-o", tmp_path / "r", env={**os.environ, "A_MARK": mark})
    assert "'no-such-kernel'" in done.stderr
    assert living(mark) == []


@pytest.mark.parametrize("safe", ["", "1"])
def test_a_kernel_has_folder_and_variables_of_its_run_and_no_module_of_the_caller(
    tmp_path, write, cells, safe
) -> None:
    code, _ = cells
    caller = tmp_path / "caller"
    caller.mkdir()
    for name in ("json", "typing", "duckdb", "mirrorbi"):
        (caller / f"{name}.py").write_text("raise SystemExit('taken from the caller')")
    path = write(
        tmp_path / "a.ipynb",
        code("import os, sys\nimport mirrorbi as mb"),
        code(
            "sorted([os.environ['GIVEN'], os.environ['PLOTLY_RENDERER'],"
            " str(os.path.basename(os.getcwd()).endswith('.work')), sys.argv[1]])"
        ),
        code("input('?') if False else sys.stdin.read()"),
    )
    given = {**os.environ, "GIVEN": "here", "PYTHONSAFEPATH": safe}
    done = command("run", path, "-o", tmp_path / "r", cwd=caller, env=given)
    assert done.returncode == 0, done.stderr
    executed = json.loads((tmp_path / "r" / "a.ipynb").read_text())
    shown = "".join(executed["cells"][1]["outputs"][0]["data"]["text/plain"])
    assert shown == "['-f', 'True', 'here', 'plotly_mimetype']"
    assert "".join(executed["cells"][2]["outputs"][0]["data"]["text/plain"]) == "''"
