"""Kernels without anything of ours in them: started, watched and ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import entry_points
from pathlib import Path

import papermill
import psutil
import pytest
from papermill.exceptions import PapermillExecutionError

from mirrorbi.errors import CellError, NotebookError
from mirrorbi.kernels.execution import Execution
from mirrorbi.kernels.kernel import Kernel
from mirrorbi.kernels.provisioner import Provisioner
from mirrorbi.kernels.standby import Standby

posix = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")


def run(
    path: Path, execution: Execution, timeout: float | None = None, kernel: str = "python3"
) -> None:
    papermill.execute_notebook(
        str(path), None, engine_name="mirrorbi", kernel_name=kernel, language="python",
        progress_bar=False, execution=execution, execution_timeout=timeout,
    )  # fmt: skip


def test_papermill_itself_can_use_the_engine(tmp_path, write, cells) -> None:
    code, _ = cells
    path = write(tmp_path / "a.ipynb", code("n = 1", "parameters"), code("n + 1"))
    out = tmp_path / "out.ipynb"
    papermill.execute_notebook(
        str(path), str(out), {"n": 41}, engine_name="mirrorbi", kernel_name="python3",
        language="python",
        progress_bar=False,
    )  # fmt: skip
    outputs = json.loads(out.read_text())["cells"][-1]["outputs"]
    assert outputs[0]["data"]["text/plain"] == ["42"]


@posix
@pytest.mark.parametrize(
    ("source", "ending"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL, usually for want of memory"),
        ("import os; os.kill(os.getpid(), 15)", "killed by SIGTERM"),
    ],
)
def test_a_death_says_in_which_cell_and_how(tmp_path, write, cells, source, ending) -> None:
    code, text = cells
    path = write(tmp_path / "a.ipynb", text("## Load"), code("n = 1"), code(source))
    execution = Execution()
    with pytest.raises(CellError) as caught:
        run(path, execution)
    assert (caught.value.cell, caught.value.ending) == (2, ending)
    assert f"died in cell 3: {ending}." in str(caught.value)
    assert execution.notebook.cells[1].execution_count == 1


def test_a_timeout_says_in_which_cell_and_places_are_said_by_the_caller(
    tmp_path, write, cells
) -> None:
    code, _ = cells
    path = write(tmp_path / "a.ipynb", code("import time\ntime.sleep(60)"))
    heard = []
    execution = Execution(
        on_cell=lambda notebook, index: heard.append((len(notebook.cells), index)),
        place_of=lambda notebook, index: f"the part {index}",
        clean=lambda notebook: notebook.metadata.update(cleaned=True),
    )
    with pytest.raises(CellError, match="the part 0 took longer than 1 seconds") as caught:
        run(path, execution, 1)
    assert (caught.value.cell, caught.value.timeout, caught.value.ending) == (0, 1, "")
    assert heard == [(1, 0)]
    assert execution.notebook.metadata.cleaned


def test_a_kernel_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(NotebookError, match="'no-such-kernel', which is not installed"):
        Kernel(tmp_path, {}, "no-such-kernel")


def test_jupyter_finds_the_provisioner_by_its_name() -> None:
    (entry,) = entry_points(group="jupyter_client.kernel_provisioners", name="mirrorbi")
    assert entry.load() is Provisioner


@posix
@pytest.mark.parametrize("warm", [False, True])
def test_a_kernel_is_ended_whether_it_stood_by_or_not(tmp_path, warm: bool) -> None:
    standby = Standby() if warm else None
    kernel = Kernel(tmp_path, {"GIVEN": "here"}, source=standby)
    process = kernel.manager.provisioner.process
    assert isinstance(kernel.manager.provisioner, Provisioner)
    assert (standby is not None and process is standby.process) == warm
    assert kernel.ending() == ""
    kernel.end()
    assert process.poll() in (-signal.SIGINT, -signal.SIGKILL)


@posix
def test_a_kernel_ends_after_its_caller_was_killed(tmp_path) -> None:
    script = (
        "import sys, time, pathlib\n"
        "from mirrorbi.kernels.kernel import Kernel\n"
        "kernel = Kernel(pathlib.Path(sys.argv[1]), {})\n"
        "print(kernel.manager.provisioner.pid, flush=True)\n"
        "time.sleep(60)"
    )
    line = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as caller:
        kernel = psutil.Process(int(caller.stdout.readline()))
        assert kernel.is_running()
        caller.kill()
    deadline = time.monotonic() + 60
    while kernel.is_running() and time.monotonic() < deadline:
        if kernel.status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.1)
    assert not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE


def probe(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_jsonschema_comes_without_its_parser_of_iris_and_others_with_it() -> None:
    script = (
        "import sys\n"
        "from mirrorbi.kernels.json_schema import import_jsonschema\n"
        "import_jsonschema(); import_jsonschema()\n"
        "formats = sys.modules['jsonschema'].FormatChecker.checkers\n"
        "print('iri' in formats, 'date' in formats, 'rfc3987_syntax' in sys.modules)\n"
        "import rfc3987_syntax\n"
        "print(rfc3987_syntax.is_valid_syntax('iri', 'https://e.example/'))"
    )
    assert probe(script) == "False True False\nTrue"


GROUP = "raise ExceptionGroup('two', [ValueError('a'), KeyError('b')])"
TASKS = (
    "import asyncio\nasync def late(): raise ValueError('x')\n"
    "async with asyncio.TaskGroup() as group:\n    group.create_task(late())"
)
FROM_GROUP = f"try:\n    {GROUP}\nexcept ExceptionGroup:\n    raise TypeError"


@pytest.mark.parametrize(
    ("source", "name", "members"),
    [
        (GROUP, "ExceptionGroup", ["ValueError", "KeyError"]),
        ("raise BaseExceptionGroup('g', [KeyboardInterrupt()])", "BaseExceptionGroup", []),
        (f"import asyncio\nawait asyncio.sleep(0)\n{GROUP}", "ExceptionGroup", ["KeyError"]),
        (TASKS, "ExceptionGroup", ["ValueError"]),
        (FROM_GROUP, "TypeError", ["ValueError", "KeyError", "ExceptionGroup"]),
        ("import asyncio\nawait asyncio.sleep(0)\n%no_such_magic", "UsageError", []),
        ("exit()", "SystemExit", []),
    ],
)
def test_whatever_ends_a_cell_is_among_its_outputs_and_ends_the_run(
    tmp_path, write, cells, source, name, members
) -> None:
    code, _ = cells
    path = write(tmp_path / "a.ipynb", code(source), code("'later'"))
    execution = Execution()
    with contextlib.suppress(PapermillExecutionError):  # which is not raised for SystemExit
        run(path, execution, 20)
    first, later = execution.notebook.cells[-2:]
    assert later.outputs == []
    (error,) = (output for output in first.outputs if output.output_type == "error")
    assert error.ename == name
    trace = "\n".join(error.traceback)
    assert [member for member in members if member not in trace] == []


@pytest.fixture
def foreign_kernel(tmp_path, monkeypatch) -> str:
    """Return the name of an installed kernel that is not ours: ipykernel as it is."""
    folder = tmp_path / "jupyter" / "kernels" / "foreign"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Foreign", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    return "foreign"


def test_an_error_that_another_kernel_only_answers_is_noted(
    tmp_path, write, cells, foreign_kernel
) -> None:
    code, _ = cells
    path = write(tmp_path / "a.ipynb", code("print('shown')\n%no_such_magic"))
    execution = Execution()
    with pytest.raises(PapermillExecutionError) as caught:
        run(path, execution, 20, foreign_kernel)
    error = execution.notebook.cells[-1].outputs[-1]
    assert (caught.value.ename, error.ename, error.traceback) == ("UsageError", "UsageError", [])


def test_an_answer_that_another_kernel_loses_is_not_waited_for(
    tmp_path, write, cells, foreign_kernel
) -> None:
    code, _ = cells
    path = write(tmp_path / "a.ipynb", code(TASKS), code("1"))
    with pytest.raises(CellError, match="was done with cell 1, but did not say") as caught:
        run(path, Execution(), 60, foreign_kernel)
    assert (caught.value.cell, caught.value.timeout) == (0, None)


@pytest.mark.parametrize("source", ["print(text)", "raise ValueError(text)"])
def test_a_lone_surrogate_is_replaced_and_loses_no_message(tmp_path, write, cells, source) -> None:
    code, _ = cells
    path = write(tmp_path / "a.ipynb", code(f"text = 'a' + chr(0xD800) + 'é'\n{source}"))
    execution = Execution()
    with contextlib.suppress(PapermillExecutionError):
        run(path, execution, 20)
    (output,) = execution.notebook.cells[-1].outputs
    assert (output.get("text") or output["evalue"]).strip() == "a\ufffdé"
