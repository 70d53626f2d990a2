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
    # What a command imports stays: looking through it for garbage again and again is a fifth of
    # the time of --help.
    gc.set_threshold(_YOUNG, 1_000, 1_000)
    with _standby(sys.argv[1:]) as standby:
        code = exit_code(standby)
    # Looking for garbage once more at the end of the process takes 0.3 s.
    gc.freeze()
    sys.exit(code)


def exit_code(standby: Standby | None = None) -> int | str | None:
    """Do what the command line says and return the exit code."""
    from mirrorbi.cli.app import app
    from mirrorbi.cli.output import print_error, print_fault
    from mirrorbi.errors import MirrorBIError

    code: int | str | None = 0
    try:
        app(prog_name="mirrorbi", obj=standby)
    except MirrorBIError as error:
        if os.environ.get("MIRRORBI_DEBUG"):
            raise
        print_error(error)
        code = error.exit_code
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = _discard_output()
    except SystemExit as exit_:
        code = exit_.code
    except Exception as error:  # never a bare traceback: it may quote the data
        if os.environ.get("MIRRORBI_DEBUG"):
            raise
        print_fault(error)
        code = 1
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = _discard_output()
    if code == 130:
        sys.stderr.write("Stopped.\n")
    return code


def _discard_output() -> int:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141


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
