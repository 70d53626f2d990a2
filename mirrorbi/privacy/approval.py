"""Approval: a person lets a payload go, or does not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Literal

from mirrorbi.errors import RefusedError
from mirrorbi.privacy.disclosure import Disclosure

Approve = Callable[[Disclosure], bool]
"""Is shown what would be sent, and says whether it may be."""


class Approval:
    """Who is asked before a disclosure leaves the gate, and how often.

    Parameters
    ----------
    mode
        ``policy`` (nobody, unless ``approve`` is given), ``session`` (once, at the first
        disclosure), ``call`` (each time that something made from data would go).
    approve
        Asked instead of the person at the terminal or notebook.
    """

    def __init__(
        self, mode: Literal["policy", "session", "call"], approve: Approve | None = None
    ) -> None:
        self.mode = mode
        self.approve = approve
        self._given = False

    def check(self, disclosure: Disclosure) -> None:
        """Return if the disclosure may go.

        Raises
        ------
        RefusedError
            If it was denied, or nobody can be asked.
        """
        if disclosure.kind == "notice":
            return  # Closed words and names that were let through before.
        if self.mode == "policy" and self.approve is None:
            return
        if self.mode == "session" and self._given:
            return
        if (self.approve or ask)(disclosure) is not True:
            raise RefusedError(
                f"Sending {len(disclosure.body):,} bytes of {disclosure.kind} was denied.",
                hint="Nothing was sent. Narrow the question, or use --narrator rules.",
            )
        self._given = True


def ask(disclosure: Disclosure) -> bool:
    """Show a person what would be sent, and return whether it may be.

    In a notebook the question appears below the cell, in a terminal after the preview.

    Raises
    ------
    RefusedError
        If there is nobody to ask: no terminal, and no notebook with a person before it.
    """
    shell = _notebook()
    if shell is None and not (sys.stdin and sys.stdin.isatty()):
        raise _nobody()
    preview = disclosure.preview()
    if shell is None:
        sys.stderr.write(f"{preview}\n")
    else:
        from IPython.display import display

        display(preview)  # type: ignore[no-untyped-call]
    return _answer(shell is not None)


def _answer(notebook: bool) -> bool:
    question = "Send this to Claude? [y/N] "
    if not notebook:
        # The result of a command goes to stdout; this is no result.
        sys.stderr.write(question)
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    from IPython.core.error import StdinNotImplementedError

    try:
        return input(question).strip().lower() in ("y", "yes")
    except (StdinNotImplementedError, EOFError):
        raise _nobody() from None


def _notebook() -> object | None:
    """Return the notebook's shell, if this runs in one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if getattr(shell, "kernel", None) is not None else None


def _nobody() -> RefusedError:
    return RefusedError(
        "The policy wants a person's approval, and nobody can be asked here.",
        hint='Run it in a terminal or notebook, pass approve= to Gate, or set approve = "policy".',
    )
