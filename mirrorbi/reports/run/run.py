"""Run a notebook and write its report."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError

from mirrorbi.errors import CellError, MirrorBIError, NarrativeError, StoreError
from mirrorbi.kernels.execution import Execution
from mirrorbi.kernels.kernel import Kernel, environment_for
from mirrorbi.kernels.provisioner import KernelSource
from mirrorbi.kernels.standby import EARLY
from mirrorbi.reports.notebook import place_of, source_of, tags_of, title_of_cell
from mirrorbi.reports.page.collect import collect, facts_of
from mirrorbi.reports.page.failure import failure_of, render_failure
from mirrorbi.reports.page.inspection import inspect_page, release_faults
from mirrorbi.reports.page.manifest import make_manifest
from mirrorbi.reports.page.page import Block
from mirrorbi.reports.page.render import render
from mirrorbi.reports.parameters.parameter_cell import TAG
from mirrorbi.reports.parameters.secret import cell_for
from mirrorbi.reports.parameters.secret import environment_of as environment_of_secrets
from mirrorbi.reports.plan import Plan, make_plan
from mirrorbi.reports.run.early_imports import EARLY_IMPORTS
from mirrorbi.reports.run.output_folder import OutputFolder
from mirrorbi.reports.run.saved_outputs import saved_notebook, without_local_paths
from mirrorbi.reports.verify.grounding_file import ground
from mirrorbi.settings import FOLDER, RUN

Progress = Callable[[int, int, str], None]
"""Called before each code cell with its place from 1, their number, and its title."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that succeeded.

    Parameters
    ----------
    report
        The HTML file.
    notebook
        The executed notebook beside it.
    headline
        The finding in one sentence; empty if the notebook says none.
    seconds
        From the call to the finished report.
    charts, facts
        How many the report shows and cites.
    files
        The folder with files that the notebook wrote; ``None`` if it wrote none.
    """

    report: Path
    notebook: Path
    headline: str
    seconds: float
    charts: int = 0
    facts: int = 0
    files: Path | None = None


def run(
    notebook: str | Path,
    parameters: Mapping[str, Any] | None = None,
    *,
    output: str | Path | None = None,
    timeout: float | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run a notebook and write its report as one HTML file, the executed notebook beside it.

    The report's name is the notebook's and the parameters that differ from its own, so the
    newest run replaces the one before. Nothing is replaced by a run that fails: the reader's
    last good report stays, and a page ending in ``.failed.html`` tells the maintainer why.

    Parameters
    ----------
    notebook
        Path of an ``.ipynb`` file.
    parameters
        Values by name; see `mirrorbi.reports.parameters.parameter_cell`.
    output
        Folder of the report; by default that of the settings, ``reports``.
    timeout
        Seconds that one cell may take; an hour by default.
    progress
        Called before each code cell.

    Raises
    ------
    NotebookError, ParameterError
        Before a kernel is started.
    StoreError
        If the folder cannot be written, also before.
    CellError
        If a cell failed, took too long, or the kernel died.
    RenderError
        If the page failed its inspection.

    Examples
    --------
    >>> run("notebooks/kpi_review.ipynb", {"period": "2013-11"}).report  # doctest: +SKIP
    PosixPath('reports/kpi_review-2013-11.html')
    """
    return perform(make_plan(notebook, parameters, output=output), timeout, progress)


def perform(
    plan: Plan,
    timeout: float | None = None,
    progress: Progress | None = None,
    source: KernelSource | None = None,
) -> Run:
    """Carry out a plan; see `run`.

    Parameters
    ----------
    plan
        What `make_plan` returned.
    timeout, progress
        As for `run`.
    source
        Gives the process of the kernel, where one was started already.
    """
    began = time.perf_counter()
    folder = OutputFolder(plan.folder)
    with folder.scratch(plan.name) as work:
        kernel = Kernel(work, environment_of(plan), plan.notebook.kernel, source=source)
        execution = _execution(plan, kernel, progress)
        try:
            executed = execute(plan, execution, timeout)
            kernel.dismiss()
            outcome = publish(plan, folder, work, executed)
        except StoreError:
            raise
        except MirrorBIError as error:
            _keep_failure(plan, folder, execution.notebook, error)
            raise
        finally:
            kernel.end()
        files = folder.keep(work, plan.files.name)
    folder.remove(plan.failure_page.name, plan.failed_notebook.name, plan.draft.name)
    return Run(**outcome, files=files, seconds=time.perf_counter() - began)


def environment_of(plan: Plan) -> dict[str, str]:
    """Return the variables of the kernel that serves a plan."""
    uses_us = any("mirrorbi" in source_of(cell) for cell in plan.notebook.cells)
    return {
        EARLY: EARLY_IMPORTS if uses_us else "",
        **environment_for(plan.caller, plan.notebook.path.parent, plan.settings.path),
        **settings_for(plan),
        **environment_of_secrets(plan.bound.secrets),
    }


def settings_for(plan: Plan) -> dict[str, str]:
    """Return the variables by which a kernel has the settings of the run that it serves."""
    variables = {
        FOLDER: str(plan.caller),
        RUN: plan.run_id,
        "MIRRORBI_NARRATOR": plan.settings.narrator,
        **plan.environment,
    }
    ledger = str(plan.settings.ledger)
    if not ledger.startswith("s3://"):
        variables["MIRRORBI_LEDGER"] = str(plan.caller / Path(ledger).expanduser())
    return variables


def _execution(plan: Plan, kernel: Kernel, progress: Progress | None) -> Execution:
    """Return what the engine is told of a run: where a cell is, what nobody may see."""

    def on_cell(notebook: Any, index: int) -> None:
        code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        if progress:
            progress(code.index(index) + 1, len(code), title_of_cell(notebook.cells, index))

    return Execution(
        kernel,
        on_cell=on_cell,
        place_of=lambda notebook, index: place_of(notebook.cells, index),
        clean=plan.mask.clean,
    )


def execute(plan: Plan, execution: Execution, timeout: float | None) -> Any:
    """Run the cells of a plan's notebook and return the notebook with their outputs.

    Raises
    ------
    CellError
        If a cell failed, took too long, or the kernel died.
    """
    # Papermill does not read "period: str | None = None", and would warn of it.
    logging.getLogger("papermill").addFilter(_not_about_parameters)
    try:
        papermill.execute_notebook(
            nbformat.from_dict(_with_secrets(plan)),  # type: ignore[no-untyped-call]
            None,
            parameters=plan.bound.given,
            engine_name="mirrorbi",
            kernel_name=plan.notebook.kernel,
            language="python",
            progress_bar=False,
            execution=execution,
            execution_timeout=timeout,
        )
    except PapermillExecutionError:
        # It minds an error that the notebook expects, and none that is SystemExit(0).
        pass
    finally:
        logging.getLogger("papermill").removeFilter(_not_about_parameters)
    failure = failure_of(execution.notebook)
    if failure.place:
        raise failure.error(hint=f"See {plan.failure_page}.")
    return execution.notebook


def _not_about_parameters(record: logging.LogRecord) -> bool:
    return "unknown parameter" not in record.getMessage()


def _with_secrets(plan: Plan) -> dict[str, Any]:
    content = {**plan.notebook.content, "cells": list(plan.notebook.cells)}
    if plan.bound.secrets:
        at = next(i for i, c in enumerate(content["cells"]) if TAG in tags_of(c))
        cell: dict[str, Any] = {
            "cell_type": "code",
            "id": "injected-secrets",
            "metadata": {"tags": ["injected-secrets"]},
            "source": cell_for(plan.bound.secrets),
            "outputs": [],
            "execution_count": None,
        }
        content["cells"].insert(at + 1, cell)
    return content


def publish(plan: Plan, folder: OutputFolder, work: Path, executed: Any) -> dict[str, Any]:
    """Make the page of an executed notebook, inspect it, and write it and what proves it.

    Raises
    ------
    RenderError, NarrativeError
        If it may not be shown: the last good report stays.
    """
    content = collect(executed, plan.notebook.path.parent)
    failures = content.reasons
    if failures:
        text = f"Draft, not checked: {'; '.join(failures)}."
        content.blocks.insert(0, {"kind": "text", "text": text})
    html = render(plan, content, make_manifest(plan, content))
    inspect_page(
        html,
        figures=content.figures,
        faults=(
            *content.faults,
            *release_faults(content.payloads),
            *(fault for output in content.other_outputs for fault in output.faults()),
        ),
        code=[source_of(c) for c in executed["cells"] if c["cell_type"] == "code"],
        mask=plan.mask,
        places=(plan.caller, plan.notebook.path.parent, work, plan.folder.resolve()),
    )
    grounding = ground(html)
    failures = (
        *failures,
        *(f"{stray!r} has no fact" for stray in grounding.strays if grounding.by_claude),
    )
    if failures:
        folder.write(plan.draft.name, html.encode())
        raise NarrativeError(
            f"The analysis failed its checks, so the report was not replaced: {failures[0]}.",
            hint=f"The draft is kept as {plan.draft}. Run again, or with --narrator rules.",
        )
    notebook = notebook_text(plan, executed, plan.executed, content.blocks)
    folder.write(plan.executed.name, notebook.encode())
    folder.write(plan.grounding.name, grounding.text.encode())
    folder.write(plan.report.name, html.encode())
    return {
        "report": plan.report,
        "notebook": plan.executed,
        "headline": content.headline,
        "charts": content.figures,
        "facts": sum(1 for _ in facts_of(content.payloads)),
    }


def notebook_text(
    plan: Plan, executed: Any, target: Path, blocks: Iterable[Block] | None = None
) -> str:
    """Return an executed notebook as the text of its file.

    It holds no secrets, no folders of this machine but in the author's own code, and of its
    outputs what the blocks of the page show; see `mirrorbi.reports.run.saved_outputs`.
    """
    record = executed["metadata"].setdefault("papermill", {})
    record["input_path"], record["output_path"] = plan.notebook.path.name, target.name
    saved = saved_notebook(executed, blocks, everything=plan.settings.keep_outputs)
    masked = plan.mask.clean(without_local_paths(saved, plan.caller))
    text = nbformat.writes(masked)  # type: ignore[no-untyped-call]
    return f"{text}\n"


def _keep_failure(plan: Plan, folder: OutputFolder, executed: Any, error: MirrorBIError) -> None:
    if executed is not None:
        name = plan.failed_notebook
        folder.write(name.name, notebook_text(plan, executed, name).encode())
    stopped_at = error.cell if isinstance(error, CellError) else None
    failure = failure_of(executed, error.what, stopped_at)
    folder.write(plan.failure_page.name, render_failure(plan, failure).encode())
