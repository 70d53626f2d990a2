"""Run a notebook and write its report."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirrorbi.errors import MirrorBIError, NarrativeError, StoreError
from mirrorbi.kernels.kernel_process import import_page, in_background
from mirrorbi.kernels.launch import Launch, environment_for
from mirrorbi.kernels.standby import IMPORTS, Standby
from mirrorbi.reports.parameters.secret import cell_for
from mirrorbi.reports.run.notebook import source_of
from mirrorbi.reports.run.output_folder import OutputFolder
from mirrorbi.reports.run.papermill_engine import Watch
from mirrorbi.reports.run.plan import Plan, make_plan
from mirrorbi.settings import FOLDER, RUN

if TYPE_CHECKING:
    from mirrorbi.reports.page.page import Block

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
    prepare: Callable[[], None] | None = None,
    standby: Standby | None = None,
) -> Run:
    """Carry out a plan; see `run`.

    Parameters
    ----------
    plan
        What `make_plan` returned.
    timeout, progress
        As for `run`.
    prepare
        Called once the kernel is booting, before this process imports the rest.
    standby
        A process that becomes the kernel, where one was started already.
    """
    began = time.perf_counter()
    folder = OutputFolder(plan.folder)
    with folder.scratch(plan.name) as work:
        watch = Watch(mask=plan.mask, on_cell=progress)
        watch.launch = _launch(plan, work, standby)
        try:
            if prepare:
                prepare()
            with in_background(import_page):
                executed = _execute(plan, watch, timeout)
            watch.launch.dismiss()
            outcome = _publish(plan, folder, work, executed)
        except StoreError:
            raise
        except MirrorBIError as error:
            _keep_failure(plan, folder, watch, error)
            raise
        finally:
            watch.launch.end()
        files = folder.keep(work, plan.files.name)
    folder.remove(plan.failure_page.name, plan.failed_notebook.name, plan.draft.name)
    return Run(**outcome, files=files, seconds=time.perf_counter() - began)


def _launch(plan: Plan, work: Path, standby: Standby | None) -> Launch:
    from mirrorbi.reports.parameters.secret import environment_of

    uses_us = any("mirrorbi" in source_of(cell) for cell in plan.notebook.cells)
    return Launch(
        work,
        {
            **environment_for(plan.caller, plan.notebook.path.parent, plan.settings.path),
            **settings_for(plan),
            **environment_of(plan.bound.secrets),
        },
        plan.notebook.kernel,
        early=IMPORTS if uses_us else "",
        standby=standby,
    )


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


def _execute(plan: Plan, watch: Watch, timeout: float | None) -> Any:
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError

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
            watch=watch,
            execution_timeout=timeout,
        )
    except PapermillExecutionError:
        from mirrorbi.reports.page.failure import failure_of

        failure = failure_of(watch.notebook)
        if not failure.place:
            # Papermill minds an error that the notebook expects, but goes on.
            return watch.notebook
        raise failure.error(hint=f"See {plan.failure_page}.") from None
    finally:
        logging.getLogger("papermill").removeFilter(_not_about_parameters)
    return watch.notebook


def _not_about_parameters(record: logging.LogRecord) -> bool:
    return "unknown parameter" not in record.getMessage()


def _with_secrets(plan: Plan) -> dict[str, Any]:
    content = {**plan.notebook.content, "cells": list(plan.notebook.cells)}
    if plan.bound.secrets:
        at = next(i for i, c in enumerate(content["cells"]) if "parameters" in _tags(c))
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


def _tags(cell: Mapping[str, Any]) -> Any:
    return cell.get("metadata", {}).get("tags", ())


def _publish(plan: Plan, folder: OutputFolder, work: Path, executed: Any) -> dict[str, Any]:
    from mirrorbi.reports.page.collect import collect, facts_of
    from mirrorbi.reports.page.inspection import inspect_page, release_faults
    from mirrorbi.reports.page.render import render
    from mirrorbi.reports.verify.grounding_file import ground

    content = collect(executed, plan.notebook.path.parent)
    failures = content.reasons
    if failures:
        text = f"Draft, not checked: {'; '.join(failures)}."
        content.blocks.insert(0, {"kind": "text", "text": text})
    html = render(plan, content)
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
        folder.write(plan.draft.name, html)
        raise NarrativeError(
            f"The analysis failed its checks, so the report was not replaced: {failures[0]}.",
            hint=f"The draft is kept as {plan.draft}. Run again, or with --narrator rules.",
        )
    folder.write(plan.executed.name, notebook_text(plan, executed, plan.executed, content.blocks))
    folder.write(plan.grounding.name, grounding.text)
    folder.write(plan.report.name, html)
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
    import nbformat

    from mirrorbi.reports.run.saved_outputs import saved_notebook, without_local_paths

    record = executed["metadata"].setdefault("papermill", {})
    record["input_path"], record["output_path"] = plan.notebook.path.name, target.name
    saved = saved_notebook(executed, blocks, everything=plan.settings.keep_outputs)
    masked = plan.mask.clean(without_local_paths(saved, plan.caller))
    text = nbformat.writes(masked)  # type: ignore[no-untyped-call]
    return f"{text}\n"


def _keep_failure(plan: Plan, folder: OutputFolder, watch: Watch, error: MirrorBIError) -> None:
    from mirrorbi.reports.page.failure import failure_of, render_failure

    if watch.notebook is not None:
        name = plan.failed_notebook
        folder.write(name.name, notebook_text(plan, watch.notebook, name))
    failure = failure_of(watch.notebook, error.what, watch.stopped_at)
    folder.write(plan.failure_page.name, render_failure(plan, failure))
