"""A report's way through the code, held against a run: the page in CONTRIBUTING and the trace.

    python scripts/walk.py        # run a notebook, check the page, print the way

The page names functions in order. Each must be called after the one before it, by a function
that the page names too; between the two may be other packages, none of ours. The files that
hold them are at most `MOST_FILES`, and no call goes to a room on a higher floor.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mirrorbi"
NOTEBOOK = "notebooks/kpi_review.ipynb"
HEADING = "## A report's way"
MOST_FILES = 15

_ROW = re.compile(r"^\| `(?P<file>[\w/]+\.py)` \| `(?P<name>[\w.]+)` \|", re.MULTILINE)


class Function(NamedTuple):
    """A function of the package: the file below it that holds it, and its name there."""

    file: str
    name: str

    @property
    def room(self) -> str:
        """The room of its file."""
        return self.file.split("/")[0].removesuffix(".py")


class Call(NamedTuple):
    """A call of one function of the package by another, whatever was called between."""

    function: Function
    caller: Function | None


def page_functions(text: str) -> list[Function]:
    """Return the functions that the page names, in its order."""
    section = text.partition(HEADING)[2].partition("\n## ")[0]
    return [Function(row["file"], row["name"]) for row in _ROW.finditer(section)]


def way(page: Sequence[Function], calls: Sequence[Call]) -> list[Call]:
    """Return the call by which a run reached each function of the page.

    Raises
    ------
    ValueError
        If one was not called after the one before it, by one that the page names before it.
    """
    steps: list[Call] = []
    remaining = iter(calls)
    for place, function in enumerate(page):
        callers = {None, *page[:place]} if place == 0 else set(page[:place])
        step = next((c for c in remaining if c.function == function and c.caller in callers), None)
        if step is None:
            raise ValueError(
                f"{function.file} {function.name} was not called after what the page names "
                "before it, by one of these."
            )
        steps.append(step)
    return steps


def upward(steps: Sequence[Call]) -> list[Call]:
    """Return the calls into a room on a higher floor."""
    floors = runpy.run_path(str(ROOT / "scripts" / "house.py"))["FLOORS"]
    return [
        step
        for step in steps
        if step.caller and floors[step.function.room] > floors[step.caller.room]
    ]


def traced_run(folder: str) -> list[Call]:
    """Run the notebook as the command does, in this process, and return every call of ours."""
    from mirrorbi.cli.entry import main

    calls: list[Call] = []

    def hook(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and (function := _function(frame)):
            calls.append(Call(function, next(_callers(frame), None)))

    sys.argv = ["mirrorbi", "run", NOTEBOOK, "-o", folder]
    os.chdir(ROOT)
    sys.setprofile(hook)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            main()
    except SystemExit as end:
        if end.code:
            raise
    finally:
        sys.setprofile(None)
    return calls


def _function(frame: FrameType) -> Function | None:
    path = frame.f_code.co_filename
    if not path.startswith(f"{PACKAGE}{os.sep}") or frame.f_code.co_name == "<module>":
        return None
    return Function(Path(path).relative_to(PACKAGE).as_posix(), frame.f_code.co_qualname)


def _callers(frame: FrameType) -> Iterator[Function]:
    above = frame.f_back
    while above is not None:
        if function := _function(above):
            yield function
        above = above.f_back


def main() -> int:
    """Check the page against a run; return 1 where they differ."""
    page = page_functions((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        calls = traced_run(folder)
    try:
        steps = way(page, calls)
    except ValueError as error:
        print(error)
        return 1
    for number, (function, caller) in enumerate(steps, start=1):
        by = f"by {caller.file} {caller.name}" if caller else ""
        print(f"{number:>2} {function.room:<9} {function.file:<34} {function.name:<32} {by}")
    files = {function.file for function in page}
    rooms = [function.room for function in page]
    moves = sum(a != b for a, b in pairwise(rooms))
    up = upward(steps)
    print(f"{len(page)} functions in {len(files)} files (at most {MOST_FILES})")
    print(f"{moves} moves between rooms, {len(up)} calls upward")
    everything = {call.function for call in calls}
    print(f"In all the run called {len(everything)} functions of "
          f"{len({function.file for function in everything})} files in this process")  # fmt: skip
    return int(not page or len(files) > MOST_FILES or bool(up))


if __name__ == "__main__":
    sys.exit(main())
