"""Where the command line begins: a run has its kernel started before anything is imported."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirrorbi.kernels.standby import Standby

_YOUNG = 50_000
"""New objects after which the new ones are looked through for garbage."""

_SAYS_ONLY = frozenset({"-h", "--help", "--help-params", "--version"})


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # Most commands import for longer than they compute. What is imported stays, so looking
    # through it for garbage again and again, and once more at the end, is a fifth of the time.
    gc.set_threshold(_YOUNG, 1_000, 1_000)
    with _standby(sys.argv[1:]) as standby:
        from mirrorbi.cli.app import carry_out

        code = carry_out(standby)
    gc.freeze()
    sys.exit(code)


@contextmanager
def _standby(words: Sequence[str]) -> Iterator[Standby | None]:
    """Give a kernel that is starting, for a run that will want one; whether it does or not.

    Nothing but time depends on it: a run starts its own where there is none, and one that
    nobody took ends with the block.
    """
    if os.name != "posix" or not _will_run(words):
        yield None
        return
    from mirrorbi.kernels.standby import Standby
    from mirrorbi.reports.run.early_imports import EARLY_IMPORTS

    standby = Standby(EARLY_IMPORTS)
    try:
        yield standby
    finally:
        standby.dismiss()


def _will_run(words: Sequence[str]) -> bool:
    """Return whether a notebook that uses MirrorBI is about to run, by all appearance."""
    command = [word for word in words if word != "--debug"]
    if command[:1] != ["run"] or not _SAYS_ONLY.isdisjoint(command):
        return False
    for word in command[1:]:
        if word.endswith(".ipynb"):
            try:
                with open(word, "rb") as file:  # noqa: PTH123 (pathlib would be imported first)
                    return b"mirrorbi" in file.read()
            except OSError:
                return False
    return False
